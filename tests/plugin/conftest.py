"""Runs of pytest inside a test: with our plugin and without anybody else's, so that only ours is judged."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import mockflux.fixtures  # imported here, so that runs within this process need not import it again and again
import mockflux.pytest_plugin

#: The folder that holds the package, installed or not.
SOURCE = Path(mockflux.__file__).parent.parent

INNER_CONFTEST = '''
import urllib.error, urllib.request
import pytest

@pytest.fixture(scope="session")
def send():
    """Sends a request and returns the status; writes to the set-up's bucket if there is no path."""
    def send(server, data=None, path=None, method=None, **headers):
        path = path or f"/api/v2/write?org={server.org}&bucket={server.bucket}"
        headers = {"Authorization": f"Token {server.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        request = urllib.request.Request(server.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
    return send
'''

Run = Callable[..., pytest.RunResult]


@pytest.fixture(autouse=True)
def _surroundings(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOCKFLUX_PROFILE", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "300")  # summaries are cut to the width of the terminal
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(SOURCE), os.environ.get("PYTHONPATH")))))
    pytester.makeconftest(INNER_CONFTEST)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest with our plugin in this process: quick."""

    def run(*arguments: str) -> pytest.RunResult:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # our own suite turns warnings into errors
            return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments, plugins=[mockflux.pytest_plugin])

    return run


@pytest.fixture
def run_apart(pytester: pytest.Pytester) -> Run:
    """Run pytest with our plugin in a process of its own; name other plugins with ``-p``."""

    def run_apart(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "mockflux.pytest_plugin", *arguments)

    return run_apart


@pytest.fixture
def profile(pytester: pytest.Pytester) -> Callable[[str], str]:
    """Write a profile of the user's own that says what v2-oss says; returns its file name."""

    def profile(name: str) -> str:
        file = pytester.path / f"{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'[edition]\nid = "{file.stem}"\nextends = "v2-oss"\n')
        return f"{name}.toml"

    return profile
