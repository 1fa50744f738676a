"""``mockflux verify``: the contract against a server that is really there, which here is a mockflux too."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from mockflux.cli import main
from mockflux.cli.verifying import at_hand, listing, run
from mockflux.contract.live_wire import Access
from mockflux.contract.vector import load_vectors
from mockflux.profile import load_profile
from mockflux.public import Server

#: The editions whose servers make no target that goes again, as far as mockflux simulates them: one is named.
NAMED = {
    "v3-core": None,
    "v3-enterprise": None,
    "v3-dedicated": "proof",
    "v3-clustered": "proof",
    "v3-serverless": "proof",
}
EDITIONS = ("v2-oss", "v2-cloud", *NAMED)

#: One vector of one's own; PROFILE is the pattern of those that it is for.
OWN = """
profiles = ["PROFILE"]
[[vector]]
id = "own.ping"
shows = "a test"
source = "here"
stored = "nothing"
[[vector.exchange]]
clause = "pong"
request = "GET /ping"
response = '''
204 No Content
Vary: Accept-Encoding
X-Influxdb-Build: OSS
X-Influxdb-Version: {{version}}
Date: {{date}}'''
"""

Verify = Callable[..., Result]


def arguments(server: Server) -> list[str]:
    """The options by which a server is reached."""
    given = {"--token": server.token, "--org": server.org, "--user": server.user, "--password": server.password}
    return [text for name, value in given.items() if value for text in (name, value)]


def verify(server: Server, *more: str, profile: str | None = None) -> Result:
    """Run the command against a server."""
    words = ["verify", server.url, "--profile", profile or server.profile.id, *arguments(server), *more]
    return CliRunner().invoke(main, words)


def targets(server: Server) -> dict[str, int]:
    """Users' buckets or databases by name, with the number of their points."""
    there = server.world.catalog.buckets()
    return {bucket.name: len(list(bucket.data.points())) for bucket in there if bucket.type == "user"}


def report(tmp_path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_mockflux_is_as_its_profile_says(edition: str, tmp_path: Path) -> None:
    with Server(edition) as server:
        target = NAMED.get(edition)
        named = []
        if target is not None:
            server.create_bucket(target) if server.org else server.create_database(target)
            named = ["--database", target, "--yes"]
        server.write("mine v=1 1")
        before = targets(server)
        result = verify(server, *named, "--json", str(tmp_path / "report.json"))
        after = targets(server)
    assert result.exit_code == 0, result.output
    counts = report(tmp_path)["counts"]
    assert isinstance(counts, dict)
    assert counts["different"] == 0
    assert counts["held"] == counts["played"] > 40
    assert counts["vectors"] == len(load_vectors(edition)) == counts["played"] + counts["not_playable"]
    assert counts["stored_not_checked"] == counts["played"]  # none of these has a reader yet
    assert counts["stored_checked"] == 0
    assert "\nstored: not checked: this profile has no query door that mockflux reads by\n" in result.output
    assert f"\n{edition} at http://" in result.output
    assert counts["clauses_by_fault"] > 0
    assert counts["clauses"] == len(load_profile(edition).clauses)
    made = {name for name in after if name not in before}
    left = [str(sentence) for sentence in report(tmp_path)["left_behind"]]  # type: ignore[attr-defined]
    if load_profile(edition).settings.setup.makes_target:  # simulated servers do not drop databases, and it says so
        assert made
        assert all(name.startswith("mockflux-") for name in made)
        assert len(left) == 1
        assert "mockflux-" in left[0]
    else:
        assert not made
        assert not left
    assert {name: after[name] for name in before if name != target} == {
        name: count for name, count in before.items() if name != target
    }


@pytest.fixture
def changed(tmp_path: Path) -> str:
    """The path of a profile that words one clause of v2-oss otherwise."""
    path = tmp_path / "mine.toml"
    path.write_text(
        '[edition]\nid = "mine"\ntitle = "Mine"\nextends = "v2-oss"\n'
        '[clause.bucket_not_found]\nstatus = 404\ncode = "not found"\nmessage = "no bucket ${bucket:q}"\n'
        '[evidence]\nbucket_not_found = "inferred: deliberately another"\n',
        encoding="utf-8",
    )
    return str(path)


def test_another_message_is_told_by_its_clause(changed: str, tmp_path: Path) -> None:
    with Server(changed) as server:
        before = targets(server)
        result = verify(
            server, "--junit", str(tmp_path / "report.xml"), "--json", str(tmp_path / "report.json"), profile="v2-oss"
        )
        assert targets(server) == before  # also after a vector that failed
    assert result.exit_code == 1
    assert "\nbucket_not_found" in f"\n{result.output}"
    assert "no bucket " in result.output
    data = report(tmp_path)
    different = [entry for entry in data["vectors"] if entry["state"] == "different"]  # type: ignore[attr-defined]
    assert different
    assert {entry["clause"].partition("@")[0] for entry in different} == {"bucket_not_found"}
    suite = ElementTree.parse(tmp_path / "report.xml").getroot().find("testsuite")
    assert suite is not None
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == [entry["id"] for entry in different]
    counts = data["counts"]
    assert isinstance(counts, dict)
    assert suite.get("failures") == str(counts["different"]) == str(len(failed))
    assert suite.get("skipped") == str(counts["not_playable"]) == str(len(suite.findall("testcase/skipped")))
    assert suite.get("tests") == str(counts["vectors"]) == str(len(suite))
    assert f"{counts['held']} held, {counts['different']} different" in result.output


def test_a_profile_of_ones_own_is_tried_with_what_it_extends(changed: str, tmp_path: Path) -> None:
    with Server(changed) as server:
        more = ("--json", str(tmp_path / "report.json"), "--junit", str(tmp_path / "report.xml"))
        result = verify(server, "--only", "v2-write.*", *more, profile=changed)
    assert "\nv2-oss's vectors, for mine at http://" in result.output
    assert re.search(r"\nclauses: \d+ of \d+ held in the words of v2-oss, ", result.output)
    assert (report(tmp_path)["profile"], report(tmp_path)["vectors_of"]) == ("mine", "v2-oss")
    suite = ElementTree.parse(tmp_path / "report.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("name") == "mockflux verify mine, vectors of v2-oss"


@pytest.mark.parametrize("pattern", ["mine", "*mine.toml"])
def test_vectors_of_ones_own_are_for_an_id_or_a_path(changed: str, tmp_path: Path, pattern: str) -> None:
    own = tmp_path / "own-vectors.toml"
    own.write_text(OWN.replace("PROFILE", pattern), encoding="utf-8")
    with Server(changed) as server:
        result = verify(server, "--vectors", str(own), profile=changed)
        other = verify(server, "--vectors", str(own), profile="v2-cloud")
    assert result.exit_code == 0, result.output
    assert "\nmine at http://" in f"\n{result.output}"
    assert " 1 held, 0 different, 0 not playable, of 1 vectors" in result.output
    assert other.exit_code == 2
    told = f"own-vectors.toml: there is no vector for the profile v2-cloud; its patterns of profiles are '{pattern}'"
    assert told in other.output
    assert other.output.count("\n") == 1


def test_vectors_of_a_parent_that_is_a_file_beside(changed: str, tmp_path: Path) -> None:
    child, own = tmp_path / "child.toml", tmp_path / "own-vectors.toml"
    child.write_text('[edition]\nid = "child"\ntitle = "Child"\nextends = "mine"\n', encoding="utf-8")
    own.write_text(OWN.replace("PROFILE", "*/mine.toml"), encoding="utf-8")
    with Server(child) as server:
        result = verify(server, "--vectors", str(own), profile=str(child))
    assert result.exit_code == 0, result.output
    assert "\nmine's vectors, for child at http://" in f"\n{result.output}"


def test_the_vectors_of_a_profile_are_listed(changed: str) -> None:
    done = CliRunner().invoke(main, ["verify", "--list", "--profile", changed, "--only", "v2-write.*"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert done.output == listing(changed, only="v2-write.*")
    assert "Missing argument 'URL'" in misuse("--profile", "v2-oss")
    picked = [vector for vector in load_vectors("v2-oss") if vector.id.startswith("v2-write.")]
    assert [line.split(maxsplit=1) for line in lines] == [[v.id, " ".join(v.shows.split())] for v in picked]
    assert len(lines) > 5


def test_what_is_stored_was_checked_where_it_was_read() -> None:
    with Server("v1-oss-1.6") as server:
        result = verify(server, "--only", "v1-oss-writes.*")
    found = re.search(r"^stored: checked in (\d+) of (\d+) vectors played$", result.output, re.MULTILINE)
    assert found is not None, result.output
    assert 0 < int(found[1]) == int(found[2])


def test_only_some_vectors() -> None:
    with Server() as server:
        result = verify(server, "--only", "v2-write.comments")
        several = verify(server, "--only", "v2-write.*")
    assert " of 1 vectors" in result.output
    assert several.exit_code == 0
    assert f"of {len([v for v in load_vectors('v2-oss') if v.id.startswith('v2-write.')])} vectors" in several.output


def test_nothing_played_is_no_success() -> None:
    with Server() as server:
        result = verify(server, "--only", "lookups.bucket")  # needs a clock that stands
    assert result.exit_code == 2
    assert "     1 it needs a clock that stands\n" in result.output
    assert result.output.endswith("mockflux: none of the 1 vectors can be played on this server\n")


def test_a_switch_of_the_server_is_heeded(tmp_path: Path) -> None:
    with Server(max_body=32) as server:
        result = verify(server, "--switch", "max_body=32", "--json", str(tmp_path / "report.json"))
    assert result.exit_code == 0, result.output
    played = [entry for entry in report(tmp_path)["vectors"] if entry["state"] == "held"]  # type: ignore[attr-defined]
    assert played, "the vectors of that switch"


@pytest.mark.parametrize("trust", ["ca", "insecure", "nobody"])
def test_https(trust: str) -> None:
    with Server(tls=True) as server:
        more = {"ca": ["--ca", server.env()["SSL_CERT_FILE"]], "insecure": ["--insecure"], "nobody": []}[trust]
        result = verify(server, *more, "--only", "v2-write.*")
    if trust == "nobody":
        assert result.exit_code == 2
        assert "its certificate does not hold" in str(result.output) + str(result.exception)
    else:
        assert result.exit_code == 0, result.output


# ------------------------------------------------------------------------------------------ misuse


def misuse(*words: str) -> str:
    """The one sentence on stderr of a command that cannot run."""
    done = CliRunner().invoke(main, ["verify", *words])
    assert done.exit_code == 2, done.output
    text = done.output.strip()
    assert text.startswith("mockflux: ")
    assert "\n" not in text
    return text


def test_a_server_that_is_not_there() -> None:
    with Server() as server:
        url = server.url
    assert "cannot be reached" in misuse(url, "--profile", "v2-oss", "--token", "t", "--org", "o")


def test_wrong_credentials() -> None:
    with Server() as server:
        words = (server.url, "--profile", "v2-oss", "--token", "wrong", "--org", "my-org")
        assert "does not take these credentials: 401" in misuse(*words)
        assert "--org" in misuse(server.url, "--profile", "v2-oss", "--token", "my-token")
        unknown = misuse(server.url, "--profile", "v2-oss", "--token", "my-token", "--org", "nobodys")
        assert "no organization 'nobodys'" in unknown


def test_missing_credentials_are_told_by_their_option() -> None:
    with Server() as server:
        assert "asks who one is, and --token is missing: 401" in misuse(server.url, "--profile", "v2-oss", "--org", "o")
    with Server("v1-oss-1.6", auth=True) as server:
        words = (server.url, "--profile", "v1-oss-1.6")
        assert "asks who one is, and --user and --password are missing: 401" in misuse(*words)
        assert "asks who one is, and --password is missing: 401" in misuse(*words, "--user", "x")
        assert "does not take these credentials: 401" in misuse(*words, "--user", "x", "--password", "y")


def test_a_server_that_asks_nobody_takes_no_credentials() -> None:
    with Server("v1-oss-1.6") as server:
        words = (server.url, "--profile", "v1-oss-1.6", "--user", "x", "--password", "y")
        before = server.world.databases.all()
        assert misuse(*words) == "mockflux: this server asks nobody who he is; leave --user out"
        assert server.world.databases.all() == before


def test_what_cannot_be_meant(tmp_path: Path) -> None:
    assert "unknown profile" in misuse("http://localhost:1", "--profile", "v9")
    assert "expected one such as" in misuse("localhost:8086", "--profile", "v2-oss")
    assert "scheme, host and port alone" in misuse("http://localhost:8086/api", "--profile", "v2-oss")
    assert "no vector of this edition fits 'x.*'" in misuse(
        "http://localhost:1", "--profile", "v2-oss", "--only", "x.*"
    )
    assert "the same here" in misuse("http://localhost:1", "--profile", "v2-oss", "--bucket", "a", "--database", "b")
    assert "https" not in misuse("http://localhost:1", "--profile", "v2-oss", "--insecure")
    assert "there is no file" in misuse(
        "http://localhost:1", "--profile", "v2-oss", "--vectors", str(tmp_path / "no.toml")
    )


def test_a_named_target_wants_a_yes_and_must_be_there() -> None:
    with Server("v3-dedicated") as server:
        named = (server.url, "--profile", "v3-dedicated", "--token", "my-token")
        assert "makes no database over HTTP" in misuse(*named)
        assert "--yes" in misuse(*named, "--database", "proof")
    with Server() as server:
        named = (server.url, "--profile", "v2-oss", "--token", "my-token", "--org", "my-org")
        assert "has no bucket 'proof'" in misuse(*named, "--bucket", "proof", "--yes")


# ------------------------------------------------------------------------------------------ an end in between


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_leaves_nothing_behind(name: str) -> None:
    with Server() as server:
        before = targets(server)
        command = [sys.executable, "-m", "mockflux", "verify", server.url, "--profile", "v2-oss", *arguments(server)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
        try:
            deadline = time.monotonic() + 60
            while len(server.journal) < 40 and process.poll() is None:
                assert time.monotonic() < deadline
                server.journal.wait(lambda: len(server.journal) >= 40, timeout=0.1)
            process.send_signal(getattr(signal, name))
            process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 130
        assert targets(server) == before


# ------------------------------------------------------------------------------------------ servers that end


@contextmanager
def ceasing(after: int) -> Iterator[str]:
    """The URL of a server that makes databases, and closes the connection to all but the first requests."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                for number in itertools.count():
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        if number < after:
                            body = b'{"results":[{"statement_id":0}]}'
                            head = b"HTTP/1.1 200 OK\r\nX-Influxdb-Version: 1.6.4\r\nContent-Length: %d\r\n\r\n"
                            connection.sendall(head % len(body) + body)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize("after", range(3, 12))
@pytest.mark.parametrize("command", ["verify", "record"])
def test_a_server_that_answers_no_more_ends_the_run(command: str, after: int, tmp_path: Path) -> None:
    words = {"verify": ["--only", "v1-oss-writes.*"], "record": ["v1-oss-writes.*", "--out", str(tmp_path / "o.toml")]}
    with ceasing(after) as url:
        result = CliRunner().invoke(main, [command, url, "--profile", "v1-oss-1.6", *words[command]])
    *left, last = result.output.splitlines()
    assert result.exit_code == 2, result.output
    assert last == f"mockflux: {url} did not answer any more: the connection was closed without an answer"
    assert all(re.fullmatch(r"may be left behind: database mockflux_\S+: no answer", line) for line in left), left
    assert len(left) <= 2


def test_a_server_that_is_refused_midway_ends_the_run() -> None:
    with Server() as server:
        live, _ = at_hand(
            server.url, "v2-oss", (), Access(server.token, server.org), ca=None, insecure=False, yes=False
        )
    with pytest.raises(ValueError, match=r"did not answer any more: Connection refused$"):
        run(live, load_vectors("v2-oss")[:20], {})
    assert live.left == []


def test_what_was_made_may_be_left_behind_by_a_server_that_ends() -> None:
    with Server() as server:
        live, _ = at_hand(
            server.url, "v2-oss", (), Access(server.token, server.org), ca=None, insecure=False, yes=False
        )
        making = live.making()
        making.target("mockflux-kept")
    making.clean()
    assert live.left == ["bucket mockflux-kept: no answer"]


@pytest.mark.parametrize("option", ["--token", "--user", "--password"])
@pytest.mark.parametrize("value", ["a\r\nX: y", "a\n", "a\x00b", "a\x7f"])
def test_control_characters_in_credentials_are_told_before_anything_is_sent(option: str, value: str) -> None:
    with Server() as server:
        by_option = CliRunner().invoke(main, ["verify", server.url, "--profile", "v2-oss", option, value])
        variable = {f"MOCKFLUX_{option[2:].upper()}": value} if option != "--user" and "\0" not in value else None
        words = [] if variable else [option, value]
        by_variable = CliRunner().invoke(main, ["verify", server.url, "--profile", "v2-oss", *words], env=variable)
        assert len(server.journal) == 0
    for result in (by_option, by_variable):
        assert result.exit_code == 2
        assert result.output == f"mockflux: {option} must not have line breaks or other control characters\n"


@pytest.mark.parametrize(
    "url",
    [
        "http://me:s3cr3t-word@localhost:1",
        "http://s3cr3t-word@localhost:1",
        "http://me:s3cr3t-word/x@localhost:1",
        "http://me:x?s3cr3t-word@localhost:1",
        "me:s3cr3t-word@localhost:1",
        "http://localhost:1?token=s3cr3t-word",
        "http://localhost:1/?x=@s3cr3t-word",
        "http://localhost:1/#s3cr3t-word",
    ],
)
def test_a_url_with_a_secret_is_not_repeated(url: str) -> None:
    result = CliRunner().invoke(main, ["verify", url, "--profile", "v2-oss"])
    assert result.exit_code == 2
    assert result.output.startswith("mockflux: URL '")
    assert "s3cr3t" not in result.output
    assert result.output.count("\n") == 1


def test_another_product_is_told_at_once() -> None:
    with Server("v1-oss-1.6") as server:
        result = verify(server, profile="v3-core")
    assert result.exit_code == 2
    told = "mockflux: this server is no v3-core: it has no such API as makes a database there (404 Not Found: "
    assert result.output == f"{told}404 page not found)\n"
