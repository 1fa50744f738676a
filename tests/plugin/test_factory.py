"""mockflux_server_factory: servers for wider scopes than a test."""

from __future__ import annotations

import re
import socket

import pytest

SCOPES = """
    import pytest

    @pytest.fixture(scope="session")
    def whole(mockflux_server_factory):
        return mockflux_server_factory("v2-oss", org="whole")

    @pytest.fixture(scope="module")
    def module(mockflux_server_factory):
        return mockflux_server_factory(org="module", clock="frozen")

    @pytest.fixture(scope="class")
    def klass(mockflux_server_factory):
        server = mockflux_server_factory(org="class")
        yield server
        server.stop()
"""


def test_servers_of_every_scope_until_the_session_ends(pytester, run):
    pytester.makepyfile(
        SCOPES
        + """
    seen = []

    class TestOne:
        def test_a(self, whole, module, klass, mockflux, send):
            assert [s.org for s in (whole, module, klass, mockflux)] == ["whole", "module", "class", "my-org"]
            for server in (whole, module, klass):
                assert send(server, b"m f=1 1") == 204
            seen.extend([whole, module, klass])

        def test_b(self, whole, module, klass):
            assert seen == [whole, module, klass]
            assert all(len(server.points()) == 1 for server in seen)
            print(f"PORTS {whole.port} {module.port} {klass.port}")

    class TestTwo:
        def test_c(self, whole, module, klass, send):
            assert seen[:2] == [whole, module] and seen[2] is not klass
            assert send(whole, b"m f=1 1") == 204
    """
    )
    result = run("-rA")
    result.assert_outcomes(passed=3)
    (line,) = [line for line in result.outlines if line.startswith("PORTS ")]
    for port in line.split()[1:]:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=5)


def test_misuse_is_told_where_it_happens(pytester, run):
    pytester.makepyfile(
        """
        import mockflux, pytest

        @pytest.mark.parametrize("arguments, error, text", [
            (dict(profile="v9"), mockflux.ProfileError, "unknown profile"),
            (dict(colour=3), TypeError, "has no switch 'colour'"),
        ])
        def test_wrong(mockflux_server_factory, arguments, error, text):
            with pytest.raises(error, match=text):
                mockflux_server_factory(**arguments)
        """
    )
    run().assert_outcomes(passed=2)


def test_its_servers_show_in_the_reports_of_those_tests_that_have_to_do_with_them(pytester, run):
    pytester.makepyfile(
        SCOPES
        + """
    def test_makes_them(whole, module): pass

    def test_talks_to_one(request, send):
        server = request.getfixturevalue("whole")
        send(server, b"first f=1")
        send(server, b"second f=1")
        assert False

    def test_takes_one(module):
        assert False

    def test_has_nothing_to_do_with_them():
        assert False

    def test_resets(send, whole):
        send(whole, b"third f=1")
        whole.reset()
        send(whole, b"fourth f=1")
        assert False

    def test_plans_a_fault(request, whole):
        whole.fail(503)

    def test_will_meet_it():
        assert False
    """
    )
    result = run("-p", "no:randomly")
    result.assert_outcomes(failed=5, passed=2)
    parts = re.split(r"(?m)^_+ test_(\w+) _+$", result.stdout.str().partition("short test summary")[0])
    stories = dict(zip(parts[1::2], parts[2::2], strict=True))
    talks, takes, nothing, resets, meets = (
        stories[name] for name in ("talks_to_one", "takes_one", "has_nothing_to_do_with_them", "resets", "will_meet_it")
    )
    assert "(fixture mockflux_server_factory)" in talks
    assert "1. POST" in talks
    assert "sent: second f=1" in talks
    assert "(fixture module)" in takes
    assert "no request came" in takes
    assert "(fixture whole)" not in takes
    assert "(fixture" not in nothing
    assert "requests before reset(): 1, not shown" in resets
    assert "sent: fourth f=1" in resets
    assert "first f=1" not in resets
    assert "planned, but not come to pass: Fault 503 [unavailable]: 0 of 1 times" in meets
    assert "POST" not in meets
