"""A live influxd and a mockflux side by side, for the tests of this folder.

What they share lies beside them, in modules named ``differential_…``: folders of tests are no packages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from differential_servers import Influxd, influxd
from differential_talk import Pair, Talk

from mockflux import Server

#: The edition that is compared, and the version of influxd that it speaks of.
PROFILE, VERSION = "v1-oss-1.6", "1.6.7"

_ABSENT = "no influxd: the differential test needs influxd 1.6.7 (Debian's package influxdb) on PATH or in /usr/bin"


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    program = influxd()
    if program is None:
        pytest.skip(_ABSENT)
    server = Influxd(program, tmp_path_factory.mktemp("influxd"))
    try:
        if not server.version.startswith(VERSION):
            pytest.skip(f"influxd is {server.version}: the differential test compares with {VERSION}")
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def pair(live: Influxd) -> Iterator[Pair]:
    """Both servers, and a connection to each."""
    with Server(PROFILE) as server, Talk(live.port) as of_live, Talk(server.port) as of_mockflux:
        yield Pair(of_live, of_mockflux, server)
