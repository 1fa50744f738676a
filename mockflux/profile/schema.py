"""The form of a profile file: which keys there are and what each one takes.

A form is checked against a table as it comes from TOML. Every complaint is a :class:`ProfileError` that names the
file, the dotted key and what was expected. The forms below are the reference for ``docs/profiles.md``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from mockflux.profile.errors import ProfileError, one_of, shown

Path = tuple[str, ...]

#: The largest whole number that TOML knows.
MOST = 2**63 - 1


def dotted(path: Path) -> str:
    """A key as one would write it in TOML."""
    return ".".join(part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"' for part in path)


class Form(ABC):
    """What one value of a profile may be."""

    expected = ""

    def check(self, value: Any, file: str, path: Path) -> None:
        """Raise ProfileError unless the value is of this form."""
        if not self.fits(value):
            raise ProfileError(file, dotted(path), f"expected {self.expected}, got {shown(value)}")

    @abstractmethod
    def fits(self, value: Any) -> bool:
        """Whether a value is of this form."""

    def check_complete(self, value: Any, file: str, path: Path) -> None:
        """Raise ProfileError for a required key that is not there, in this table or in those within it."""
        return  # what is no table lacks no key


@dataclass
class Text(Form):
    """Any string."""

    expected: str = "a string"

    def fits(self, value: Any) -> bool:
        return isinstance(value, str)


@dataclass
class Flag(Form):
    """true or false."""

    expected: str = "true or false"

    def fits(self, value: Any) -> bool:
        return isinstance(value, bool)


class Matching(Form):
    """A string of a certain shape; ``expected`` says in words which."""

    def __init__(self, pattern: str, expected: str) -> None:
        self.pattern = re.compile(pattern)
        self.expected = expected

    def fits(self, value: Any) -> bool:
        return isinstance(value, str) and self.pattern.fullmatch(value) is not None


class Expression(Form):
    """A regular expression."""

    expected = "a regular expression"

    def fits(self, value: Any) -> bool:
        try:
            return isinstance(value, str) and re.compile(value) is not None
        except re.error:
            return False


class Number(Form):
    """A whole number within bounds; not negative unless told otherwise."""

    def __init__(self, least: int = 0, most: int = MOST) -> None:
        self.least, self.most = least, most
        self.expected = f"a whole number, {least} or more" if most == MOST else f"a whole number, {least} to {most}"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most


class Seconds(Form):
    """A span of time in seconds, whole or not."""

    expected = "seconds, 0 or more"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10**9


@dataclass
class Anything(Form):
    """Any value; who reads it checks it."""

    expected: str = "a value"

    def fits(self, value: Any) -> bool:
        return True


class OneOf(Form):
    """One of a closed set of words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.expected = "one of " + ", ".join(words) if words else "nothing"

    def fits(self, value: Any) -> bool:
        return value in self.words and isinstance(value, str)


class ListOf(Form):
    """A list whose entries have one form; ``unique``: and each of which may stand there once."""

    def __init__(self, entry: Form, *, unique: bool = False) -> None:
        self.entry, self.unique = entry, unique
        self.expected = f"a list ({entry.expected} each)"

    def fits(self, value: Any) -> bool:
        return isinstance(value, list)

    def check(self, value: Any, file: str, path: Path) -> None:
        super().check(value, file, path)
        for number, entry in enumerate(value):
            self.entry.check(entry, file, (*path, str(number)))
            if self.unique and entry in value[:number]:
                raise ProfileError(file, dotted((*path, str(number))), f"{shown(entry)} stands there already")


class Either(Form):
    """One of several forms; tables and lists are checked by the form that fits them."""

    def __init__(self, *forms: Form) -> None:
        self.forms = forms
        self.expected = " or ".join(form.expected for form in forms)

    def fits(self, value: Any) -> bool:
        return any(form.fits(value) for form in self.forms)

    def check(self, value: Any, file: str, path: Path) -> None:
        super().check(value, file, path)
        next(form for form in self.forms if form.fits(value)).check(value, file, path)


@dataclass
class Table(Form):
    """A table with named keys. ``required`` ones must be there: at once in a table that stands for itself (``whole``),
    else in the finished profile, parents merged in."""

    keys: dict[str, Form]
    required: Collection[str] = ()
    whole: bool = False
    expected: str = "a table"

    def fits(self, value: Any) -> bool:
        return isinstance(value, dict)

    def check(self, value: Any, file: str, path: Path) -> None:
        super().check(value, file, path)
        for key, entry in value.items():
            if key not in self.keys:
                raise ProfileError(file, dotted((*path, key)), f"unknown key; {one_of(self.keys)}")
            self.keys[key].check(entry, file, (*path, key))
        if self.whole:
            self.check_complete(value, file, path)

    def check_complete(self, value: Any, file: str, path: Path) -> None:
        for key in self.required:
            if key not in value:
                raise ProfileError(file, dotted((*path, key)), f"missing key; expected {self.keys[key].expected}")
        for key, form in self.keys.items():
            if key in value:
                form.check_complete(value[key], file, (*path, key))


@dataclass
class TableOf(Form):
    """A table whose keys are free, or of one form (``key``), and whose entries have one form."""

    entry: Form
    #: If not empty: the keys that may occur.
    keys: Collection[str] = field(default_factory=tuple)
    expected: str = "a table"
    key: Form = field(default_factory=Anything)

    def fits(self, value: Any) -> bool:
        return isinstance(value, dict)

    def check(self, value: Any, file: str, path: Path) -> None:
        super().check(value, file, path)
        for key, entry in value.items():
            if self.keys and key not in self.keys:
                raise ProfileError(file, dotted((*path, key)), f"unknown key; {one_of(self.keys)}")
            if not self.key.fits(key):
                raise ProfileError(file, dotted((*path, shown(key)[1:-1])), f"a key here is {self.key.expected}")
            self.entry.check(entry, file, (*path, key))

    def check_complete(self, value: Any, file: str, path: Path) -> None:
        for key, entry in value.items():
            self.entry.check_complete(entry, file, (*path, key))
