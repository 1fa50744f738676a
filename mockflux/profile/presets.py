"""``preset`` in a table of ``[write]``: a name for several settings, which are put in its place as a file is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockflux.writing.rules import PRESETS


def spelt_out(data: Mapping[str, Any]) -> dict[str, Any]:
    """The sections of a file, or of a switch's value, with every preset of ``[write]`` spelt out; what stands beside
    the preset counts more than the preset does."""
    result = dict(data)
    if isinstance(data.get("write"), dict):
        result["write"] = _tables(data["write"])
    if isinstance(data.get("switches"), dict):
        result["switches"] = {name: _switch(switch) for name, switch in data["switches"].items()}
    return result


def _switch(switch: Any) -> Any:
    if not isinstance(switch, dict) or not isinstance(switch.get("values"), dict):
        return switch
    overlays = {value: spelt_out(o) if isinstance(o, dict) else o for value, o in switch["values"].items()}
    return {**switch, "values": overlays}


def _tables(table: Mapping[str, Any]) -> dict[str, Any]:
    inner = {key: _tables(value) if isinstance(value, dict) else value for key, value in table.items()}
    named = inner.get("preset")
    if not isinstance(named, str) or named not in PRESETS:  # what is no preset is told by the form
        return inner
    del inner["preset"]
    return {**PRESETS[named], **inner}
