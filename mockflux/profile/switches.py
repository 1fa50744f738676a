"""Switches: named options of a profile that a user may set, each value an overlay of sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockflux.profile.errors import ProfileError, one_of
from mockflux.profile.forms import SECTIONS, SWITCH, WHOLE
from mockflux.profile.load import Data, Merged, over
from mockflux.profile.schema import dotted


def switch_values(merged: Merged, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every switch: what the user chose, else its default.

    Raises TypeError for a switch that the profile does not have (it lists those it has), ValueError for a value that
    the switch does not take.
    """
    switches = merged.data.get("switches", {})
    unknown = sorted(set(chosen) - set(switches))
    if unknown:
        known = ", ".join(f"{name}={switches[name]['default']!r}" for name in sorted(switches)) or "none"
        raise TypeError(f"{merged.data['edition']['id']} has no switch {unknown[0]!r}; its switches are: {known}")
    values = {}
    for name, switch in switches.items():
        value = chosen.get(name, switch["default"])
        options = switch.get("values")
        if options is not None and _word(value) not in options:
            raise ValueError(f"switch {name}={value!r}: {one_of(options)}")
        if options is None:
            _check_value(name, value, switch["sets"])
        values[name] = value
    return values


def _check_value(name: str, value: Any, sets: str) -> None:
    """Raise ValueError unless the key that a switch sets takes this value."""
    section = sets.partition(".")[0]
    try:
        SECTIONS[section].check(_nested(sets, value)[section], "", (section,))
    except ProfileError as error:
        raise ValueError(f"switch {name}={value!r}: {error.problem}") from None


def switched(merged: Merged, values: Mapping[str, Any]) -> Merged:
    """The profile with the overlays of its switches applied."""
    data = merged.data
    for name, switch in data.get("switches", {}).items():
        value = values[name]
        overlay = _overlay(switch, value)
        data = {**data, **{s: over(data.get(s, {}), table, whole=s in WHOLE) for s, table in overlay.items()}}
    return replace(merged, data=data)


def _overlay(switch: Mapping[str, Any], value: Any) -> Data:
    overlay: Data = _nested(switch["sets"], value) if "sets" in switch else switch["values"][_word(value)]
    return overlay


def _word(value: Any) -> str:
    """A switch's value as a key of its ``values``: true and false for flags."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nested(path: str, value: Any) -> Data:
    """``limits.body`` and a value as the table that sets it."""
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


def check_switches(merged: Merged) -> None:
    """Every switch either sets one key or has overlays, each overlay has the form of a profile, and no child of the
    profile that has the switch sets past it what the switch decides."""
    for name, switch in merged.data.get("switches", {}).items():
        file, key = merged.file_of("switches", name), f"switches.{name}"
        SWITCH.check_complete(switch, file, ("switches", name))
        if ("sets" in switch) == ("values" in switch):
            raise ProfileError(file, key, "expected either sets (one key) or values (overlays by value)")
        if "values" in switch and _word(switch["default"]) not in switch["values"]:
            raise ProfileError(file, f"{key}.default", one_of(switch["values"]))
        overlays = switch.get("values") or {_word(switch["default"]): _nested(switch["sets"], switch["default"])}
        for value, overlay in overlays.items():
            if not isinstance(overlay, dict):
                raise ProfileError(file, f"{key}.values.{value}", "expected a table of sections (an overlay)")
            for section, table in overlay.items():
                if section not in SECTIONS:
                    raise ProfileError(file, f"{key}.values.{value}.{section}", "unknown section")
                SECTIONS[section].check(table, file, ("switches", name, "values", value, section))
        _refuse_settings_past(merged, name, switch)


def _refuse_settings_past(merged: Merged, name: str, switch: Mapping[str, Any]) -> None:
    """A child that sets a key which the default of a parent's switch sets as well would be overruled in silence."""
    decided_in = merged.files.index(merged.file_of("switches", name))
    for path, value in _leaves(_overlay(switch, switch["default"])):
        file = merged.file_of(path[0], path[1])
        found: Any = merged.data
        for part in path:
            found = found.get(part, {}) if isinstance(found, dict) else None
        if merged.files.index(file) > decided_in and found != value:
            advice = f"the switch {name} decides this; set its default instead ([switches.{name}] default = …)"
            raise ProfileError(file, dotted(path), advice)


def _leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value
