"""The plugin among others: what it imports, how it is found, xdist, asyncio, unittest, random order."""

from __future__ import annotations

import os


def loaded_modules(pytester, *arguments: str) -> set[str]:
    """The modules that are loaded at the end of a run of one empty test."""
    pytester.makepyfile(
        """
        import sys
        def test_it():
            pass
        def test_modules():
            open("modules.txt", "w").write("\\n".join(sys.modules))
        """
    )
    (pytester.path / "conftest.py").unlink(missing_ok=True)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments).assert_outcomes(passed=2)
    return set((pytester.path / "modules.txt").read_text().split("\n"))


def test_unused_it_loads_nothing_that_pytest_does_not_load(pytester):
    plain = loaded_modules(pytester)
    ours = loaded_modules(pytester, "-p", "mockflux.pytest_plugin")
    assert ours - plain == {"mockflux", "mockflux._version", "mockflux.pytest_plugin"}


def test_the_entry_point_loads_it_and_its_name_keeps_it_out(pytester, monkeypatch):
    """As installed: a distribution on the path whose entry point is that of setup.cfg."""
    info = pytester.path / "site" / "mockflux-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mockflux\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[pytest11]\nmockflux = mockflux.pytest_plugin\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(info.parent), os.environ["PYTHONPATH"]]))
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("def test_it(mockflux): assert mockflux.url")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:mockflux")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'mockflux' not found"])


def test_workers_random_order_and_async_tests_together(pytester, run_apart):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nasyncio_mode = auto\n")
    pytester.makepyfile(
        r"""
        import asyncio, os, pathlib
        import pytest

        sent_here = []

        @pytest.fixture(scope="session")
        def shared(mockflux_server_factory):
            server = mockflux_server_factory()
            pathlib.Path(f"{os.environ['PYTEST_XDIST_WORKER']}.{server.port}").touch()
            return server

        @pytest.mark.parametrize("n", range(8))
        async def test_async(mockflux, shared, send, n):
            loop = asyncio.get_running_loop()
            sent = [loop.run_in_executor(None, send, mockflux, b"m f=1 %d" % t) for t in range(5)]
            assert await asyncio.gather(*sent) == [204] * 5
            assert len(mockflux.points()) == 5
            assert send(shared, b"m f=1 1") == 204
            sent_here.append(n)
            assert shared.journal.total == len(sent_here), "no other worker writes here"

        def test_fails(mockflux, send):
            send(mockflux, b"m\xff f=\x1b")
            send(mockflux, path="/api/v2/tasks")
            assert False

        def test_breaks(mockflux, send, monkeypatch):
            monkeypatch.setattr(mockflux.world, "note", None)
            send(mockflux, b"m f=1")

        @pytest.mark.mockflux_editions("all")
        def test_everywhere(mockflux): pass
        """
    )
    result = run_apart(
        "-p", "xdist", "-p", "pytest_asyncio.plugin", "-p", "pytest_randomly", "-n", "2", "--mockflux-profile=v2-oss"
    )
    assert result.parseoutcomes()["failed"] == 2
    assert result.parseoutcomes()["passed"] >= 9
    served = [file.name.split(".") for file in pytester.path.glob("gw*.*")]
    assert {worker for worker, _ in served} == {"gw0", "gw1"}
    assert len({port for _, port in served}) == len(served) == 2, "each worker has one of its own"
    text = result.stdout.str()
    assert "mockflux: profile v2-oss (--mockflux-profile)" in text
    assert r"sent: m\xff f=\x1b" in text
    assert "not simulated: GET /api/v2/tasks (once)" in text
    assert "mockflux met an exception of its own" in text
    assert text.count("NotSimulatedWarning: mockflux does not simulate GET /api/v2/tasks (once)") == 1


def test_unittest_classes(pytester, run):
    pytester.makepyfile(
        """
        import unittest
        import pytest

        @pytest.mark.mockflux(org="acme")
        @pytest.mark.usefixtures("server")
        class TestOld(unittest.TestCase):
            @pytest.fixture
            def server(self, mockflux):
                self.influx = mockflux

            def test_pass(self):
                self.assertEqual(self.influx.org, "acme")

            def test_fail(self):
                self.assertEqual(self.influx.org, "other")
        """
    )
    result = run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- mockflux -*", "v2-oss at *(fixture mockflux)"])
