"""Switches: named options of a profile that a user may set, each value an overlay of sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockflux.profile.errors import ProfileError, one_of, shown
from mockflux.profile.forms import SECTIONS, WHOLE
from mockflux.profile.load import Data, Merged, laid_over, value_at
from mockflux.profile.schema import Path, dotted

#: Sections that are settled before switches are.
_FIXED = ("edition", "switches")

#: What a server's own keywords are called, so that no switch can be (``mockflux.Server``). ``plan`` is none of them: it
#: sets the switch of that name, where an edition has plans.
RESERVED = frozenset((
    "profile", "host", "port", "org", "bucket", "database", "user", "password", "token", "auth", "onboarded", "tls",
    "clock", "tick", "seed",
))  # fmt: skip


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
            raise ValueError(f"switch {name}={shown(value)}: {one_of(options)}")
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
        raise ValueError(f"switch {name}={shown(value)}: {error.problem}") from None


def switched(merged: Merged, values: Mapping[str, Any]) -> Merged:
    """The profile with the overlays of its switches applied."""
    data = merged.data
    # What goes over another switch comes after it.
    switches = sorted(data.get("switches", {}).items(), key=lambda item: "over" in item[1])
    for name, switch in switches:
        value = values[name]
        if "over" in switch and value == switch["default"]:
            continue
        overlay = _overlay(switch, value)
        data = {**data, **{s: laid_over(s, data.get(s, {}), table) for s, table in overlay.items()}}
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


def alternatives(merged: Merged) -> Iterator[tuple[str, str, Merged]]:
    """The profile with one switch set to another value than its default, for each such value of each switch that has
    a closed set of them: the switch's name, the value as ``values`` has it, and the profile."""
    defaults = {name: switch["default"] for name, switch in merged.data.get("switches", {}).items()}
    for name, switch in merged.data.get("switches", {}).items():
        for value in switch.get("values", ()):
            if value != _word(switch["default"]):
                yield name, value, switched(merged, {**defaults, name: value})


def check_switches(merged: Merged) -> None:
    """Every switch either sets one key or has overlays, each overlay has the form of a profile, no two switches set
    the same key, and no child of the profile that has the switch sets past it what the switch decides."""
    decided: dict[Path, str] = {}
    for name, switch in merged.data.get("switches", {}).items():
        file, key = merged.file_of("switches", name), f"switches.{name}"
        if name in RESERVED:
            problem = f"expected another name, none of {', '.join(sorted(RESERVED))}"
            raise ProfileError(file, key, problem)
        if ("sets" in switch) == ("values" in switch):
            raise ProfileError(file, key, "expected either sets (one key) or values (overlays by value)")
        if "values" in switch and _word(switch["default"]) not in switch["values"]:
            raise ProfileError(file, f"{key}.default", one_of(switch["values"]))
        if "over" in switch:
            _check_over(file, name, switch, merged.data["switches"])
            continue
        overlays = switch.get("values") or {_word(switch["default"]): _nested(switch["sets"], switch["default"])}
        for value, overlay in overlays.items():
            _check_overlay(file, ("switches", name, "values", value), overlay)
            for path in dict.fromkeys(_deciding(overlay)):
                other = decided.setdefault(path, name)
                if other != name:
                    problem = f"the switch {other} decides {dotted(path)} already; expected one switch for one key"
                    raise ProfileError(file, key, problem)
        _refuse_settings_past(merged, name, switch)


def _check_over(file: str, name: str, switch: Mapping[str, Any], switches: Mapping[str, Any]) -> None:
    """A switch that goes over another sets one key, and has a default that stands for what the other says."""
    other = switches.get(switch["over"])
    if other is None or "over" in other or "sets" not in switch:
        problem = "expected the name of a switch with values, over which this one sets its key"
        raise ProfileError(file, f"switches.{name}.over", problem)


def _check_overlay(file: str, place: Path, overlay: Any) -> None:
    """Raise ProfileError for an overlay that has not the form of a profile, or that comes too late."""
    if not isinstance(overlay, dict):
        raise ProfileError(file, dotted(place), "expected a table of sections (an overlay)")
    for section, table in overlay.items():
        if section not in SECTIONS:
            raise ProfileError(file, dotted((*place, section)), "unknown section")
        if section in _FIXED:
            free = ", ".join(name for name in SECTIONS if name not in _FIXED)
            problem = f"a switch cannot decide this section; it can decide {free}"
            raise ProfileError(file, dotted((*place, section)), problem)
        SECTIONS[section].check(table, file, (*place, section))


def check_sources(merged: Merged) -> None:
    """Raise ProfileError for new words of a switch's value whose source that value does not give."""
    for name, switch in merged.data.get("switches", {}).items():
        for value, overlay in switch.get("values", {}).items():
            said = [*overlay.get("clause", {}), *(f"reason.{reason}" for reason in overlay.get("reason", {}))]
            for key in said:
                if key not in overlay.get("evidence", {}):
                    place = dotted(("switches", name, "values", value, "evidence", key))
                    problem = "missing key; expected the source of what this value of the switch says"
                    raise ProfileError(merged.file_of("switches", name), place, problem)


def _refuse_settings_past(merged: Merged, name: str, switch: Mapping[str, Any]) -> None:
    """A child that sets a key which the default of a parent's switch sets as well would be overruled in silence."""
    has_it = [value_at(own, ("switches", name, what)) for _, own in merged.chain for what in ("values", "sets")]
    first = next(number for number, found in enumerate(has_it) if found is not None) // 2
    for path, value in _leaves(_overlay(switch, switch["default"])):
        for file, own in merged.chain[first + 1 :]:
            if value_at(own, path) not in (None, value):
                advice = f"the switch {name} decides this; set its default instead ([switches.{name}] default = …)"
                raise ProfileError(file.name, dotted(path), advice)


def _deciding(overlay: Data) -> Iterator[Path]:
    """The keys that an overlay decides; entries that stand for themselves count as one."""
    for path, _ in _leaves(overlay):
        yield path[:2] if path[0] in WHOLE else path


def _leaves(table: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value
