"""Signals end ``mockflux serve`` whatever its clients are in the middle of."""

from __future__ import annotations

import json
import signal
import socket

import pytest

DEADLINE = 30.0
SIGNALS = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
#: Heads and bodies that are not whole, and one head that is none.
SENT = {
    "nothing": b"",
    "half a head": b"POST /api/v2/wri",
    "half a body": b"POST /api/v2/write HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhome te",
    "half a chunk": b"POST /write HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    "no request": b"GET /a b\r\n\r\n",
}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_with_clients_in_the_middle_of_something(serve, post, number):
    served = serve("--json")
    [told] = json.loads(served.out.line())
    clients = []
    for sent in SENT.values():
        clients.append(socket.create_connection((told["host"], told["port"]), timeout=DEADLINE))
        clients[-1].sendall(sent)
    assert post(told["url"], b"home temp=1")[0] == 204
    assert served.end(number) == 0
    rest = served.log.rest()
    assert rest[-1].startswith("v2-oss: ")
    assert rest[-1].endswith("1 point in my-bucket")
    assert not [line for line in rest if "Traceback" in line or "Error" in line]
    for client in clients:
        with client:
            while client.recv(1000):
                pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((told["host"], told["port"]), timeout=DEADLINE)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot hold a process up")
def test_two_signals_at_once(serve, post):
    """Who asks twice cuts nothing short: all summaries are written, and the exit code is that of success."""
    served = serve("--json", "v2-oss", "v3-core")
    told = json.loads(served.out.line())
    assert post(told[0]["url"], b"home temp=1")[0] == 204
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM):  # both come when it goes on
        served.process.send_signal(number)
    assert served.end(signal.SIGCONT) == 0
    assert [line.split(":")[0] for line in served.log.rest()[-2:]] == ["v2-oss", "v3-core"]
