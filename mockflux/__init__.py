"""mockflux: a simulated InfluxDB for tests.

    import mockflux

    with mockflux.Server("v2-oss") as server:
        my_app.flush(url=server.url, token=server.token, org=server.org, bucket=server.bucket)
        assert server.points("home")

Importing this package imports nothing else: names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockflux._version import VERSION as __version__

if TYPE_CHECKING:
    from mockflux.clock import Clock as Clock
    from mockflux.faults import Fault as Fault
    from mockflux.journal import Exchange as Exchange
    from mockflux.journal import Journal as Journal
    from mockflux.profile.errors import ProfileError as ProfileError
    from mockflux.public import Server as Server
    from mockflux.pytest_plugin import NotSimulatedWarning as NotSimulatedWarning
    from mockflux.reasons import Rejection as Rejection
    from mockflux.reasons import Verdict as Verdict
    from mockflux.storage.table import Point as Point

#: Where each public name lives.
_HOME = {
    "Clock": "mockflux.clock",
    "Exchange": "mockflux.journal",
    "Fault": "mockflux.faults",
    "Journal": "mockflux.journal",
    "NotSimulatedWarning": "mockflux.pytest_plugin",
    "Point": "mockflux.storage.table",
    "ProfileError": "mockflux.profile.errors",
    "Rejection": "mockflux.reasons",
    "Server": "mockflux.public",
    "Verdict": "mockflux.reasons",
}

__all__ = [
    "Clock",
    "Exchange",
    "Fault",
    "Journal",
    "NotSimulatedWarning",
    "Point",
    "ProfileError",
    "Rejection",
    "Server",
    "Verdict",
    "__version__",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'mockflux' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
