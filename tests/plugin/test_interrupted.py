"""Ctrl-C during a run: pytest ends as it does without us, and no server is left behind."""

from __future__ import annotations

import pytest

TELL = '''
import socket, threading

ports = []

def pytest_unconfigure(config):
    """Tell, at the very end, which servers are still there."""
    for port in ports:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=20).close()
            print(f"port {port} is open")
        except ConnectionRefusedError:
            print("port closed")
    print("threads:", [thread.name for thread in threading.enumerate() if thread.name.startswith("mockflux")])
'''


@pytest.mark.parametrize(
    "interruption",
    [
        "raise KeyboardInterrupt",
        "_thread.interrupt_main()\n    time.sleep(60)",
        # A signal while the test waits for an answer that does not come.
        "mockflux.fail(delay=600)\n    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    send(mockflux, b'm f=1')",
    ],
    ids=["raised", "in a test", "waiting for an answer"],
)
def test_ctrl_c(pytester, run_apart, interruption):
    conftest = pytester.path / "conftest.py"
    conftest.write_text(conftest.read_text() + TELL)
    pytester.makepyfile(
        f"""
import _thread, os, signal, threading, time
import pytest

@pytest.fixture(scope="session")
def shared(mockflux_server_factory, request):
    return mockflux_server_factory("v3-core")

def test_interrupted(mockflux, shared, send, request):
    ports = request.config.pluginmanager.getplugin(str(request.config.rootpath / "conftest.py")).ports
    ports += [mockflux.port, shared.port]
    assert send(mockflux, b"m f=1") == 204
    {interruption}

def test_not_reached(mockflux):
    raise AssertionError
"""
    )
    result = run_apart("-p", "no:xdist", "-s")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert result.stdout.str().count("port closed") == 2
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*", "threads: [[]]"])
    assert result.stderr.str() == ""


def test_a_run_in_which_a_server_is_never_stopped_ends(pytester, run_apart):
    pytester.makepyfile(
        """
        import socket
        from mockflux import Server

        def test_forgets_it(send):
            server = Server().start()
            test_forgets_it.client = socket.create_connection((server.host, server.port))
            assert send(server, b"m f=1") == 204
        """
    )
    result = run_apart("-p", "no:xdist")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
