"""What the plugin does once a test uses it: servers for fixtures, markers read, reports completed.

Apart from :mod:`mockflux.pytest_plugin` since pytest compiles a plugin anew in each run where it may not keep bytecode
(``PYTHONDONTWRITEBYTECODE``), and those who do not use mockflux should not have to wait for that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from mockflux import report as text
from mockflux.profile import load_profile
from mockflux.profile.load import concrete, find
from mockflux.watching import Watch

if TYPE_CHECKING:
    from mockflux.public import Server

#: The profile where neither marker nor argument names one, and by what it was chosen (empty: by nothing).
Chosen: TypeAlias = Callable[[], tuple[str, str]]


# ------------------------------------------------------------------------------------------ servers


def started(request: pytest.FixtureRequest, watch: Watch, chosen: Chosen) -> Server:
    """The server of the fixture ``mockflux`` for the test that asks, listening. Fails the test where there can be
    none."""
    arguments, by = asked(request, chosen)
    try:
        return watch.start("mockflux", arguments, for_one_test=True)
    except (TypeError, ValueError, OSError, ImportError) as error:
        problem = getattr(error, "strerror", None) or error  # without the number of an OSError
        raise pytest.fail.Exception(f"{by}: {problem}", pytrace=False) from None


class ServerFactory:
    """Starts servers and stops them all when the session ends.

        @pytest.fixture(scope="module")
        def influx(mockflux_server_factory):
            return mockflux_server_factory("v2-oss", clock="frozen")

    The arguments are those of :class:`mockflux.Server`, and so are the errors. Without a profile it takes that of
    ``--mockflux-profile``, the ini option ``mockflux_profile`` or ``MOCKFLUX_PROFILE``, else ``v2-oss``; markers do
    not count, since a server may outlive the test that carries one.
    """

    def __init__(self, watch: Watch, chosen: Chosen) -> None:
        self._watch, self._chosen = watch, chosen
        self._started: list[Server] = []

    def __call__(self, profile: str | os.PathLike[str] | None = None, **arguments: Any) -> Server:
        """A server that listens already. Raises what :class:`mockflux.Server` and its ``start()`` raise."""
        arguments["profile"] = self._chosen()[0] if profile is None else profile
        server = self._watch.start("mockflux_server_factory", arguments)
        self._started.append(server)
        return server

    def stop(self) -> None:
        """Stop the servers, the last one first."""
        while self._started:
            self._started.pop().stop()


def asked(request: pytest.FixtureRequest, chosen: Chosen) -> tuple[dict[str, Any], str]:
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
    profile, by = chosen()
    by = " and ".join(filter(None, (by, "@pytest.mark.mockflux" if marker else "")))
    return {"profile": profile, **arguments}, by or "mockflux"


# ------------------------------------------------------------------------------------------ one test, many editions


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Have a test with the marker ``mockflux_editions`` run once per profile."""
    marker = metafunc.definition.get_closest_marker("mockflux_editions")
    assert marker is not None
    if "mockflux" in metafunc.fixturenames:
        profiles = editions(metafunc.definition.nodeid, marker.args, marker.kwargs)
        ids = [Path(profile).stem if profile.endswith(".toml") else profile for profile in profiles]
        metafunc.parametrize("mockflux", profiles, ids=ids, indirect=True)
    elif marker in metafunc.definition.own_markers:  # one on a class or module is for those tests that use the fixture
        raise pytest.Collector.CollectError(f"{metafunc.definition.nodeid}: {unused('mockflux_editions')}")


def editions(nodeid: str, asked: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[str]:
    """The profiles that the marker names, each once. Raises CollectError for what is none."""
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


def unused(marker: str) -> str:
    return (
        f"@pytest.mark.{marker} has no effect, since the test does not use the fixture mockflux; take it as an "
        f"argument or name it in @pytest.mark.usefixtures"
    )


# ------------------------------------------------------------------------------------------ what a test is told


def tell(item: pytest.Item, report: pytest.TestReport, watch: Watch, warning: type[UserWarning]) -> None:
    """Warn of what is not simulated, fail a test in which mockflux went wrong, let a failed one tell its story."""
    if report.skipped or (report.passed and report.when == "setup"):
        return  # skipped, failed as expected, or just begun: there will be another report, that of the teardown
    # A test is failed here, not by an exception in a teardown: that would give a passed test and an error beside it.
    errors, refused = watch.errors(), _warn(item, watch, warning)
    broken = bool(errors) and report.passed
    if broken:
        fail(report, text.of_errors(errors))
    elif refused and report.passed:
        fail(report, "\n".join(refused))
    if report.failed:
        story = text.of_servers(watch.servers, getattr(item, "funcargs", {}), () if broken else errors)
        if story and story != watch.told:
            report.sections.append(("mockflux", story))
            watch.told = story


def _warn(item: pytest.Item, watch: Watch, warning: type[UserWarning]) -> list[str]:
    """Warn of requests that are not simulated. Returns those warnings that a filter turned into errors."""
    refused = []
    for sentence in watch.not_simulated():
        try:
            item.warn(warning(sentence))
        except warning:
            refused.append(sentence)
    return refused


def fail(report: pytest.TestReport, text: str) -> None:
    """Fail a test that has passed. The first paragraph is the reason; what follows stands in a section of its own,
    since the summary at the end of a run may repeat the reason whole."""
    reason, _, details = text.partition("\n\n")
    report.outcome = "failed"
    report.longrepr = reason
    if details:
        report.sections.insert(0, ("inside mockflux", details))
