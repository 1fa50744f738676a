"""The table of steps says what the code of the checks and of the handlers does."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from mockflux.http import (
    buckets,
    credentials,
    deletes,
    lookups,
    paging,
    params,
    probes,
    queries,
    resources,
    routes,
    schemas,
    usage,
    writes,
)
from mockflux.http.checks import ALL, bodies, deletions, requests, targets, tokens, users
from mockflux.outcomes import Outcome
from mockflux.profile.steps import BEHIND, CHECKS, REQUESTS, THINGS, Step

MODULES: tuple[ModuleType, ...] = (
    bodies, deletions, requests, targets, tokens, users, credentials, buckets, deletes, lookups, paging, params, probes,
    queries, resources, schemas, usage, writes,
)  # fmt: skip
OUTCOMES = {cls.__name__: cls for cls in Outcome.CATALOGUE.values()}
DEFINED = {
    node.name: node
    for module in MODULES
    for node in ast.walk(ast.parse(inspect.getsource(module)))
    if isinstance(node, ast.FunctionDef | ast.ClassDef)
}


def calls(name: str, seen: set[str]) -> Iterator[ast.Call]:
    """Every call in a function of the http room, and in those of its functions and classes that it names."""
    if name in seen or name not in DEFINED:
        return
    seen.add(name)
    for node in ast.walk(DEFINED[name]):
        if isinstance(node, ast.Call):
            yield node
            function = node.func
            called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            # A method of a class of ours comes with the class; read() is the one function called through its module.
            if isinstance(function, ast.Name) or called == "read":
                yield from calls(called, seen)


def can_say(name: str) -> tuple[set[str], set[str]]:
    """The outcomes that a function makes: those whose kind is plain to see, and the names of those whose is not."""
    plain: set[str] = set()
    open: set[str] = set()
    for call in calls(name, set()):
        cls = OUTCOMES.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if cls is None:
            continue
        kind = call.args[0] if cls.KINDS and call.args else None
        if not cls.KINDS or cls.name == "points_rejected":
            plain.add(cls.name)
        elif isinstance(kind, ast.Constant):
            plain.add(f"{cls.name}:{kind.value!s}")
        else:
            open.add(cls.name)
    return plain, open


def check(said: set[str], plain: set[str], open: set[str]) -> None:
    assert plain <= said
    assert {one.partition(":")[0] for one in said - plain} == open


@pytest.mark.parametrize("name", CHECKS)
def test_what_a_check_can_say(name: str) -> None:
    check(set(CHECKS[name].says), *can_say(name))


@pytest.mark.parametrize("door", BEHIND)
def test_what_a_handler_can_say(door: str) -> None:
    handlers = {
        handler.partition(":")[2]
        for route in routes.SIMULATED.values()
        if route.door == door
        for handler in route.handlers.values()
    }
    found = [can_say(handler) for handler in handlers]
    plain, open = set[str]().union(*(p for p, _ in found)), set[str]().union(*(o for _, o in found))
    # find_org() is told to take a name that is no id for a name: ids come to look-ups by a parameter of their own.
    if door == "v2-resources":
        open.remove("org_id_invalid")
    check(set(BEHIND[door].says), plain, open)


@pytest.mark.parametrize("step", [*CHECKS.values(), *BEHIND.values()])
def test_the_words_are_those_of_the_catalogue(step: Step) -> None:
    for said in step.says:
        name, _, kind = said.partition(":")
        assert kind in Outcome.CATALOGUE[name].KINDS or not kind, said
    assert {*step.needs, *step.gives} <= set(THINGS)


def test_whatever_is_needed_is_given_by_some_check() -> None:
    given = {thing for check in CHECKS.values() for thing in check.gives}
    assert given == set(THINGS)


def test_names_are_those_of_the_checks() -> None:
    assert set(CHECKS) == set(ALL)


def test_paths_and_doors_are_those_of_the_routes() -> None:
    simulated: dict[str, set[str]] = {}
    for path, route in routes.SIMULATED.items():
        simulated.setdefault(route.door, set()).update(f"{method} {path}" for method in route.handlers)
    assert {door: set(requests) for door, requests in REQUESTS.items()} == simulated
    assert set(BEHIND) == set(REQUESTS)
