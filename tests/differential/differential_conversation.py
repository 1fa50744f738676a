"""Holding a conversation with both servers, and what differs in it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from differential_batches import PRECISIONS, Write, encoding
from differential_known import NAME_IN_NO_UTF8, NUL_IN_A_TAG, Known, known
from differential_talk import Answer, Ask, Exchange, Pair, comparable

from mockflux.storage.rules import HOUR, WEEK

#: The retention policies that are made for each database.
_MADE = {"hour": "DURATION 1h REPLICATION 1", "other": "DURATION INF REPLICATION 1"}


#: A write to several shards is answered as soon as one of them fails, while the others go on: so long (s) is waited for
#: them before something counts as not stored.
_PATIENCE = (0.005, 0.02, 0.1)


class Difference(NamedTuple):
    """A part of the replies to one request that is not the same: ``status``, ``headers``, ``body`` or ``stored``."""

    part: str
    exchange: Exchange
    live: object
    mockflux: object

    def __str__(self) -> str:
        ask = self.exchange.ask
        return (
            f"{ask.label}, {self.part}: {ask.method} {ask.target} {' '.join(ask.headers)}\n  {ask.body!r}\n"
            f"  influxd:  {self.live!r}\n  mockflux: {self.mockflux!r}"
        )


def differences(pair: Pair, writes: Sequence[Write]) -> tuple[list[Difference], list[Known]]:
    """What differs when these writes go to a fresh database of both servers and are read again; and the known
    differences that there were."""
    database = pair.database()
    policies = "; ".join(f'CREATE RETENTION POLICY "{name}" ON "{database}" {rest}' for name, rest in _MADE.items())
    _change(pair, f'CREATE DATABASE "{database}"; {policies}')
    try:
        begun = time.time_ns()
        found: list[Difference] = []
        expected: list[Known] = []
        sent: set[int] = set()
        refused = False
        for write in writes:
            body = write.body(begun)
            unit = PRECISIONS[write.precision]
            sent.update(unit * int(number) for number in re.findall(rb"-?[0-9]+", body))
            exchange = _write(pair, database, write, body)
            if _unsaveable(pair, database):  # told or not: the reply may tell of another shard
                return found, [*expected, NAME_IN_NO_UTF8]
            refused = refused or bool(exchange.refused)
            differ = list(_differ(exchange))
            if differ and (there := known(exchange.mockflux.body, exchange.live.body, exchange.refused)) is not None:
                expected.append(there)
            else:
                found += differ
        patience = _PATIENCE if refused else ()
        for own in _stored(pair, database, begun, sent, patience):
            if isinstance(own, Known):
                expected.append(own)
            else:
                found.append(own)
        return found, expected
    finally:
        _change(pair, f'DROP DATABASE "{database}"')


def _unsaveable(pair: Pair, database: str) -> bool:
    """Whether mockflux has come to hold a measurement or field with a name that influxd cannot save."""
    for bucket in pair.buckets(database):
        types = bucket.data.shard_types()
        names = [*types, *(key for shards in types.values() for own in shards.values() for key in own)]
        if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
            return True
    return False


def _change(pair: Pair, query: str) -> None:
    ask = Ask("set-up", "POST", f"/query?q={quote(query)}")
    exchange = pair.ask(ask)
    for answer in (exchange.live, exchange.mockflux):
        assert b"error" not in answer.body, (query, answer)


def _write(pair: Pair, database: str, write: Write, body: bytes) -> Exchange:
    params = {"db": {"same": database, "unknown": f"{database}x", "none": ""}[write.to]}
    params |= {"precision": write.precision, "rp": write.policy, "consistency": write.consistency}
    if write.pretty:
        params["pretty"] = "true"
    told = urlencode({name: value for name, value in params.items() if value})
    coding = encoding(write.form)
    headers = (f"Content-Encoding: {coding}",) if coding else ()
    ask = Ask("write", "POST", f"/write?{told}", headers, body)
    return pair.write(ask, HOUR if write.policy == "hour" else WEEK)


def _differ(exchange: Exchange) -> Iterator[Difference]:
    live, mine = comparable(exchange.live), comparable(exchange.mockflux)
    if live.status != mine.status:
        yield Difference("status", exchange, live.status, mine.status)
    if live.body != mine.body:
        yield Difference("body", exchange, live.body, mine.body)
    elif live.headers != mine.headers:
        yield Difference("headers", exchange, live.headers, mine.headers)


def _stored(
    pair: Pair, database: str, begun: int, sent: set[int], waits: Sequence[float]
) -> Iterator[Difference | Known]:
    """The first difference in what is stored, asked for again after such ``waits`` (s)."""
    for policy in ("autogen", *_MADE):
        where = f'"{database}"."{policy}"'
        queries = [
            f'SHOW FIELD KEYS ON "{database}" FROM "{policy}"./.*/',
            f'SHOW SERIES ON "{database}" FROM "{policy}"./.*/',
            f"SELECT * FROM {where}./.*/ GROUP BY *",
        ]
        if policy == "autogen":
            queries.append(f'SHOW TAG VALUES ON "{database}" WITH KEY =~ /.*/')
        for query in queries:
            ask = Ask(f"stored in {policy}", "GET", f"/query?epoch=ns&q={quote(query)}")
            for patience in (*waits, None):
                exchange = pair.ask(ask)
                live, mine = (_read(answer, begun, sent) for answer in (exchange.live, exchange.mockflux))
                if live == mine:
                    break
                if _only_order(live, mine):
                    yield NUL_IN_A_TAG
                    break
                if patience is None:  # one is enough: waiting takes long
                    yield Difference("stored", exchange, live, mine)
                    return
                time.sleep(patience)


def _only_order(live: Any, mine: Any) -> bool:
    """Whether the same groups come in another order, which a NUL in a tag can do."""
    pair = [[own for result in data.get("results", ()) for own in result.get("series", ())] for data in (live, mine)]
    nul = any("\x00" in value for own in pair[0] for value in own.get("tags", {}).values())
    return nul and sorted(map(repr, pair[0])) == sorted(map(repr, pair[1]))


def _read(answer: Answer, begun: int, sent: set[int]) -> Any:
    """What a reply tells is stored, but for the times that a server gave itself."""
    data = json.loads(answer.body, parse_float=str)
    now = range(begun - HOUR, time.time_ns() + HOUR)
    for result in data.get("results", ()):
        for series in result.get("series", ()):
            if series["columns"][:1] == ["time"]:
                for row in series.get("values", ()):
                    if row[0] in now and row[0] not in sent:
                        row[0] = "now"
    return data
