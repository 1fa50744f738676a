"""``mockflux serve`` in a process of its own: what it prints, takes from its environment, logs, and how it ends."""

import contextlib
import http.client
import json
import os
import random
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DEADLINE = 30.0
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def document(served):
    """The one line of JSON."""
    return json.loads(served.out.line())


def exports(served):
    """The variables that it tells, as a shell would have them."""
    lines = [served.out.until("export ")]
    while not lines[-1].startswith("export INFLUX_BUCKET_ID="):
        lines.append(served.out.line())
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_write_is_answered_and_logged_and_a_signal_ends_it(serve, post, number):
    served = serve()
    url = served.out.line()
    assert urlsplit(url).scheme == "http"
    assert urlsplit(url).hostname == "127.0.0.1"
    assert post(url, b"home temp=21.5") == (204, b"")
    line = served.log.line()
    assert " POST /api/v2/write?org=my-org&bucket=my-bucket 204 [accepted] 1 accepted, 0 rejected, 14 B in" in line
    served.out.until("export INFLUX_BUCKET_ID=")
    assert served.end(number) == 0
    assert served.log.rest() == ["v2-oss: 1 request; 1 point in my-bucket"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=DEADLINE)


def test_what_it_prints_can_be_used(serve):
    served = serve("--org", "it's müne", "--token", "$HOME")
    url = served.out.line()
    command = served.out.until("curl ")
    told = exports(served)
    assert (told["INFLUX_URL"], told["INFLUX_ORG"], told["INFLUX_TOKEN"]) == (url, "it's müne", "$HOME")
    words = shlex.split(command)
    assert words[-1] == f"{url}/api/v2/write?org=it%27s%20m%C3%BCne&bucket=my-bucket"
    assert "Authorization: Token $HOME" in words


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize("arguments", [(), ("--tls",)], ids=["http", "https"])
def test_the_curl_line_writes_a_point(serve, arguments):
    served = serve("--bucket", "o'brien & $co", *arguments)
    command = served.out.until("curl ")
    done = subprocess.run(["sh", "-c", f"{command} --silent --noproxy '*'"], capture_output=True, timeout=DEADLINE)
    assert done.stdout.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert "[accepted] 1 accepted" in served.log.line()


def test_open_connections_do_not_hold_it_up(serve):
    served = serve("--json")
    [told] = document(served)
    address = (told["host"], told["port"])
    with (
        contextlib.closing(http.client.HTTPConnection(*address, timeout=DEADLINE)) as kept,
        socket.create_connection(address, timeout=DEADLINE) as half,
    ):
        kept.request("GET", "/ping")
        assert kept.getresponse().status == 204
        half.sendall(b"POST /api/v2/write HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhome ")
        assert served.end() == 0
        with contextlib.suppress(ConnectionResetError):  # as it happens to be caught: between two reads, or before one
            assert half.recv(1) == b""


def test_json_is_one_line_and_then_silence(serve, post):
    served = serve("--json", "--seed", "7")
    [told] = document(served)
    assert told["url"] == f"http://{told['host']}:{told['port']}"
    assert (told["id"], told["token"], told["org"], told["bucket"]) == ("v2-oss", "my-token", "my-org", "my-bucket")
    assert told["env"]["INFLUX_ORG_ID"] == told["org_id"]
    assert told["ca_file"] is None
    assert post(told["url"], b"home temp=1", query=f"orgID={told['org_id']}&bucket=my-bucket")[0] == 204
    assert served.end() == 0
    assert len(served.log.rest()) == 2, "the request, and what there was at the end"


def test_the_log_tells_what_was_wrong(serve, post):
    served = serve("--json", "--clock", "2026-01-31T12:00:00.5+01:00")
    [told] = document(served)
    assert post(told["url"], b"home temp=1\nhome,\x1b[2J")[0] == 400
    line = served.log.line()
    assert line.startswith("2026-01-31T11:00:00.500Z POST /api/v2/write?")
    assert "400 [points_rejected] 0 accepted, 1 rejected, 21 B in" in line
    assert "- line 2: unable to parse 'home,\\x1b[2J'" in line
    assert post(told["url"], b"home temp=1", token="not-the-token")[0] == 401
    assert " 401 [token_unknown] 11 B in" in served.log.line()
    assert post(told["url"].replace("/api", ""), b"home temp=1", query="org=a&bucket=b&token=sesamesesame")[0] == 404
    assert "sesame" not in served.log.line()


def test_each_request_advances_the_clock(serve, post):
    served = serve("--json", "--clock", "2026-01-31T12:00:00Z", "--tick", "0.25", "--switch", "date_header=clock")
    [told] = document(served)
    for second in ("00.250", "00.500", "00.750", "01.000"):
        assert post(told["url"], b"home temp=1")[0] == 204
        assert served.log.line().startswith(f"2026-01-31T12:00:{second}Z POST /api/v2/write?")
    with urllib.request.urlopen(told["url"] + "/ping", timeout=DEADLINE) as answer:
        assert answer.headers["Date"] == "Sat, 31 Jan 2026 12:00:01 GMT"


def test_the_log_flags_what_is_not_simulated(serve):
    served = serve("--json")
    [told] = document(served)
    connection = http.client.HTTPConnection(told["host"], told["port"], timeout=DEADLINE)
    connection.request("GET", "/api/v2/telegrafs", headers={"Authorization": "Token my-token"})
    assert connection.getresponse().status == 404
    connection.close()
    assert " GET /api/v2/telegrafs 404 [" in served.log.until("NOT SIMULATED")


def test_quiet(serve, post):
    served = serve("--json", "--quiet")
    assert post(document(served)[0]["url"], b"home temp=1")[0] == 204
    assert served.end() == 0
    assert served.log.rest() == []


# -------------------------------------------------------------------- the environment


def test_the_variables_of_the_image(serve, post, tmp_path):
    (tmp_path / "token").write_bytes(b"s3cret\n\n")
    (tmp_path / "password").write_bytes(b"from-windows\r\n")
    served = serve(
        "--json", "--bucket", "chosen",
        DOCKER_INFLUXDB_INIT_MODE="setup",
        DOCKER_INFLUXDB_INIT_ORG="plant",
        DOCKER_INFLUXDB_INIT_BUCKET="overruled",
        DOCKER_INFLUXDB_INIT_BUCKET_FILE=str(tmp_path / "not-even-read"),
        DOCKER_INFLUXDB_INIT_USERNAME="",
        DOCKER_INFLUXDB_INIT_PASSWORD_FILE=str(tmp_path / "password"),
        DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE=str(tmp_path / "token"),
        DOCKER_INFLUXDB_INIT_RETENTION="1w",
    )  # fmt: skip
    [told] = document(served)
    assert (told["org"], told["bucket"], told["user"]) == ("plant", "chosen", "my-user")
    assert (told["password"], told["token"]) == ("from-windows", "s3cret")
    assert "DOCKER_INFLUXDB_INIT_RETENTION is not simulated" in served.log.line()


def test_the_variables_of_the_image_are_what_the_server_goes_by(serve, post):
    served = serve("--json", DOCKER_INFLUXDB_INIT_ORG="plant", DOCKER_INFLUXDB_INIT_BUCKET="b",
                   DOCKER_INFLUXDB_INIT_ADMIN_TOKEN="t0ken")  # fmt: skip
    [told] = document(served)
    assert post(told["url"], b"home temp=1", token="t0ken", query="org=plant&bucket=b")[0] == 204
    assert post(told["url"], b"home temp=1", query="org=plant&bucket=b")[0] == 401


def test_the_profile_from_the_environment(serve, mine):
    assert document(serve("--json", MOCKFLUX_PROFILE=mine))[0]["id"] == "mine"
    assert document(serve("--json", "v2-oss", MOCKFLUX_PROFILE=mine))[0]["id"] == "v2-oss"
    assert document(serve("--json", MOCKFLUX_PROFILE=""))[0]["id"] == "v2-oss"


# -------------------------------------------------------------------- several profiles, switches, TLS


def test_several_profiles(serve, post, mine):
    served = serve("--json", "v2-oss", mine, "--switch", "max_body=5")
    told = document(served)
    assert [server["id"] for server in told] == ["v2-oss", "mine"]
    assert told[0]["port"] != told[1]["port"]
    assert post(told[1]["url"], b"home temp=1")[0] == 413
    assert " mine POST /api/v2/write?" in served.log.line()
    assert post(told[0]["url"], b"m f=1")[0] == 204
    assert " v2-oss POST /api/v2/write?" in served.log.line()
    assert served.end() == 0


def test_several_profiles_in_text(serve, mine):
    served = serve("v2-oss", mine)
    first = served.out.line()
    assert served.out.line() == "  edition   v2-oss (InfluxDB OSS v2, as documented)"
    assert exports(served)["INFLUX_URL"] == first
    assert served.out.line() == ""
    second = served.out.line()
    assert served.out.line() == "  edition   mine (Mine)"
    assert exports(served)["INFLUX_URL"] == second != first


def free_pair() -> int:
    """A port that is free, and so is the next; not from the range from which systems give ports away."""
    for port in random.sample(range(10_000, 30_000), 100):
        both = [("127.0.0.1", port), ("127.0.0.1", port + 1)]
        with contextlib.suppress(OSError), socket.create_server(both[0]), socket.create_server(both[1]):
            return port
    raise AssertionError("no two free ports side by side")


def test_several_profiles_take_consecutive_ports(serve, mine):
    port = free_pair()
    told = document(serve("--json", "--port", str(port), "v2-oss", mine))
    assert [server["port"] for server in told] == [port, port + 1]


def test_tls(serve, post):
    served = serve("--tls", "--json")
    [told] = document(served)
    assert told["url"].startswith("https://")
    assert told["env"]["SSL_CERT_FILE"] == told["ca_file"]
    trust = ssl.create_default_context(cafile=told["ca_file"])
    assert post(told["url"], b"home temp=1", context=trust)[0] == 204
    assert served.end() == 0
    assert not Path(told["ca_file"]).exists()


def test_a_port_that_is_taken(serve, mine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = serve("--port", str(port))
        assert served.process.wait(DEADLINE) == 2
        assert served.log.rest() == [
            f"mockflux: port {port} on 127.0.0.1 is in use; choose another one, or 0 for any that is free"
        ]
        assert served.out.rest() == []


def test_the_second_port_is_taken(serve, mine):
    """Nothing has been told of the first server, and it is gone."""
    port = free_pair()
    with socket.create_server(("127.0.0.1", port + 1)):
        served = serve("--port", str(port), "--tls", "v2-oss", mine, TMPDIR=os.path.dirname(mine))
        assert served.process.wait(DEADLINE) == 2
        [complaint] = served.log.rest()
        assert complaint.startswith(f"mockflux: port {port + 1} on 127.0.0.1 is in use")
        assert served.out.rest() == []
    assert os.listdir(os.path.dirname(mine)) == ["mine.toml"]


def test_a_reader_that_went_away(environment):
    """No traceback, nothing left running."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "mockflux", "serve"], env=environment, stdin=subprocess.DEVNULL,
        stdout=write, stderr=subprocess.PIPE, timeout=DEADLINE, text=True,
    )  # fmt: skip
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == ""


def test_whether_one_is_asked_who_one_is(serve):
    for options, status in (((), 204), (("--auth",), 401)):
        served = serve("v1-oss-1.6", *options, "--json")
        (server,) = document(served)
        with contextlib.closing(http.client.HTTPConnection(server["host"], server["port"], timeout=DEADLINE)) as client:
            client.request("POST", "/write?db=mydb", b"m v=1")
            assert client.getresponse().status == status
        assert (server["user"] is None) == (status == 204)
