"""What README.md shows is run here, as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import mockflux

ROOT = Path(__file__).resolve().parents[2]


def blocks(file: str, language: str) -> list[str]:
    """The fenced blocks of a language in a document."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(3))
def test_the_tests_of_the_readme_pass(number: int, tmp_path: Path) -> None:
    found = blocks("README.md", "python")
    assert len(found) == 3, "another example: add its number here"
    passes(found[number], tmp_path)


def test_the_tests_of_the_page_on_influxql_pass(tmp_path: Path) -> None:
    [found] = blocks("docs/influxql.md", "python")
    passes(found, tmp_path)


def passes(text: str, tmp_path: Path) -> None:
    """Whether the tests in a text pass, each of them."""
    file = tmp_path / "test_example.py"
    file.write_text(text, encoding="utf-8")
    plugin = [] if _installed() else ["-p", "mockflux.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *plugin, str(file)]
    done = subprocess.run(command, cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=100)
    wanted = text.count("\ndef test_") + text.startswith("def test_")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    # A test for every edition is as many tests.
    assert passed, done.stdout
    assert int(passed[1]) >= wanted > 0, done.stdout


def test_the_console_example(tmp_path: Path) -> None:
    [example] = blocks("README.md", "console")
    serve, curl, answer = example.splitlines()
    assert serve.split()[1:3] == ["mockflux", "serve"]
    with mockflux.Server("v2-oss") as server:
        words = shlex.split(curl)
        assert words[1:3] == ["curl", "-i"]
        url, header, body = words[3], words[5], words[7]
        name, _, value = header.partition(": ")
        target = url.replace("http://127.0.0.1:8086", server.url)
        with urllib.request.urlopen(urllib.request.Request(target, body.encode(), {name: value})) as reply:
            assert answer == f"HTTP/1.1 {reply.status} {reply.reason}"
        assert [point.fields for point in server.points("home")] == [{"temp": 21.5}]


def test_the_first_command_is_one_line_that_installs_and_serves() -> None:
    first, second = blocks("README.md", "sh")
    for command in (first, second):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert first.rstrip().endswith("mockflux serve")
    assert " -m pytest " in second


def _installed() -> bool:
    from importlib.metadata import entry_points

    return any(entry.value == "mockflux.pytest_plugin" for entry in entry_points(group="pytest11"))


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
