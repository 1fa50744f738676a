"""The pytest plugin: fixtures, markers, an option, and hooks that let a failing test tell what its servers saw.

    def test_writer(mockflux):
        my_app.flush(url=mockflux.url, token=mockflux.token, org=mockflux.org, bucket=mockflux.bucket)
        assert mockflux.points("home")

Pytest imports this module in every run of everyone who has mockflux installed. So it imports only what pytest has
loaded anyway, and says no more than pytest has to know of everybody; everything else comes with the first fixture,
marker or option that needs it, from :mod:`mockflux.fixtures`.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mockflux.fixtures import ServerFactory
    from mockflux.public import Server
    from mockflux.watching import Watch

__all__ = ["NotSimulatedWarning"]

ENVIRONMENT = "MOCKFLUX_PROFILE"
DEFAULT = "v2-oss"
MARKERS = (
    "mockflux(profile, **switches): the profile of the fixture mockflux, switches of that profile, and everything else "
    "that mockflux.Server takes (org=, clock=, tick=, tls= ...)",
    "mockflux_editions(*profiles): run the test once per profile; 'all' stands for every edition as documented",
)

#: The servers of the run; there is one only after the first fixture asked for a server.
_WATCH = pytest.StashKey["Watch"]()


class NotSimulatedWarning(UserWarning):
    """A test sent a request that a real server answers and mockflux does not simulate: it was told that there is no
    such path."""


# ------------------------------------------------------------------------------------------ configuration


def pytest_addoption(parser: pytest.Parser) -> None:
    text = f"profile of mockflux's fixtures: an edition's id or the path of a TOML file (default: {DEFAULT})"
    parser.getgroup("mockflux").addoption("--mockflux-profile", metavar="PROFILE", default=None, help=text)
    parser.addini("mockflux_profile", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    profile, by = _chosen(config)
    # An environment variable may be meant for other runs than this one: it is looked at when a fixture needs it.
    if by not in ("", ENVIRONMENT) and not hasattr(config, "workerinput"):
        from mockflux.profile import load_profile

        try:
            load_profile(profile)
        except ValueError as error:
            raise pytest.UsageError(f"{by}: {error}") from None


def pytest_report_header(config: pytest.Config) -> str | None:
    profile, by = _chosen(config)
    return f"mockflux: profile {profile} ({by})" if by else None


def _chosen(config: pytest.Config) -> tuple[str, str]:
    """The profile where neither marker nor argument names one, and by what it was chosen (empty: by nothing)."""
    here = config.invocation_params.dir
    option: str | None = config.getoption("mockflux_profile")
    if option is not None:
        return _located(option, here), "--mockflux-profile"
    if ini := config.getini("mockflux_profile"):
        return _located(ini, config.inipath.parent if config.inipath else here), "ini option mockflux_profile"
    if variable := os.environ.get(ENVIRONMENT):
        return _located(variable, here), ENVIRONMENT
    return DEFAULT, ""


def _located(profile: str, base: Path) -> str:
    """A path made absolute, so that a test may change its directory; an id as it is."""
    path = Path(profile)
    return str(base / path) if path.suffix == ".toml" or len(path.parts) > 1 else profile


# ------------------------------------------------------------------------------------------ fixtures


@pytest.fixture(name="mockflux")
def _fixture(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A simulated InfluxDB with a fresh world, listening; a mockflux.Server. Choose with @pytest.mark.mockflux."""
    from mockflux.fixtures import started

    server = started(request, _watch(request.config), partial(_chosen, request.config))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mockflux_server_factory(request: pytest.FixtureRequest) -> Iterator[ServerFactory]:
    """Starts servers for fixtures of class, module or session scope: factory(profile, **as mockflux.Server)."""
    from mockflux.fixtures import ServerFactory

    factory = ServerFactory(_watch(request.config), partial(_chosen, request.config))
    yield factory
    factory.stop()


def _watch(config: pytest.Config) -> Watch:
    from mockflux.watching import Watch

    return config.stash.setdefault(_WATCH, Watch())


# ------------------------------------------------------------------------------------------ one test, many editions


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("mockflux_editions") is not None:
        from mockflux.fixtures import parametrize

        parametrize(metafunc)


# ------------------------------------------------------------------------------------------ during a test


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    watch = item.config.stash.get(_WATCH, None)
    if watch is not None:
        watch.begin()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    watch = item.config.stash.get(_WATCH, None)
    if watch is not None:
        from mockflux.fixtures import tell

        tell(item, report, watch, NotSimulatedWarning)
        if report.when == "teardown":
            watch.end()
    if report.when == "call" and report.passed and _marked_in_vain(item, watch):
        from mockflux.fixtures import fail, unused

        fail(report, unused("mockflux"))
    return report


def _marked_in_vain(item: pytest.Item, watch: Watch | None) -> bool:
    if not any(marker.name == "mockflux" for marker in item.own_markers):
        return False
    asked_for = "mockflux" in getattr(item, "fixturenames", ())
    return not asked_for and not (watch and any(server.for_one_test for server in watch.servers))
