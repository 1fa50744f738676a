"""The interpreter ends although a server still runs: quietly, and at once."""

from __future__ import annotations

import signal

import pytest


def test_with_connections_in_every_state(program):
    ended = program("connections = in_every_state(mockflux.Server().start())\nprint(len(connections))")
    assert ended == (0, "5\n")


@pytest.mark.parametrize("edition", ["v2-oss", "v3-core"])
def test_with_an_answer_under_way_and_what_it_needs_just_being_imported(program, edition):
    """Right after the first write has come; its answer is delayed for longer than anybody would wait. What imports
    something on the way out must not wait for a thread that is no more."""
    ended = program(
        f"""
class Late:
    def __del__(self):
        try:
            import fractions
        except ImportError:
            pass
        print("gone")

late = Late()
server = mockflux.Server({edition!r}).start()
connections = in_every_state(server)
server.fail(delay=600)
connections.append(socket.create_connection((server.host, server.port), timeout=20))
connections[-1].sendall(b"POST /api/v2/write?org=my-org&bucket=my-bucket HTTP/1.1\\r\\nHost: a\\r\\n"
                        b"Content-Length: 5\\r\\n\\r\\nm v=1")
server.wait_for(requests=2, timeout=20)
print("asked")
"""
    )
    assert ended == (0, "asked\ngone\n")


def test_in_the_middle_of_traffic(program):
    ended = program(
        """
server = mockflux.Server().start()

def flood():
    while True:
        try:
            write(server.host, server.port)
        except OSError:
            return

for _ in range(4):
    threading.Thread(target=flood, daemon=True).start()
server.wait_for(requests=50, timeout=20)
print("under way")
"""
    )
    assert ended == (0, "under way\n")


def test_with_tls_the_certificate_goes(program, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    ended = program("print(mockflux.Server(tls=True).start().ca_file)")
    assert ended.code == 0
    assert ended.printed.startswith(str(tmp_path))
    assert ended.printed.endswith(".pem\n")
    assert not list(tmp_path.glob("*.pem"))


def test_what_flushes_at_exit_is_answered(program):
    """As the batching client of influxdb_client does; also if it was registered before the server was there."""
    ended = program(
        """
import atexit

def flush():
    print(write(server.host, server.port), len(server.points()))
    with mockflux.Server("v3-core") as late:
        print(late.url.startswith("http://127.0.0.1:"))

atexit.register(flush)
server = mockflux.Server().start()
"""
    )
    assert ended == (0, "204 1\nTrue\n")


@pytest.mark.parametrize(
    ("ending", "code"), [("sys.exit(3)", 3), ("os._exit(4)", 4), ("os.kill(os.getpid(), 15)", -15)]
)
def test_the_exit_code_is_the_program_s_own(program, ending, code):
    ended = program(
        f"""
connections = in_every_state(mockflux.Server().start())
print(len(connections), flush=True)
{ending}
print("not reached")
"""
    )
    assert ended == (code, "5\n")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timer")
def test_the_program_s_own_signal_handlers_work_beside_a_server(program):
    """One that raises in the main thread, which waits for an answer: that is interrupted, and the server goes on."""
    ended = program(
        """
import signal

class Alarm(Exception):
    pass

def ring(number, frame):
    raise Alarm

signal.signal(signal.SIGALRM, ring)
with mockflux.Server() as server:
    server.fail(delay=600)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        write(server.host, server.port)
    except Alarm:
        print("interrupted")
    print(write(server.host, server.port))
    print([exchange.reply.status for exchange in server.journal])
"""
    )
    assert ended == (0, "interrupted\n204\n[204, 204]\n")


def test_stop_is_not_hung_up_by_ctrl_c(program):
    """In a block that Ctrl-C ends, while clients of all kinds are there."""
    ended = program(
        """
import _thread
try:
    with mockflux.Server() as server:
        connections = in_every_state(server)
        threading.Timer(0.1, _thread.interrupt_main).start()
        while True:
            time.sleep(0.01)
except KeyboardInterrupt:
    print("interrupted")
print([thread.name for thread in threading.enumerate() if thread.name.startswith("mockflux")])
for connection in connections:
    while connection.recv(1000):
        pass
print(len(connections), "closed")
"""
    )
    assert ended == (0, "interrupted\n[]\n5 closed\n")
