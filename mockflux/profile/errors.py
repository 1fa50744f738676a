"""The one error that a faulty profile raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_SHOWN = 80


def one_of(words: Iterable[str]) -> str:
    """``expected one of a, b, c``, as every complaint about a word that is not known ends."""
    return f"expected one of {', '.join(words) or 'none'}"


def shown(value: Any) -> str:
    """A value as messages show it: as Python writes it, the middle of a long one left out."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number too long to show"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 20]}…{text[-15:]}"


class ProfileError(ValueError):
    """A profile cannot be used: the message names file, key and what was expected."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        #: Name of the file, key inside it (dotted, as in TOML), and the problem in words.
        self.file, self.key, self.problem = file, key, problem
