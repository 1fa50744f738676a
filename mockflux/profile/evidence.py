"""Where each thing that a profile says comes from, and how well it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockflux.profile.errors import ProfileError
from mockflux.profile.forms import SETTINGS
from mockflux.profile.load import Merged

#: How well a thing is known: in a seed or vendor documentation; recorded from or read in a real server; our reading.
STANDINGS = ("documented", "released", "inferred")


@dataclass(frozen=True)
class Evidence:
    """The source of a clause, a reason or a setting. ``body`` may be known less well than ``status``."""

    status: str
    body: str

    @property
    def standing(self) -> str:
        """The standing of the status: ``documented``, ``released`` or ``inferred``."""
        return self.status.partition(":")[0]

    def __str__(self) -> str:
        return self.status if self.status == self.body else f"status {self.status}; body {self.body}"


def read_evidence(merged: Merged, clauses: Mapping[str, Any]) -> dict[str, Evidence]:
    """The evidence of a finished profile by key (a clause's key, ``reason.x``, a setting's dotted key).

    Raises ProfileError for a line that has no standing, that belongs to nothing, or that is missing.
    """
    found = {key: _line(merged, key, value) for key, value in merged.data["evidence"].items()}
    settings = [f"{section}.{key}" for section in SETTINGS for key in merged.data.get(section, {})] + [
        f"switches.{name}" for name in merged.data.get("switches", {})
    ]
    reasons = [f"reason.{name}" for name in merged.data.get("reason", {})]
    for key in found:
        if key not in clauses and key not in reasons and not any(s == key or s.startswith(f"{key}.") for s in settings):
            raise ProfileError(
                merged.file_of("evidence", key), f'evidence."{key}"', "no clause, reason or setting of that name"
            )
    for key in [*clauses, *reasons]:
        if key not in found:
            raise ProfileError(
                merged.file, f'evidence."{key}"', "missing key; expected the source of what the profile says"
            )
        _refuse_borrowed(merged, key)
    for key in settings:
        if key not in found and key.partition(".")[0] not in found:
            raise ProfileError(
                merged.file,
                f'evidence."{key}"',
                f"missing key; expected the source of this setting (or of all of {key.partition('.')[0]})",
            )
    if merged.data["edition"]["standing"] == "released":
        for key, evidence in found.items():
            if evidence.status.startswith("documented") and evidence.body.startswith("documented"):
                raise ProfileError(
                    merged.file, f'evidence."{key}"', "a released profile needs more than documentation here"
                )
    return found


def _refuse_borrowed(merged: Merged, key: str) -> None:
    """The source of a parent's words does not vouch for a child's."""
    section, name = ("reason", key.partition(".")[2]) if key.startswith("reason.") else ("clause", key)
    said, vouched = merged.place_of(section, name), merged.place_of("evidence", key)
    if said > vouched and any(name in own.get(section, {}) for _, own in merged.chain):
        file = merged.chain[said][0].name
        problem = "the words are new here, the source is their parent's; expected the source of the new ones"
        raise ProfileError(file, f'evidence."{key}"', problem)


def _line(merged: Merged, key: str, value: Any) -> Evidence:
    status, body = (value, value) if isinstance(value, str) else (value["status"], value["body"])
    for text in (status, body):
        standing, colon, source = text.partition(":")
        if standing not in STANDINGS or not colon or not source.strip():
            raise ProfileError(
                merged.file_of("evidence", key),
                f'evidence."{key}"',
                f"expected 'standing: source' with a standing of {', '.join(STANDINGS)}, got {text!r}",
            )
    return Evidence(status, body)
