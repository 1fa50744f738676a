"""The query door of InfluxDB 1: ``/query`` (influxdb 1.6, services/httpd/handler.go, serveQuery)."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence

from mockflux.http import results
from mockflux.http.forms import form_values
from mockflux.http.passage import Passage
from mockflux.influxql import NotSimulated, ParamsError, ParseError, parse, read_params
from mockflux.influxql.change_statements import CreateUser
from mockflux.influxql.rights import missing
from mockflux.influxql.running import run
from mockflux.influxql.statements import Statement
from mockflux.influxql.surroundings import Surroundings
from mockflux.outcomes import Outcome, PathNotFound, QueryAnswered, QueryForbidden, QueryMissing, QueryUnreadable

#: What may be asked for beside JSON: one of them is simulated.
_NOT_SIMULATED, _PACKED = frozenset(("application/csv", "text/csv")), "application/x-msgpack"
_CHUNK = 10_000


def query(passage: Passage) -> Outcome:
    """Read the statements of a query, look whether they may be run, run them, and tell what they came to."""
    if passage.request.header("accept") in _NOT_SIMULATED:
        return _not_simulated(passage, "answers in CSV")
    asked = form_values(passage.request, passage.params)
    text = asked.get("q", "").strip()
    if not text:
        return QueryMissing("q")
    try:
        queries = parse(text, read_params(asked["params"]) if asked.get("params") else None)
        refused = _refused(passage, queries, asked.get("db", ""))
        return refused or _answer(passage, queries, asked)
    except ParamsError as error:
        return QueryUnreadable(error.of, str(error))
    except ParseError as error:
        return QueryUnreadable("query", str(error))
    except NotSimulated as error:
        return _not_simulated(passage, error.what)


def _not_simulated(passage: Passage, what: str) -> Outcome:
    passage.simulated, passage.lacking = False, what
    return PathNotFound()


def _refused(passage: Passage, queries: Sequence[Statement], database: str) -> Outcome | None:
    """Why the statements may not be run by who asks; None if they may."""
    world, user = passage.world, passage.user
    if not world.auth:
        return None
    if user is None:
        first = queries[0] if queries else None
        if world.catalog.users():
            return QueryForbidden("nobody")
        return None if isinstance(first, CreateUser) and first.admin else QueryForbidden("no_admin")
    found = missing(queries, user, database)
    if found is None:
        return None
    statement, need = found
    return QueryForbidden(
        "database" if need.privilege else "statement", user.name, str(statement), need.privilege, need.database
    )


def _answer(passage: Passage, queries: Sequence[Statement], asked: Mapping[str, str]) -> Outcome:
    if asked.get("async") == "true":
        return _not_simulated(passage, "async=true")
    world = passage.world
    around = Surroundings(
        world.catalog, world.databases, world.points, world.clock.now(), asked.get("db", ""), asked.get("rp", ""),
        passage.user,
    )  # fmt: skip
    told = run(queries, around, reading=passage.request.method == "GET")
    epoch, pretty = asked.get("epoch", "").strip(), asked.get("pretty") == "true"
    chunked = asked.get("chunked") == "true"
    documents = results.in_pieces(told, _chunk(asked.get("chunk_size", ""))) if chunked else results.merged(told)
    packed = passage.request.header("accept") == _PACKED
    body = (
        results.as_messagepack(documents, epoch=epoch)
        if packed
        else results.as_json(documents, epoch=epoch, pretty=pretty)
    )
    zipped = "gzip" in (passage.request.header("accept-encoding") or "")
    return QueryAnswered(
        (gzip.compress(body, mtime=0) if zipped else body).decode("utf-8", "surrogateescape"),
        format=_PACKED if packed else "application/json",
        encoding="gzip" if zipped else "",
    )


def _chunk(asked: str) -> int:
    """How many rows a piece has."""
    return int(asked) if asked.isdecimal() and len(asked) < 19 and int(asked) > 0 else _CHUNK
