"""What can be done to the words of a profile, so that its vectors must notice.

A subject is one thing that a profile says: a clause, a reason, the name of a type, a header that a door always sends.
Its mutations are data of the whole profile with that thing altered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockflux.contract.compare import HOP_BY_HOP
from mockflux.profile.load import Data, over

#: What is put in the place of a text; no profile has it.
OTHER = "mutated"
_FILTERED = re.compile(r"\$\{([a-z_]+):[a-z0-9]+\}")
_FACT = re.compile(r"\$(?:[a-z_]+|\{[a-z_]+(?::[a-z0-9]+)?\})")
#: Statuses in the place of others: both may have a body.
_STATUS, _OTHER_STATUS = 418, 451
#: Statuses that never carry a body, nor its type.
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One alteration: what it does, in words, and the profile's data with it; of which ``clause``, if of one alone.
    ``on_the_wire``: only a socket shows it."""

    does: str
    data: Data
    clause: str | None = None
    on_the_wire: bool = False


def clause_entry(data: Data, key: str) -> dict[str, Any]:
    """A clause as it stands once what it is ``like`` is put in, and what every clause may leave out."""
    entry: dict[str, Any] = data["clause"][key]
    if "like" in entry:
        own = {name: value for name, value in entry.items() if name != "like"}
        entry = {**clause_entry(data, entry["like"]), **own}
    return {**data["defaults"], **entry}


def wording(data: Data, key: str) -> str:
    """Everything that decides how a clause is said, as one text: two choices of switches in which it is the same say
    the clause alike."""
    entry = clause_entry(data, key)
    name = entry["envelope"]
    forms = {form: data["envelope"][form] for form in _forms(data, name)}
    return json.dumps([{**entry, "by": "", "example": {}}, forms, _status(data, entry)], sort_keys=True)


def _forms(data: Data, envelope: str) -> list[str]:
    """The envelope, and its forms for single doors."""
    return [name for name in data["envelope"] if name.partition("@")[0] == envelope]


def _status(data: Data, entry: Mapping[str, Any]) -> int:
    return int(entry["status"] if "status" in entry else data["codes"][entry["code"]])


# ------------------------------------------------------------------------------------------ clauses


def of_clause(data: Data, key: str, doors: Collection[str]) -> Iterator[Mutation]:
    """A clause with another status, phrase or code; without its message, its body, the wording of its rejections; with
    other headers or without; without a filter; with something else for a fact; with another form at one of the
    ``doors`` at which it can be said."""
    return _Altering(data, key, doors).all()


class _Altering:
    """The alterations of one clause."""

    def __init__(self, data: Data, key: str, doors: Collection[str]) -> None:
        self._data, self._key, self._doors = data, key, doors
        self._entry = clause_entry(data, key)
        self._envelope: Mapping[str, Any] = data["envelope"][self._entry["envelope"]]
        self._status = _status(data, self._entry)
        self._told_at = {"", *doors}

    def all(self) -> Iterator[Mutation]:
        yield from self._heads()
        yield from self._texts()
        yield from self._headers()
        yield from self._forms()

    def _with(self, does: str, **changes: Any) -> Mutation:
        """The clause with some of its keys changed; how rejections are worded goes with what tells them."""
        entry = {**self._entry, **changes}
        if "rejections" not in entry.get("message", "") + entry.get("body", self._envelope.get("body", "")):
            entry = {name: value for name, value in entry.items() if name not in ("each", "join")}
        return Mutation(does, {**self._data, "clause": {**self._data["clause"], self._key: entry}}, self._key)

    def _heads(self) -> Iterator[Mutation]:
        other = _OTHER_STATUS if self._status == _STATUS else _STATUS
        phrase = self._entry.get("phrase") or self._data["phrases"][str(self._status)]
        yield self._with(f"status {other} for {self._status}", status=other, phrase=phrase)
        yield self._with("another phrase", phrase=OTHER)
        if "code" in self._entry and self._tells("code"):
            code = next(code for code in self._data["codes"] if code != self._entry["code"])
            yield self._with("another code", code=code, status=self._status)

    def _tells(self, fact: str) -> bool:
        """Whether a reply of the clause, at one of its doors, has that fact (``code``, ``message``)."""
        forms = [
            form for form in _forms(self._data, self._entry["envelope"]) if form.partition("@")[2] in self._told_at
        ]
        envelopes = [self._data["envelope"][form] for form in forms]
        headers = [self._entry.get("headers", {}), *(envelope.get("headers", {}) for envelope in envelopes)]
        always = self._data["headers"]
        headers += [always["always"], *(at.get("always", {}) for at in always.get("at", {}).values())]
        bodies = [self._entry.get("body", envelope.get("body", "")) for envelope in envelopes]
        texts = [*bodies, *(value for own in headers for value in own.values())]
        return any(re.search(rf"\$(\{{)?{fact}\b", text) for text in texts)

    def _texts(self) -> Iterator[Mutation]:
        texts = {"body": self._envelope.get("body", ""), **self._entry}
        for name in ("message", "each", "join", "body"):
            if texts.get(name) and (name != "message" or self._tells("message")):
                yield self._with(f"no {name}", **{name: ""})
                for does, text in _pieces(texts[name]):
                    yield self._with(f"{name}: {does}", **{name: text})

    def _headers(self) -> Iterator[Mutation]:
        """Each header with another value, and without."""
        own, shared = self._entry.get("headers", {}), self._envelope.get("headers", {})
        if "type" in self._envelope and self._status not in _BODILESS:
            shared = {"Content-Type": self._envelope["type"], **shared}
        for name, value in {**shared, **own}.items():
            rest = {other: text for other, text in own.items() if other != name}
            changes = [(f"no {name}", {**rest, name: ""} if name in shared else rest)]
            if name.lower() != "content-length":  # with a length that is not right there is no profile
                changes.append((f"another {name}", {**own, name: OTHER}))
            changes += [(f"{name}: {does}", {**own, name: text}) for does, text in _pieces(value)]
            for does, headers in changes if value else ():
                yield replace(self._with(does, headers=headers), on_the_wire=name.lower() in HOP_BY_HOP)

    def _forms(self) -> Iterator[Mutation]:
        """The clause with another form at one door at which its envelope has one, and at which it can be said."""
        name, envelopes = self._entry["envelope"], self._data["envelope"]
        forms = {form: envelopes[form] for form in _forms(self._data, name)}
        for door in (form.partition("@")[2] for form in forms):
            if door in self._doors:
                others = {f"{OTHER}{form.removeprefix(name)}": envelope for form, envelope in forms.items()}
                others[f"{OTHER}@{door}"] = {"body": OTHER}
                mutation = self._with(f"another form at {door}", envelope=OTHER)
                yield replace(mutation, data={**mutation.data, "envelope": {**envelopes, **others}})


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """A template without one of its filters, or with something else for one of its facts."""
    for match in _FILTERED.finditer(text):
        yield f"no filter in {match[0]}", f"{text[: match.start()]}${{{match[1]}}}{text[match.end() :]}"
    for match in _FACT.finditer(text):
        yield f"no {match[0]}", f"{text[: match.start()]}{OTHER}{text[match.end() :]}"


# ------------------------------------------------------------------------------------------ what is in replies besides


def of_reason(data: Data, key: str) -> Iterator[Mutation]:
    """A reason without its text or entry, without a filter, with something else for a fact."""
    for name, text in data["reason"][key].items():
        yield _laid_over(data, f"no {name}", {"reason": {key: {name: ""}}})
        for does, piece in _pieces(text):
            yield _laid_over(data, f"{name}: {does}", {"reason": {key: {name: piece}}})


def of_type(data: Data, name: str) -> Iterator[Mutation]:
    """A type of another name."""
    yield _laid_over(data, "another name", {"types": {name: OTHER}})


def of_headers(data: Data, door: str, clauses: Collection[str]) -> Iterator[Mutation]:
    """Each header that a door always sends with another value, and without; but for those of which all of its
    ``clauses`` have something else to say."""
    headers = data["headers"]
    own = [_own_headers(data, key) for key in clauses if key in data["clause"]]
    for when in ("always", "with_origin"):
        here = {**headers.get(when, {}), **headers.get("at", {}).get(door, {}).get(when, {})}
        for name, value in here.items():
            if value and not all(name in names for names in own):
                for does, text in ((f"{when}: another {name}", OTHER), (f"{when}: no {name}", "")):
                    mutation = _laid_over(data, does, {"headers": {"at": {door: {when: {name: text}}}}})
                    yield replace(mutation, on_the_wire=name.lower() in HOP_BY_HOP)


def _own_headers(data: Data, key: str) -> set[str]:
    entry = clause_entry(data, key)
    return {*data["envelope"][entry["envelope"]].get("headers", {}), *entry.get("headers", {})}


def _laid_over(data: Data, does: str, table: Mapping[str, Any]) -> Mutation:
    return Mutation(does, over(data, table))
