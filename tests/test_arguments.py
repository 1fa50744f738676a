"""Misuse of the public door: one sentence each, and nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import influxdb_client
import pytest

from mockflux import Server


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"org": 5}, TypeError, "org=5: expected a string"),
        ({"database": 5}, TypeError, "database=5: expected a string"),
        ({"token": ""}, ValueError, "token must not be empty; leave it out for the default"),
        ({"port": "x"}, TypeError, "port='x': expected a whole number, 0 for any that is free"),
        ({"port": 65536}, ValueError, "port=65536: expected one up to 65535"),
        ({"host": 5}, TypeError, "host=5: expected a string"),
    ],
)
def test_arguments_of_a_server(arguments: dict[str, Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        Server(**arguments)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda s: s.create_bucket(5), TypeError, "name=5: expected a string"),
        (lambda s: s.create_bucket(None), TypeError, "name=None: expected a string"),
        (lambda s: s.create_bucket(""), ValueError, "name must not be empty"),
        (lambda s: s.create_bucket("b", retention="x"), TypeError, "retention='x': expected seconds or a timedelta"),
        (lambda s: s.create_bucket("b", retention=-1.5), ValueError, "retention=-1.5: expected seconds"),
        (lambda s: s.create_token(read=None), TypeError, "read=None: expected names of buckets"),
        (lambda s: s.create_token(write=[5]), TypeError, "write=5: expected a string"),
        (lambda s: s.points(database="d"), ValueError, "v2-oss has no databases; name a bucket with bucket="),
        (lambda s: s.write("m v=1", database="d"), ValueError, "v2-oss has no databases; name a bucket with bucket="),
        (lambda s: s.create_mapping(""), ValueError, "database must not be empty"),
        (lambda s: s.write(5), TypeError, "expected line protocol as text, bytes, a client's Point, or several"),
        (lambda s: s.write([5]), TypeError, "expected line protocol"),
        (lambda s: s.wait_for(points=1, timeout=None), TypeError, "timeout=None: expected seconds"),
        (lambda s: s.wait_for(points="1"), TypeError, "points='1': expected a whole number"),
        (lambda s: s.wait_for(requests=-1), ValueError, "requests=-1: expected 0 or more"),
        (lambda s: s.clock.advance("3"), TypeError, "a clock advances by seconds or a timedelta, not by '3'"),
        (lambda s: s.clock.freeze("2026"), TypeError, "expected a datetime with a time zone, not '2026'"),
        (lambda s: s.clock.freeze(dt.datetime(2026, 1, 1)), ValueError, "has no time zone"),
        (lambda s: s.fail("503"), TypeError, "status='503': expected a whole number"),
        (lambda s: s.fail(503, door="proxy"), ValueError, "no request comes in by the door 'proxy'"),
        (lambda s: s.fail(delay="x"), TypeError, "delay='x': expected seconds"),
        (lambda s: s.fail(delay=dt.timedelta(1)), TypeError, "expected seconds"),
        (lambda s: s.fail(clause=["x"]), TypeError, r"clause=\['x'\]: expected the name of a clause"),
        (lambda s: s.fail(clause="points_rejected", by="proxy"), ValueError, "a proxy in front of v2-oss does not say"),
        (lambda s: s.fail(503, retry_after=10**20), ValueError, "expected whole seconds, 0 or more"),
        (lambda s: s.fail(200), ValueError, "v2-oss never says 200"),
        (lambda s: s.fail(431), ValueError, "v2-oss never says 431"),
    ],
)
def test_calls(server: Server, call: Callable[[Server], Any], error: type[Exception], sentence: str) -> None:
    before = [b.name for b in server.world.catalog.buckets()], server.clock.frozen, len(server.world.catalog.tokens())
    with pytest.raises(error, match=sentence):
        call(server)
    after = [b.name for b in server.world.catalog.buckets()], server.clock.frozen, len(server.world.catalog.tokens())
    assert before == after
    assert server.faults == []


def test_lines_of_any_kind(server: Server) -> None:
    server.write("a v=1 1")
    server.write(b"a v=2 2")
    server.write(["a v=3 3", b"a v=4 4"])
    server.write(f"a v={n} {n}" for n in (5, 6))
    server.write([influxdb_client.Point("a").field("v", 7.0).time(7), "a v=8 8"])
    assert [p.fields["v"] for p in server.points("a")] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_it_can_be_printed_at_any_time(server: Server) -> None:
    assert str(server) == repr(server) == "<mockflux.Server v2-oss not running>"
    with server:
        assert str(server) == server.url


@pytest.mark.parametrize("token", ["a b", "é", "a\nb", ""])
def test_a_token_is_one_that_a_header_can_carry(token: str) -> None:
    with pytest.raises(ValueError, match=r"token(=| must not be empty)"):
        Server(token=token)


@pytest.mark.parametrize("edition", ["v3-core", "v3-clustered", "v3-serverless"])
def test_what_the_wire_refuses_as_no_text_is_not_written(edition: str) -> None:
    server = Server(edition)
    with pytest.raises(ValueError, match=rf"line protocol is UTF-8 at {edition}: byte 11 is not"):
        server.write(b"m v=1 1\nm \xff=2 2")
    assert [len(bucket.data.points()) for bucket in server.world.catalog.buckets()] in ([], [0])
