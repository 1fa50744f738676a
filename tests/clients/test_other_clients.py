"""What clients are given that need not be installed, and what they would send, sent by hand."""

from __future__ import annotations

import base64
import http.client
import sys
from typing import Any

import pytest

from mockflux import Server


def test_arguments_of_the_v1_client(server: Server) -> None:
    assert server.client_kwargs("influxdb") == {
        "host": "127.0.0.1",
        "port": server.port,
        "username": "my-user",
        "password": "my-token",
        "database": "my-bucket",
    }


def test_arguments_of_the_v1_client_with_tls() -> None:
    with Server("v2-oss", tls=True) as server:
        arguments = server.client_kwargs("influxdb")
        assert arguments["ssl"] is True
        assert arguments["verify_ssl"] == server.ca_file


def test_a_client_that_is_not_installed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "influxdb", None)
    with pytest.raises(ImportError, match=r"client\('influxdb'\) needs the package that provides influxdb"):
        server.client("influxdb")


@pytest.mark.parametrize("ask", ["client", "client_kwargs"])
def test_a_client_that_does_not_fit(server: Server, ask: str) -> None:
    with pytest.raises(
        ValueError, match=r"^the client 'influxdb_client_3' does not fit v2-oss; clients that do: "
    ) as e:
        getattr(server, ask)("influxdb_client_3")
    assert str(e.value).endswith("influxdb_client, influxdb")


def v1_write(server: Server, body: bytes, *, query: str, user: str, password: str) -> tuple[int, dict[str, str], bytes]:
    """A write as influxdb-python sends it: db before precision, a newline at the end, Basic, msgpack welcome."""
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    try:
        connection.request(
            "POST",
            f"/write?{query}",
            body,
            {
                "Content-Type": "application/octet-stream",
                "Accept": "application/x-msgpack",
                "Authorization": f"Basic {credentials}",
            },
        )
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_a_write_of_the_v1_client(server: Server) -> None:
    arguments: dict[str, Any] = server.client_kwargs("influxdb")
    login = {"user": arguments["username"], "password": arguments["password"]}
    query = f"db={arguments['database']}&precision=s"
    status, headers, body = v1_write(server, b"cpu,host=a load=0.64 1700000000\n", query=query, **login)
    assert (status, body) == (204, b"")
    assert headers["X-Influxdb-Version"] == server.profile.version
    assert [(p.measurement, p.tags, p.fields, p.time) for p in server.points()] == [
        ("cpu", {"host": "a"}, {"load": 0.64}, 1_700_000_000_000_000_000)
    ]
    assert server.journal[-1].door == "v1-write"


def test_the_v1_client_s_own_default_login_is_refused(server: Server) -> None:
    status, _, body = v1_write(server, b"cpu v=1\n", query="db=my-bucket", user="root", password="root")
    assert (status, body) == (401, b'{"code":"unauthorized","message":"Unauthorized"}')
    assert server.points() == []


def test_a_database_that_no_bucket_stands_for(server: Server) -> None:
    status, _, body = v1_write(server, b"cpu v=1\n", query="db=telegraf", user="any", password="my-token")
    assert (status, body) == (404, b'{"code":"not found","message":"no dbrp mapping found"}')
    server.create_mapping("telegraf", retention_policy="week")
    for query, expected in (("db=telegraf", 204), ("db=telegraf&rp=week", 204), ("db=telegraf&rp=year", 404)):
        assert v1_write(server, b"cpu v=1 1\n", query=query, user="any", password="my-token")[0] == expected
    assert len(server.points("cpu")) == 1
