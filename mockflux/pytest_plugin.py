"""The pytest plugin: fixtures, markers, an option, and hooks that let a failing test tell what its servers saw.

    def test_writer(mockflux):
        my_app.flush(url=mockflux.url, token=mockflux.token, org=mockflux.org, bucket=mockflux.bucket)
        assert mockflux.points("home")

Pytest imports this module in every run of everyone who has mockflux installed. So it imports only what pytest has
loaded anyway; everything else comes with the first fixture, marker or option that needs it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockflux.public import Server
    from mockflux.watching import Watch

__all__ = ["NotSimulatedWarning", "ServerFactory"]

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
    arguments, by = _asked(request)
    watch = _watch(request.config)
    try:
        server = watch.start("mockflux", arguments, for_one_test=True)
    except (TypeError, ValueError, OSError, ImportError) as error:
        problem = getattr(error, "strerror", None) or error  # without the number of an OSError
        raise pytest.fail.Exception(f"{by}: {problem}", pytrace=False) from None
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mockflux_server_factory(request: pytest.FixtureRequest) -> Iterator[ServerFactory]:
    """Starts servers for fixtures of class, module or session scope: factory(profile, **as mockflux.Server)."""
    factory = ServerFactory(request.config)
    yield factory
    factory.stop()


class ServerFactory:
    """Starts servers and stops them all when the session ends.

        @pytest.fixture(scope="module")
        def influx(mockflux_server_factory):
            return mockflux_server_factory("v2-oss", clock="frozen")

    The arguments are those of :class:`mockflux.Server`, and so are the errors. Without a profile it takes that of
    ``--mockflux-profile``, the ini option ``mockflux_profile`` or ``MOCKFLUX_PROFILE``, else ``v2-oss``; markers do
    not count, since a server may outlive the test that carries one.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started: list[Server] = []

    def __call__(self, profile: str | os.PathLike[str] | None = None, **arguments: Any) -> Server:
        """A server that listens already. Raises what :class:`mockflux.Server` and its ``start()`` raise."""
        arguments["profile"] = _chosen(self._config)[0] if profile is None else profile
        server = _watch(self._config).start("mockflux_server_factory", arguments)
        self._started.append(server)
        return server

    def stop(self) -> None:
        """Stop the servers, the last one first."""
        while self._started:
            self._started.pop().stop()


def _watch(config: pytest.Config) -> Watch:
    from mockflux.watching import Watch

    return config.stash.setdefault(_WATCH, Watch())


def _asked(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    """The arguments of Server for the test that asks, and who chose them. Fails the test if its markers disagree."""
    marker = request.node.get_closest_marker("mockflux")
    arguments: dict[str, Any] = dict(marker.kwargs) if marker else {}
    profiles = [*(marker.args if marker else ()), *([arguments.pop("profile")] if "profile" in arguments else ())]
    edition = getattr(request, "param", None)
    if len(profiles) > 1:
        raise pytest.fail.Exception(
            f"@pytest.mark.mockflux takes one profile, not {len(profiles)}; for several there is "
            f"@pytest.mark.mockflux_editions",
            pytrace=False,
        )
    if edition is not None and profiles:
        raise pytest.fail.Exception(
            f"@pytest.mark.mockflux_editions chooses the profiles of this test, so @pytest.mark.mockflux must not name "
            f"one: leave {profiles[0]!r} out",
            pytrace=False,
        )
    if edition is not None:
        return {"profile": edition, **arguments}, "@pytest.mark.mockflux_editions"
    if profiles:
        return {"profile": profiles[0], **arguments}, "@pytest.mark.mockflux"
    profile, by = _chosen(request.config)
    by = " and ".join(filter(None, (by, "@pytest.mark.mockflux" if marker else "")))
    return {"profile": profile, **arguments}, by or "mockflux"


# ------------------------------------------------------------------------------------------ one test, many editions


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("mockflux_editions")
    if marker is None:
        return
    if "mockflux" in metafunc.fixturenames:
        profiles = _editions(metafunc.definition.nodeid, marker.args, marker.kwargs)
        ids = [Path(profile).stem if profile.endswith(".toml") else profile for profile in profiles]
        metafunc.parametrize("mockflux", profiles, ids=ids, indirect=True)
    elif marker in metafunc.definition.own_markers:  # one on a class or module is for those tests that use the fixture
        raise pytest.Collector.CollectError(f"{metafunc.definition.nodeid}: {_unused('mockflux_editions')}")


def _editions(nodeid: str, asked: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[str]:
    """The profiles that the marker names, each once. Raises CollectError for what is none."""
    from mockflux.profile import load_profile
    from mockflux.profile.load import concrete, find

    place = f"{nodeid}: @pytest.mark.mockflux_editions"
    if keywords or not asked:
        raise pytest.Collector.CollectError(
            f"{place} takes ids of profiles, or 'all'; switches and the like go to @pytest.mark.mockflux"
        )
    profiles: list[str] = []
    try:
        for name in map(os.fspath, asked):
            if name == "all":
                profiles += [known for known in concrete() if load_profile(known).standing == "documented"]
            else:
                find(name)
                profiles.append(name)
    except (TypeError, ValueError) as error:
        raise pytest.Collector.CollectError(f"{place}: {error}") from None
    return list(dict.fromkeys(profiles))


def _unused(marker: str) -> str:
    return (
        f"@pytest.mark.{marker} has no effect, since the test does not use the fixture mockflux; take it as an "
        f"argument or name it in @pytest.mark.usefixtures"
    )


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
        _tell(item, report, watch)
        if report.when == "teardown":
            watch.end()
    if report.when == "call" and report.passed and _marked_in_vain(item, watch):
        _fail(report, _unused("mockflux"))
    return report


def _tell(item: pytest.Item, report: pytest.TestReport, watch: Watch) -> None:
    """Warn of what is not simulated, fail a test in which mockflux went wrong, let a failed one tell its story."""
    if report.skipped or (report.passed and report.when == "setup"):
        return  # skipped, failed as expected, or just begun: there will be another report, that of the teardown
    from mockflux import report as text

    # A test is failed here, not by an exception in a teardown: that would give a passed test and an error beside it.
    errors, refused = watch.errors(), _warn(item, watch)
    broken = bool(errors) and report.passed
    if broken:
        _fail(report, text.of_errors(errors))
    elif refused and report.passed:
        _fail(report, "\n".join(refused))
    if report.failed:
        story = text.of_servers(watch.servers, getattr(item, "funcargs", {}), () if broken else errors)
        if story and story != watch.told:
            report.sections.append(("mockflux", story))
            watch.told = story


def _warn(item: pytest.Item, watch: Watch) -> list[str]:
    """Warn of requests that are not simulated. Returns those warnings that a filter turned into errors."""
    refused = []
    for sentence in watch.not_simulated():
        try:
            item.warn(NotSimulatedWarning(sentence))
        except NotSimulatedWarning:
            refused.append(sentence)
    return refused


def _fail(report: pytest.TestReport, text: str) -> None:
    """Fail a test that has passed. The first paragraph is the reason; what follows stands in a section of its own,
    since the summary at the end of a run may repeat the reason whole."""
    reason, _, details = text.partition("\n\n")
    report.outcome = "failed"
    report.longrepr = reason
    if details:
        report.sections.insert(0, ("inside mockflux", details))


def _marked_in_vain(item: pytest.Item, watch: Watch | None) -> bool:
    if not any(marker.name == "mockflux" for marker in item.own_markers):
        return False
    asked_for = "mockflux" in getattr(item, "fixturenames", ())
    return not asked_for and not (watch and any(server.for_one_test for server in watch.servers))
