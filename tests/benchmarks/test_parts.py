"""What goes into a benchmark: lines, the naive handler's parser, places for data, the client, the children."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mockflux
from benchmarks import client, corpora, naive, places
from benchmarks.measures import NAMES, measure_of
from benchmarks.processes import CLONE, Child, ChildFailed, environment
from benchmarks.run import Run

# ------------------------------------------------------------------------------------------ lines


@pytest.mark.parametrize("make", [corpora.small, corpora.typical, corpora.nasty])
def test_lines_come_from_their_seed(make):
    assert make(1, 50) == make(1, 50)
    assert make(1, 50) != make(2, 50)


@pytest.mark.parametrize("make", [corpora.small, corpora.typical, corpora.nasty])
def test_mockflux_and_the_naive_parser_find_the_same_points(make):
    body = make(3, 200)
    server = mockflux.Server()
    server.write(body)
    found = {(p.measurement, tuple(p.tags.items()), p.time): p.fields for p in server.points()}
    naively = {
        (p["measurement"], tuple(sorted(p["tags"].items())), p["time"]): p["fields"] for p in naive.parse(body.decode())
    }
    assert found == naively


def test_only_where_asked_for_are_integers_unsigned():
    server = mockflux.Server()
    server.write(corpora.nasty(1, 40, unsigned=True))
    assert b"u," in corpora.nasty(1, 40, unsigned=True)
    assert b"u," not in corpora.nasty(1, 40)


def test_single_points_are_of_one_length_and_of_different_times():
    bodies = corpora.singles(100, 900)
    assert len(set(bodies)) == 100
    assert len(set(map(len, bodies))) == 1
    assert set(bodies).isdisjoint(corpora.singles(900))


def test_points_in_a_file_are_its_lines_but_for_blank_ones_and_comments():
    assert corpora.points_in(b"\n\nm v=1 1\n# no\nm v=2 2") == 2


@pytest.mark.parametrize("bad", ["m", "m v", "m v=1 x", "m v= 1", "m v=1 1 1"])
def test_the_naive_parser_refuses_what_it_does_not_understand(bad):
    with pytest.raises(ValueError):  # noqa: PT011  whatever it says
        naive.parse(bad)


# ------------------------------------------------------------------------------------------ places

_MOUNTS = [
    "/dev/a / ext4 rw 0 0",
    "none /mem tmpfs rw 0 0",
    "/dev/b /mem/deep xfs rw 0 0",
    "none /with\\040space tmpfs rw 0 0",
]


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/", "ext4"), ("/mem", "tmpfs"), ("/memory", "ext4"), ("/mem/deep/er", "xfs"), ("/with space/x", "tmpfs")],
)
def test_the_file_system_of_a_folder(folder, kind):
    assert places.filesystem(folder, _MOUNTS) == kind


def test_a_disk_is_not_in_memory():
    assert places.disk() is None or places.disk()[1] not in ("tmpfs", "ramfs")


# ------------------------------------------------------------------------------------------ client


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("door", ["v1", "v2"])
def test_the_client_writes_each_point_once(connections, door):
    from benchmarks.servers import Mockflux

    subject = Mockflux()
    try:
        facts = subject.facts()
        requests = [client.request(facts, body, door=door) for body in corpora.singles(20)]
        times = client.side_by_side(facts["port"], requests, connections)
        assert len(times) == 20
        assert len(subject.server.points()) == 20
    finally:
        subject.close()


@pytest.mark.parametrize("connections", [1, 3])
def test_the_client_connects_anew_where_the_server_closes(connections):
    from benchmarks.servers import Flask

    subject = Flask()
    try:
        facts = subject.facts()
        requests = [client.request(facts, body) for body in corpora.singles(6)]
        assert len(client.side_by_side(facts["port"], requests, connections)) == 6
        assert len(subject.points) == 6
    finally:
        subject.close()


def test_an_answer_of_another_status_is_told():
    request = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    with mockflux.Server() as server, pytest.raises(client.Unexpected, match="status 404 instead of 204"):
        client.one_by_one(server.port, [request])


# ------------------------------------------------------------------------------------------ children, runs


def test_a_child_does_as_told_and_ends(tmp_path):
    child = Child(environment(str(tmp_path)), "benchmarks.servers:Mockflux")
    try:
        port = child.facts["port"]
        client.one_by_one(port, [client.request(child.facts, body) for body in corpora.singles(3)])
        with pytest.raises(ChildFailed, match="no_such_method"):
            child.do("no_such_method")
        assert len(child.do("writes", count=5, start=0, connections=1)) == 5
    finally:
        child.close()
    with pytest.raises(ConnectionError):
        client.connected(port)


def test_a_child_that_cannot_start_is_told_and_gone(tmp_path):
    with pytest.raises(ChildFailed, match="no_such_edition"):
        Child(environment(str(tmp_path)), "benchmarks.servers:Mockflux", edition="no_such_edition")


def test_the_end_of_a_run_is_the_end_of_its_servers():
    with Run(short=True) as run:
        ports = [run.server(name).facts["port"] for name in ("mockflux", "floor")]
        bytecode = Path(run.bytecode)
    assert not bytecode.exists()
    for port in ports:
        with pytest.raises(ConnectionError):
            client.connected(port)


@pytest.mark.parametrize("name", NAMES)
def test_every_subject_has_a_measure(name):
    assert callable(measure_of(name))


def test_the_command_tells_of_its_options():
    out = subprocess.run([sys.executable, "-m", "benchmarks", "--help"], cwd=CLONE, capture_output=True, text=True)
    assert out.returncode == 0
    assert "--short" in out.stdout
    assert "compare" in out.stdout
