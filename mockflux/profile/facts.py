"""The facts that templates may use, with their types: a filter takes only some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache

from mockflux.outcomes import Outcome
from mockflux.reasons import Reason

#: Facts by name; ``object`` stands for those that may have no value, or one that is no plain text or number.
Facts = Mapping[str, type]

#: Facts that every clause may use beside those of its outcome.
COMMON: Facts = {
    "code": object,
    "status": int,
    "version": str,
    "origin": object,
    "cluster_uuid": str,
    "trace_id": str,
    "trace": str,
    "request_uuid": str,
}
#: Facts of one rejection, for ``each``.
REJECTION: Facts = {"reason": str, "entry": str, "line": int, "line_text": str}
#: What a running server offers to those who make clients and environments.
OFFERS: Facts = {
    "url": str, "host": str, "port": int, "token": str, "org": str, "org_id": str, "bucket": str, "bucket_id": str,
    "database": str, "user": str, "password": str, "ca_file": object,
}  # fmt: skip


@cache
def outcome_facts(outcome: str) -> Facts:
    """The facts of the outcome of that name."""
    values = Outcome.CATALOGUE[outcome]().facts()
    return {name: type(value) if type(value) in (int, str) else object for name, value in values.items()}


@cache
def reason_facts(reason: str) -> Facts:
    """The facts of the reason of that name, with those that every reason's wording may use."""
    known = fields(Reason.CATALOGUE[reason])  # type: ignore[arg-type]
    own = {f.name: _TYPES.get(str(f.type), object) for f in known}
    return {**own, "line_text": str, "line": int}


@cache
def example_facts(outcome: str) -> Facts:
    """The facts that a clause of the outcome of that name may give for a planned fault."""
    known = fields(Outcome.CATALOGUE[outcome])  # type: ignore[arg-type]
    shown = {f.name: str(f.type) for f in known if not f.metadata.get("hidden")}
    return {name: _TYPES[kind] for name, kind in shown.items() if kind in _TYPES}


#: Types as the catalogues spell them.
_TYPES = {"int": int, "str": str, "int | None": int, "Any": object}
