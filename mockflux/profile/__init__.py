"""A profile: one edition of InfluxDB as data, ready to speak.

profile = load_profile("v2-oss", {"late_points": "drop"})
profile.say(outcomes.BucketNotFound(bucket="plant"), "v2-write", date)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from mockflux.outcomes import Outcome
from mockflux.profile.clause import Clause, Speaker
from mockflux.profile.doors import check_doors, narrowed
from mockflux.profile.errors import ProfileError, one_of
from mockflux.profile.evidence import Evidence, read_evidence
from mockflux.profile.facts import REJECTION, reason_facts
from mockflux.profile.forms import SETTINGS
from mockflux.profile.load import Merged, check_complete, concrete, find, folder, merge
from mockflux.profile.offers import check_offers
from mockflux.profile.reading import stamp
from mockflux.profile.settings import Settings, read_settings
from mockflux.profile.soundness import check_sound
from mockflux.profile.switches import alternatives, check_sources, check_switches, switch_values, switched
from mockflux.profile.template import Template, compiled
from mockflux.reasons import Reason, Rejection
from mockflux.reply import Reply

#: The facts of one rejection that its entry in a list may use.
_LISTED = {name: type for name, type in REJECTION.items() if name != "entry"}

__all__ = ["Clause", "Evidence", "Profile", "ProfileError", "concrete", "load_profile"]


class Profile:
    """One edition with its switches set: settings for the rooms, clauses for the replies, evidence for both.

    Immutable and shared between worlds.
    """

    def __init__(self, merged: Merged, switches: Mapping[str, Any]) -> None:
        edition = merged.data["edition"]
        #: The profile's id, title, standing (``documented`` or ``released``), version string and doors.
        self.id: str = edition["id"]
        self.title: str = edition["title"]
        self.standing: str = edition["standing"]
        self.version: str = edition["version"]
        self.doors: tuple[str, ...] = tuple(edition["doors"])
        #: What the lines of evidence speak of, by the name they use: where it is to be found.
        self.sources: Mapping[str, str] = edition.get("sources", {})
        #: The value of every switch.
        self.switches: dict[str, Any] = dict(switches)
        #: Why each switch is there, and what it takes: ``{name: {default, why, values | sets}}``.
        self.switch_info: Mapping[str, Mapping[str, Any]] = merged.data.get("switches", {})
        self.settings: Settings = read_settings(merged)
        #: The same settings as the profile's tables have them, for those who show them; do not change them.
        self.tables: Mapping[str, Mapping[str, Any]] = {
            section: merged.data[section] for section in SETTINGS if section in merged.data
        }
        #: Whether some reply has a body of another form for those who ask for it (``pretty``, ``packed``).
        self.has_forms = any({"pretty", "packed"} & envelope.keys() for envelope in merged.data["envelope"].values())
        settings = self.settings
        self._speaker = Speaker(
            merged, settings.always, settings.chunk_above, settings.header_order, settings.with_origin
        )
        self._types: Mapping[str, str] = merged.data["types"]
        self._reasons = {name: _reason(merged, name, entry["text"]) for name, entry in merged.data["reason"].items()}
        self._entries = {
            name: _entry(merged, name, entry["entry"])
            for name, entry in merged.data["reason"].items()
            if "entry" in entry
        }
        check_offers(merged)
        check_sound(merged, settings, self._speaker, frozenset(self._reasons))
        self.evidence: dict[str, Evidence] = read_evidence(merged, self._speaker.clauses)

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses by key, in the order of the files."""
        return self._speaker.clauses

    @property
    def reasons(self) -> Mapping[str, Template]:
        """The wording of each reason by name, or ``name:kind``."""
        return self._reasons

    def find(self, outcome: str, kind: str, door: str) -> Clause | None:
        """The clause that says this outcome at this door; None where the profile has none."""
        return self._speaker.find(outcome, kind, door)

    def say(
        self,
        outcome: Outcome,
        door: str,
        date: str,
        origin: str | None = None,
        clause: Clause | None = None,
        own: Callable[[], Mapping[str, str]] | None = None,
        *,
        form: str = "",
    ) -> Reply:
        """The reply for an outcome at a door, by the clause that fits or by the one given.

        ``date`` is the value of the Date header, ``origin`` that of the request's Origin, ``own`` gives facts of
        the world's own (see :data:`mockflux.profile.clause.NOTHING_OWN`); it is asked only if they are told.
        ``form``: that of the body that the client asks for, ``pretty`` or ``packed``.
        """
        return self._speaker.say(outcome, door, date, origin, clause, own, form=form)

    def word(self, reason: Reason, line: str, number: int) -> str:
        """A reason in this edition's words, for the line it is about."""
        template = self._reasons.get(f"{reason.name}:{reason.kind}") or self._reasons[reason.name]
        facts = {**reason.facts(), "line_text": line, "line": number}
        for fact in ("got", "want"):
            if fact in facts:
                facts[fact] = self._types[facts[fact]]
        return template.fill(facts)

    def worded(self, rejection: Rejection, bucket: str | None = None) -> Rejection:
        """A rejection with its text in this edition's words, how it is listed, and the name of the bucket that refused
        it."""
        reason = rejection.reason
        text = self.word(reason, rejection.line, rejection.number)
        listed = self._entries.get(f"{reason.name}:{reason.kind}") or self._entries.get(reason.name)
        facts = {"reason": text, "line": rejection.number, "line_text": rejection.line_shown}
        return replace(rejection, text=text, entry=listed.fill(facts) if listed else text, bucket=bucket)

    def __repr__(self) -> str:
        return f"<Profile {self.id}>"


def _reason(merged: Merged, key: str, source: str) -> Template:
    """A reason's wording, checked. Raises ProfileError for an unknown reason or placeholder."""
    file, place = merged.file_of("reason", key), f'reason."{key}"'
    name, colon, kind = key.partition(":")
    known = Reason.CATALOGUE.get(name)
    if known is None:
        raise ProfileError(file, place, f"unknown reason; {one_of(Reason.CATALOGUE)}")
    if colon and kind not in known.KINDS:
        raise ProfileError(file, place, f"unknown kind; {one_of(known.KINDS)}")
    return compiled(source, file, f"{place}.text", reason_facts(name))


def _entry(merged: Merged, key: str, source: str) -> Template:
    """How rejections for a reason are listed, checked. Raises ProfileError for an unknown placeholder."""
    return compiled(source, merged.file_of("reason", key), f'reason."{key}".entry', _LISTED)


def load_profile(name: str | os.PathLike[str], switches: Mapping[str, Any] | None = None) -> Profile:
    """The profile named by id (``v2-oss``) or by the path of a TOML file, with these switches.

    Raises ProfileError for a faulty or unknown profile, TypeError for an unknown switch, ValueError for a value
    that a switch does not take. Profiles are kept as long as their files stay as they are: the second call with the
    same arguments costs next to nothing.
    """
    merged = _merged(find(os.fspath(name)))
    # The type belongs to the key: True, 1 and 1.0 are equal, and not all of them are values of a switch.
    chosen = tuple(sorted((name, type(value), value) for name, value in (switches or {}).items()))
    try:
        return _built(merged, chosen)
    except TypeError as error:
        if "unhashable" in str(error):
            raise ValueError(f"switches take plain values, got {switches!r}") from None
        raise


@lru_cache(maxsize=256)
def _built(merged: Merged, switches: tuple[tuple[str, type, Any], ...]) -> Profile:
    values = switch_values(merged, {name: value for name, _, value in switches})
    return Profile(narrowed(switched(merged, values)), values)


#: The profiles read so far, by path; each holds as long as no file of its chain has changed.
_READ: dict[Path, Merged] = {}
_MOST_READ = 64


def _merged(path: Path) -> Merged:
    kept = _READ.get(path)
    if kept is not None and all(stamp(file) == state for file, state in kept.watched.items()):
        return kept
    merged = merge(path)
    if merged.data["edition"].get("abstract"):
        raise ProfileError(path.name, "edition.abstract", f"a parent cannot be served; {one_of(concrete())}")
    check_complete(merged)
    check_doors(merged)
    check_switches(merged)
    if path.parent != folder():
        _check_every_switch(merged)
    check_sources(merged)
    while len(_READ) >= _MOST_READ:
        _READ.pop(next(iter(_READ)), None)
    _READ[path] = merged
    return merged


def _check_every_switch(merged: Merged) -> None:
    """Raise ProfileError unless every value of every switch makes a sound profile. Users' own files only: that those
    that come with mockflux hold is for the test suite to tell, and not for every run to pay."""
    _built(merged, ())
    for name, value, other in alternatives(merged):
        try:
            Profile(narrowed(other), {name: value})
        except ProfileError as error:
            place = f"switches.{name}.values.{value}"
            raise ProfileError(merged.file_of("switches", name), place, f"{error.key}: {error.problem}") from None
