"""InfluxDB's clients for Go, Java and JavaScript, unmodified: each a small program that is built here, writes what it
is told to, and prints what its client made of the answer.

They need their toolchains and the network, so they are marked ``other_languages`` and run where the environment has
MOCKFLUX_TEST_CLIENTS, as in ``.ci/run``. Nothing is built within the repository.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockflux import Server

HERE = Path(__file__).parent
SWITCH = "MOCKFLUX_TEST_CLIENTS"
#: Where to look for programs: Go is not on the path where it was installed as its makers say.
PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/go/bin"))
#: Within which time a program writes, in seconds.
DEADLINE = 60


class Language(NamedTuple):
    """How a client's program is built and run.

    ``folder`` holds its source; ``programs`` are needed, the first of which says its version, which is ``least`` or
    later, when asked with ``version``; ``build`` are commands, and ``run`` is one, to be followed by the lines.
    ``v3`` is the variable that has the client write to ``/api/v3/write_lp``.
    """

    folder: str
    programs: tuple[str, ...]
    version: str
    least: tuple[int, ...]
    build: tuple[str, ...]
    run: str
    v3: tuple[str, str]


LANGUAGES = {
    "Go": Language(
        folder="go3",
        programs=("go",),
        version="version",
        least=(1, 21),  # fetches the release that go.mod asks for by itself
        build=("go build -o write .",),
        run="./write",
        v3=("INFLUX_WRITE_USE_V2_API", "false"),
    ),
    # In these releases of the next two nothing chooses the API, but what only the newer one can do takes them there.
    "Java": Language(
        folder="java3",
        programs=("javac", "java", "mvn"),
        version="-version",
        least=(17,),
        build=(
            "mvn -q -B dependency:copy-dependencies -DoutputDirectory=needed",
            "javac -encoding UTF-8 -cp needed/* Main.java",
        ),
        run=f"java --add-opens=java.base/java.nio=ALL-UNNAMED -cp .{os.pathsep}needed/* Main",
        v3=("INFLUX_WRITE_NO_SYNC", "true"),
    ),
    "JavaScript": Language(
        folder="js3",
        programs=("node", "npm"),
        version="--version",
        least=(18,),
        build=("npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error",),
        run="node main.js",
        v3=("INFLUX_WRITE_NO_SYNC", "true"),
    ),
}


class Program(NamedTuple):
    """A program that is ready: ``folder`` is where it was built."""

    name: str
    language: Language
    folder: Path

    def write(self, server: Server, lines: str, *, v3: bool = False, **variables: str) -> dict[str, Any]:
        """What the client said of a write: an empty dict if nothing went wrong."""
        environment = {**os.environ, "PATH": PATH, **server.env(), **variables}
        if v3:
            environment.update([self.language.v3])
        seen: dict[str, Any] = json.loads(
            _done([*self.language.run.split(), lines], self.folder, environment, DEADLINE)
        )
        return seen


def _done(command: list[str], folder: Path, environment: dict[str, str], seconds: float) -> str:
    """What a command printed; its failure is the test's."""
    program = shutil.which(command[0], path=PATH) or command[0]
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def missing(name: str) -> str:
    """Why a language's client is not built here; empty if it is."""
    if not os.environ.get(SWITCH):
        return f"clients in other languages are built where {SWITCH} is set"
    language = LANGUAGES[name]
    untested = f"InfluxDB's v3 client for {name} is not tested"
    if absent := [program for program in language.programs if not shutil.which(program, path=PATH)]:
        return f"{untested}: there is no {' and no '.join(absent)} here"
    command = [language.programs[0], language.version]
    said = _done(command, HERE, dict(os.environ, PATH=PATH), DEADLINE)
    if tuple(int(number) for number in re.findall(r"\d+", said))[: len(language.least)] < language.least:
        return f"{untested}: it needs {language.programs[0]} {'.'.join(map(str, language.least))} or later"
    return ""


def languages() -> list[Any]:
    """The parameters of the tests. One that is skipped says so by a mark: then pytest tells the reason once for all."""
    marks = [pytest.mark.other_languages, pytest.mark.timeout(600)]
    reasons = {name: missing(name) for name in LANGUAGES}
    skips = {name: [pytest.mark.skip(reason=reason)] if reason else [] for name, reason in reasons.items()}
    return [pytest.param(name, marks=[*marks, *skips[name]]) for name in LANGUAGES]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Program]:
    """Builds a client's program, once in a run."""

    @cache
    def built(name: str) -> Program:
        language = LANGUAGES[name]
        folder = tmp_path_factory.mktemp(language.folder) / "program"
        shutil.copytree(HERE / language.folder, folder)
        for command in language.build:
            _done(command.split(), folder, dict(os.environ, PATH=PATH), 500)
        return Program(name, language, folder)

    return built


@pytest.fixture(params=languages())
def program(request: pytest.FixtureRequest, built: Callable[[str], Program]) -> Program:
    return built(request.param)


@pytest.fixture
def served() -> Iterator[Callable[[str], Server]]:
    """Starts a server of an edition, stopped at the end."""
    with ExitStack() as servers:
        yield lambda edition: servers.enter_context(Server(edition, seed=1))


#: A good line, and one whose field has another type than in the first: as README.md of the client for Go has them,
#: times in nanoseconds.
GOOD = "home,room=Sunroom temp=96 1735545600000000000"
LINES = GOOD + '\nhome,room=Sunroom temp="hi" 1735549200000000000'
FLOAT, STRING = "iox::column_type::field::float", "iox::column_type::field::string"
CONFLICT = f"invalid column type for column 'temp', expected {FLOAT}, got {STRING}"
PARTIAL = "partial write of line protocol occurred"
DETAILED = f"{PARTIAL}:\n\tline 2: {CONFLICT} (home,room=Sunroom te)"
DISTRIBUTED = (
    "failed to parse line protocol:\nerrors encountered on line(s):\n"
    f"error writing line 2 (1-based): Unable to insert {STRING} type into column temp with type {FLOAT}"
)


def go(kind: str, message: str, status: int, code: str = "", **more: Any) -> dict[str, Any]:
    text = f"{code}: {message}" if code else message
    return {"type": f"*influxdb3.{kind}", "text": text, "message": message, "status": status, "code": code, **more}


def java(message: str, status: int) -> dict[str, Any]:
    text = f"HTTP status code: {status}; Message: {message}"
    return {"type": "InfluxDBApiHttpException", "message": text, "status": status}


def javascript(message: str, status: int, phrase: str, **more: Any) -> dict[str, Any]:
    return {"type": "HttpError", "message": message, "status": status, "phrase": phrase, **more}


def test_a_write(program: Program, served: Callable[[str], Server]) -> None:
    for edition in ("v3-core", "v3-dedicated"):
        server = served(edition)
        assert program.write(server, GOOD) == {}
        assert_the_good_one_is_stored(server)
        [exchange] = server.journal
        assert (exchange.status, exchange.door) == (204, "v2-write")
        [agent] = [value for name, value in exchange.headers if name.lower() == "user-agent"]
        assert agent.startswith(f"influxdb3-{program.language.folder.removesuffix('3')}/")


def assert_the_good_one_is_stored(server: Server) -> None:
    [point] = server.points()
    assert (point.measurement, point.tags, point.fields) == ("home", {"room": "Sunroom"}, {"temp": 96.0})
    assert point.time == 1_735_545_600_000_000_000


def test_a_partial_write_at_core(program: Program, served: Callable[[str], Server]) -> None:
    """With the v3 API. The client for Go has a type of error for it, in these releases of the others it is one of
    many."""
    server = served("v3-core")
    line = {"error_message": CONFLICT, "line_number": 2, "original_line": "home,room=Sunroom te"}
    assert (
        program.write(server, LINES, v3=True)
        == {
            "Go": go("PartialWriteError", DETAILED, 400, lines=[[2, CONFLICT, "home,room=Sunroom te"]]),
            "Java": java(DETAILED, 400),
            "JavaScript": javascript(DETAILED, 400, "Bad Request", json={"error": PARTIAL, "data": [line]}),
        }[program.name]
    )
    assert_the_good_one_is_stored(server)
    [exchange] = server.journal
    assert (exchange.status, exchange.door) == (400, "v3-write")


def test_a_partial_write_at_dedicated(program: Program, served: Callable[[str], Server]) -> None:
    server = served("v3-dedicated")
    body = {"code": "invalid", "line": 2, "message": DISTRIBUTED}
    assert (
        program.write(server, LINES)
        == {
            "Go": go("ServerError", DISTRIBUTED, 400, "invalid"),
            "Java": java(DISTRIBUTED, 400),
            "JavaScript": javascript(DISTRIBUTED, 400, "Bad Request", code="invalid", json=body),
        }[program.name]
    )
    assert_the_good_one_is_stored(server)


def test_unauthorized_at_core(program: Program, served: Callable[[str], Server]) -> None:
    server = served("v3-core")
    message = "the request was not authenticated"
    assert (
        program.write(server, GOOD, INFLUX_TOKEN="wrong")
        == {
            "Go": go("ServerError", message, 401),
            "Java": java(message, 401),
            "JavaScript": javascript(message, 401, "Unauthorized", json={"error": message}),
        }[program.name]
    )
    assert server.points() == []


def test_unauthorized_at_dedicated(program: Program, served: Callable[[str], Server]) -> None:
    """The reply has no body: each client makes a message of the status line."""
    server = served("v3-dedicated")
    assert (
        program.write(server, GOOD, INFLUX_TOKEN="wrong")
        == {
            "Go": go("ServerError", "401 Unauthorized", 401),
            "Java": java("Unauthorized", 401),
            "JavaScript": javascript("401 Unauthorized : ", 401, "Unauthorized"),
        }[program.name]
    )
    assert server.points() == []


def test_the_v3_api_at_dedicated(program: Program, served: Callable[[str], Server]) -> None:
    """405: each client says in its own words that the server has no such endpoint."""
    server = served("v3-dedicated")
    seen = program.write(server, GOOD, v3=True)
    expected = {
        "Go": ("*errors.errorString", "text", "server doesn't support the V3 write API endpoint (/api/v3/write_lp)"),
        "Java": ("InfluxDBApiHttpException", "message", "Server doesn't support write with NoSync=true"),
        "JavaScript": ("HttpError", "phrase", "Server doesn't support write with noSync=true"),
    }
    kind, where, message = expected[program.name]
    assert seen["type"] == kind
    assert seen[where].startswith(message)
    assert (server.journal[-1].status, server.points()) == (405, [])
