"""The rule of the floors, and that editions differ in profiles only; see docs/architecture.md."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mockflux

HOME = Path(mockflux.__file__).parent

#: The rooms from the ground up. One imports only from those before it; what is imported for type checkers only does
#: not count. A new module at the top of the package has to be given its place here.
FLOORS = (
    (
        "_version", "reply", "reasons", "outcomes", "clock", "due", "request", "masking", "rejections", "quota",
        "gojson", "queued", "messagepack",
    ),
    ("lineprotocol", "storage"),
    ("writing", "influxql"),
    ("monitoring", "cardinality", "profile", "faults", "exchange", "journal", "world"),
    ("http",),
    ("server", "wsgi"),
    ("arguments", "access", "choosing", "forking", "planning", "preparing", "public"),
    ("contract", "strategies", "report", "watching"),
    ("fixtures", "pytest_plugin", "cli", "__main__", "__init__"),
)  # fmt: skip
ORDER = [room for floor in FLOORS for room in floor]
SOURCES = sorted(HOME.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(HOME).parts[0]
    return first.removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


class Imports(ast.NodeVisitor):
    """The rooms that a module imports when it runs, with the line of each import, those inside functions included."""

    def __init__(self) -> None:
        self.found: list[tuple[str, int]] = []

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)
        for other in node.orelse:
            self.visit(other)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are written out"
        if node.module == "mockflux":
            self.found += [(alias.name, node.lineno) for alias in node.names]
        elif node.module and node.module.startswith("mockflux."):
            self.found.append((node.module.split(".")[1], node.lineno))

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(a.name.split(".")[1], node.lineno) for a in node.names if a.name.startswith("mockflux.")]


def imports(path: Path) -> list[tuple[str, int]]:
    visitor = Imports()
    visitor.visit(tree_of(path))
    return visitor.found


def test_every_room_has_its_floor() -> None:
    assert {room_of(path) for path in SOURCES} - set(ORDER) == set()
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOME)))
def test_a_room_imports_only_from_below(path: Path) -> None:
    own = room_of(path)
    for room, line in imports(path):
        if room == own:
            continue
        # A public name (Server …) comes through the package's own door, which is the topmost room.
        place = ORDER.index(room) if room in ORDER else ORDER.index("__init__")
        assert place < ORDER.index(own), f"{path.name}:{line} imports {room}, which is not below {own}"


def test_the_rule_sees_what_it_should() -> None:
    visitor = Imports()
    visitor.visit(ast.parse(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n from mockflux.world import World\n"
        "else:\n import mockflux.due\n"
        "from mockflux import reply, clock\ndef f():\n from mockflux.http.front import answer\nimport os\n"
    ))  # fmt: skip
    assert visitor.found == [("due", 5), ("reply", 6), ("clock", 6), ("http", 8)]


@pytest.mark.parametrize("banned", ["flask", "werkzeug", "httptools", "pytest", "click", "socket"])
def test_what_only_some_rooms_may_know(banned: str) -> None:
    """Nothing downstairs knows Flask, sockets or pytest."""
    allowed = {
        "flask": {"http"}, "werkzeug": {"http"}, "httptools": {"server"}, "click": {"cli"},
        "pytest": {"pytest_plugin", "fixtures", "report", "watching"}, "socket": {"server", "contract"},
    }[banned]  # fmt: skip
    for path in SOURCES:
        names = {
            name.split(".")[0]
            for node in ast.walk(tree_of(path))
            for name in (
                [alias.name for alias in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            )
        }  # fmt: skip
        assert banned not in names or room_of(path) in allowed, path


# ---------------------------------------------------------------- editions differ in profiles only

PREFIXES = (".startswith", ".endswith", ".removeprefix", ".get")
EDITION = re.compile(r"(v1-oss|v2-(oss|cloud)|v3-(serverless|dedicated|clustered|core|enterprise))(-[0-9.]+)?")


def decisions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where code decides by the name of an edition: comparisons, cases, keys of tables, prefixes of an id."""
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            inside = [node.left, *node.comparators]
            presence = all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)  # "is None" asks for no name
            if not presence and any(
                ast.unparse(side).endswith(("profile.id", "edition.id", "edition")) for side in inside
            ):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.MatchValue):
            inside = [node.value]
        elif isinstance(node, ast.Dict):
            inside = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Subscript):
            inside = [node.slice]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(PREFIXES):
            inside = list(node.args)
        for part in inside:
            for leaf in ast.walk(part):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and EDITION.fullmatch(leaf.value):
                    yield leaf.lineno, leaf.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOME)))
def test_no_if_edition(path: Path) -> None:
    assert list(decisions(tree_of(path))) == []


@pytest.mark.parametrize(
    "code",
    [
        "if profile.id == name: pass",
        "if self.profile.id in names: pass",
        "x = edition == name",
        "if x in ('v2-oss', 'y'): pass",
        "TABLE = {'v3-core-3.10': 1}",
        "match x:\n case 'v2-cloud': pass",
        "x.startswith('v3-core')",
        "TABLE['v1-oss']",
    ],
)
def test_the_rule_would_see_a_decision_by_name(code: str) -> None:
    assert list(decisions(ast.parse(code)))


def test_the_rule_lets_defaults_and_doors_pass() -> None:
    assert not list(decisions(ast.parse("def f(profile='v2-oss'): return profile\nx = door == 'v2-write'")))


# ---------------------------------------------------------------- importing costs nothing


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys; before = set(sys.modules); import mockflux; print(*sorted(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": str(HOME.parent)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("mockflux")} == {"mockflux", "mockflux._version"}
    others = {name.split(".")[0] for name in loaded} - {"mockflux"}
    assert others <= sys.stdlib_module_names
    assert others & {"http", "socket", "ssl", "json", "tomllib", "threading", "dataclasses", "logging"} == set()
