"""The example of docs/profiles.md, from the profile to the vectors that hold it to what was seen, is run here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import mockflux

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


PROFILE, VECTORS, SWITCHES = blocks("toml")[:3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the example."""
    (tmp_path / "vectors").mkdir()
    for name, text in (("old.toml", PROFILE), ("vectors/old.toml", VECTORS), ("test_old.py", blocks("python")[0])):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, in the folder of the example."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    words = [sys.executable, *command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def run_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    installed = any(entry.value == "mockflux.pytest_plugin" for entry in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "mockflux.pytest_plugin"]
    return run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *plugin, "test_old.py")


def test_the_tests_of_the_example_pass(folder: Path) -> None:
    done = run_tests(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^7 passed", done.stdout, re.MULTILINE), done.stdout


def test_a_vector_that_does_not_hold_says_what_is_shown(folder: Path) -> None:
    [shown] = blocks("text")
    file = folder / "vectors/old.toml"
    file.write_text(
        VECTORS.replace("X-Influxdb-Version: {{version}}", "X-Influxdb-Version: v2.0.7", 1), encoding="utf-8"
    )
    done = run_tests(folder)
    assert done.returncode == 1
    for line in shown.splitlines():
        assert line.strip() in done.stdout


def test_the_commands_of_the_example(folder: Path) -> None:
    explain, serve = (line.split() for line in blocks("sh")[0].splitlines())
    assert serve == ["mockflux", "serve", "old.toml"]
    assert explain[0] == "mockflux"
    done = run(folder, "-m", *explain)
    assert done.returncode == 0, done.stderr
    assert "healthy" in done.stdout
    assert "seen on our old machine" in done.stdout


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [(0, "status = 204", "statsu = 204"), (1, 'healthy = "inferred: seen on our old machine"\n', "")],
)
def test_the_mistakes_of_the_example(folder: Path, number: int, old: str, new: str) -> None:
    assert old in PROFILE
    (folder / "old.toml").write_text(PROFILE.replace(old, new), encoding="utf-8")
    command, told = blocks("console")[number].splitlines()
    done = run(folder, "-m", *command.removeprefix("$ ").split())
    assert done.returncode == 2
    assert done.stderr.startswith(told.removesuffix("…"))
    assert done.stderr.count("\n") == 1


def test_the_vectors_of_the_example_are_those_of_verify_and_record(folder: Path) -> None:
    *_, verify = (block.split() for block in blocks("sh"))
    assert verify[:3] == ["mockflux", "verify", "http://localhost:8086"]
    with mockflux.Server(folder / "old.toml") as server:
        words = ["-m", *(server.url if "//" in word else word.strip('"') for word in verify)]
        words = [str(server.token) if word == "$TOKEN" else word for word in words]
        done = run(folder, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "\nmy-old-server at http://" in done.stdout
        assert " 2 held, 0 different, 0 not playable, of 2 vectors" in done.stdout
        again = ["record", server.url, "vectors/old.toml", "--out", "vectors/recorded.toml", *words[4:6], *words[8:]]
        done = run(folder, "-m", "mockflux", *again)
        assert done.returncode == 0, done.stdout + done.stderr
    (folder / "vectors/old.toml").unlink()
    assert 'profiles = ["my-old-server"]' in (folder / "vectors/recorded.toml").read_text(encoding="utf-8")
    done = run_tests(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^7 passed", done.stdout, re.MULTILINE), done.stdout


def test_vectors_for_another_profile_are_not_passed_over(folder: Path) -> None:
    file = folder / "vectors/old.toml"
    file.write_text(VECTORS.replace("my-old-server", "my-new-server"), encoding="utf-8")
    done = run_tests(folder)
    assert done.returncode != 0
    assert "(its id: my-old-server); its patterns of profiles are 'my-new-server'" in done.stdout


def test_the_profile_of_the_example(folder: Path) -> None:
    with mockflux.Server(folder / "old.toml") as server:
        with urllib.request.urlopen(f"{server.url}/health") as reply:
            assert (reply.status, reply.headers["X-Influxdb-Version"]) == (204, "v2.0.8")
        bucket = server.create_bucket("short", retention=3600)
        server.write("m v=1 1", bucket="short")
        assert bucket.data.rows == 1


def test_the_switch_of_the_docs(tmp_path: Path) -> None:
    _, overlay = SWITCHES.split("\n\n", 1)
    path = tmp_path / "own.toml"
    source = '[evidence]\n"switches.permission_status" = "inferred: to try"\n'
    path.write_text(f'[edition]\nid = "own"\nextends = "v2-oss"\n{overlay}\n{source}', encoding="utf-8")
    for value, status in (("documented", 401), ("released", 403)):
        with mockflux.Server(path, permission_status=value) as server:
            target = f"{server.url}/api/v2/write?org={server.org}&bucket={server.bucket}"
            request = urllib.request.Request(target, b"m v=1", {"Authorization": f"Token {server.read_token}"})
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request)
            caught.value.close()
            assert caught.value.code == status
