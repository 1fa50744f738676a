"""A query in the request: what came of reading it and of running it."""

from __future__ import annotations

from dataclasses import dataclass

from mockflux.outcomes.catalogue import Outcome, Which


@dataclass(frozen=True, slots=True)
class QueryMissing(Outcome):
    """The request brings no query; ``parameter`` is where it should be."""

    parameter: str = "q"


@dataclass(frozen=True, slots=True)
class QueryUnreadable(Which):
    """The query (kind ``query``), its bound parameters (``params``) or the number that one of them is (``value``)
    cannot be read; ``complaint`` is the grammar's."""

    which: str = "query"
    complaint: str = ""

    KINDS = ("query", "params", "value")


@dataclass(frozen=True, slots=True)
class QueryForbidden(Which):
    """Who asks may not run the query.

    Kinds: ``no_admin`` (there is none yet, and the query makes none), ``nobody`` (no user came with it), ``statement``
    (``statement`` is for admins), ``database`` (the user lacks ``privilege`` on ``database``).
    """

    which: str = "statement"
    user: str = ""
    statement: str = ""
    privilege: str = ""
    database: str = ""

    KINDS = ("no_admin", "nobody", "statement", "database")


@dataclass(frozen=True, slots=True)
class QueryAnswered(Outcome):
    """The statements were run; ``results`` is the body that tells of them, in the ``format`` that was asked for, and
    ``encoding`` is how it is packed, empty for as it is."""

    results: str = ""
    format: str = "application/json"
    encoding: str = ""
