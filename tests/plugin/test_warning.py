"""Never a lie: requests that mockflux does not simulate are a warning of the test that sent them."""

from __future__ import annotations

SENTENCE = (
    "mockflux does not simulate GET /api/v2/tasks (2 times), POST /api/v2/labels (once): answered as a path that "
    "v2-oss does not have, while a real server has it"
)
TEST = """
    import pytest

    def test_it(mockflux, send):
        send(mockflux, path="/api/v2/tasks")
        send(mockflux, path="/api/v2/tasks")
        send(mockflux, path="/api/v2/labels", method="POST")
        send(mockflux, path="/no/such/path")
"""


def test_it_is_in_the_summary_at_the_place_of_the_test(pytester, run):
    pytester.makepyfile(TEST)
    result = run()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([f"*test_it_is*.py:3: NotSimulatedWarning: {SENTENCE}"])


def test_what_came_before_reset_counts(pytester, run):
    pytester.makepyfile(TEST + "        mockflux.reset()\n")
    result = run()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([f"*NotSimulatedWarning: {SENTENCE}"])


def test_a_filter_makes_it_a_failure(pytester, run_apart):
    pytester.makepyfile(TEST)
    result = run_apart("-W", "error::mockflux.pytest_plugin.NotSimulatedWarning")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_it _*",
            SENTENCE,
            "*- mockflux -*",
            "not simulated: GET /api/v2/tasks (2 times)",
            "not simulated: POST /api/v2/labels (once)",
            "FAILED *::test_it*",
        ]
    )


def test_a_filter_silences_it(pytester, run):
    pytester.makepyfile(
        TEST.replace("def test_it", '@pytest.mark.filterwarnings("ignore:mockflux does not simulate")\n    def test_it')
    )
    run("-W", "error").assert_outcomes(passed=1)


def test_with_other_failures_it_is_one_line_more(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def sore(mockflux, send):
            yield
            send(mockflux, path="/api/v2/tasks")
            raise RuntimeError("sore")

        def test_fail(mockflux, send):
            send(mockflux, path="/api/v2/tasks")
            assert False

        def test_sore(sore): pass

        @pytest.mark.xfail
        def test_xfail(mockflux, send):
            send(mockflux, path="/api/v2/tasks")
            assert False
        """
    )
    result = run("-W", "error")
    result.assert_outcomes(failed=1, passed=1, errors=2, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *::test_fail - assert False",
            "ERROR *::test_sore - RuntimeError: sore",
            "ERROR *::test_xfail*",
        ]
    )
    assert result.outlines.count("not simulated: GET /api/v2/tasks (once)") == 3
    run().assert_outcomes(failed=1, passed=1, errors=1, xfailed=1, warnings=3)


def test_each_test_warns_of_its_own_requests_to_a_shared_server(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        def shared(mockflux_server_factory):
            return mockflux_server_factory()

        def test_a(shared, send):
            send(shared, path="/api/v2/tasks")

        def test_b(shared, send):
            send(shared, b"m f=1")

        def test_c(shared, send):
            send(shared, path="/api/v2/tasks")
            send(shared, path="/api/v2/tasks")
        """
    )
    result = run("-p", "no:randomly")
    result.assert_outcomes(passed=3, warnings=2)
    result.stdout.fnmatch_lines(["*:7: * GET /api/v2/tasks (once): *", "*:13: * GET /api/v2/tasks (2 times): *"])


def test_nothing_to_warn_of(pytester, run):
    pytester.makepyfile("def test_it(mockflux, send): assert send(mockflux, b'm f=1') == 204")
    run("-W", "error").assert_outcomes(passed=1, warnings=0)


def test_a_query_by_flight_is_told_as_such(pytester, run):
    pytester.makepyfile(
        """
        import socket
        import pytest

        @pytest.mark.mockflux("v3-core")
        def test_it(mockflux):
            with socket.create_connection((mockflux.host, mockflux.port)) as client:
                client.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n")
                assert client.recv(100) == b""
        """
    )
    result = run()
    result.assert_outcomes(passed=1, warnings=1)
    wanted = "queries by Arrow Flight (gRPC): the connection was closed, while a real server of v3-core answers them"
    assert f"NotSimulatedWarning: mockflux does not simulate {wanted}" in result.stdout.str()
