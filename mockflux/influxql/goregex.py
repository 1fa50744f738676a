"""Regular expressions in Go's dialect: complaints in Go's words, and the same expression for Python's re.

Only whether something matches is asked, so that groups capture nothing and repetitions need not be lazy. Sources: Go's
regexp/syntax (parse.go) as of 1.19.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.gocharsets import PERL, POSIX, negated, unicode_members

#: The greatest number that a repetition may name, and the greatest product of those that stand within one another.
_MOST_REPEATS = 1000
#: The longest text, in characters, that an expression with nested repetitions is tried on.
_SHORT = 16
_CAPTURE_NAME = re.compile("[A-Za-z0-9_]+")
_REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}")
_PLAIN_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class _Wrong(Exception):
    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"error parsing regexp: {what}: `{where}`")


@lru_cache(1024)
def check(pattern: str) -> str:
    """What is wrong with an expression, as Go says it; empty if nothing is."""
    try:
        _Reader(pattern).read()
    except _Wrong as wrong:
        return str(wrong)
    except NotSimulated:
        return ""
    return ""


class Searching(Protocol):
    """What looks for a match of an expression."""

    def search(self, text: str, /) -> object:
        """Something if there is one, else None. May raise NotSimulated."""


@lru_cache(1024)
def compiled(pattern: str) -> Searching:
    """The same expression for ``search()``. It has been checked. Raises NotSimulated for scripts (``\\p{Greek}``)."""
    reader = _Reader(pattern)
    made = re.compile(reader.read())
    return _Careful(made, reader.longest_repeat) if reader.nested else made


class _Careful:
    """An expression with repetitions within repetitions. Go looks through any text in time by its length, Python's re
    tries so many ways that a long text would take it for ever: only short ones are tried."""

    def __init__(self, pattern: re.Pattern[str], repeats: int) -> None:
        self._search = pattern.search
        self._longest = _SHORT if repeats <= _SHORT else 0

    def search(self, text: str, /) -> object:
        if len(text) > self._longest:
            raise NotSimulated("a regular expression with repetitions within repetitions, on a text as long as this")
        return self._search(text)


@dataclass(slots=True)
class _Group:
    """What has been read since a parenthesis: atoms of the branch being read, and the branches before it."""

    flags: frozenset[str]
    atoms: list[str] = field(default_factory=list)
    #: How often counted repetitions have each atom of all its branches at most: the greatest product within it.
    counts: list[int] = field(default_factory=list)
    #: Whether it has something of which there can be more or less, and whether its last atom is that.
    varies: bool = False
    last_varies: bool = False
    branches: list[str] = field(default_factory=list)

    def close(self) -> str:
        return "(?:" + "|".join([*self.branches, "".join(self.atoms)]) + ")"


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._flags: frozenset[str] = frozenset()
        self._groups = [_Group(self._flags)]
        self._names: set[str] = set()
        #: Whether something that varies is repeated, and the greatest number that a repetition names.
        self.nested = False
        self.longest_repeat = 0

    def read(self) -> str:
        repeat_at = -1
        while self._at < len(self._pattern):
            start, char = self._at, self._pattern[self._at]
            repeated = False
            match char:
                case "(" if self._pattern.startswith("(?", start):
                    self._flagged()
                case "(":
                    self._open(1)
                case ")":
                    self._close()
                case "|":
                    group = self._groups[-1]
                    group.branches.append("".join(group.atoms))
                    group.atoms = []
                    group.varies = True
                    self._at += 1
                case "*" | "+" | "?":
                    self._at += 1
                    self._repeat(char, start, repeat_at, once=char == "?")
                    repeated = True
                case "{" if found := _REPEAT.match(self._pattern, start):
                    self._at = found.end()
                    least, most = int(found[1]), int(found[3] or 0)
                    if max(least, most) > _MOST_REPEATS or (found[3] and least > most):
                        raise _Wrong("invalid repeat count", found[0])
                    self.longest_repeat = max(self.longest_repeat, least, most)
                    endless = bool(found[2] and not found[3])
                    once = max(least, most) <= 1 and not endless
                    self._repeat(found[0], start, repeat_at, once=once, exact=not found[2])
                    self._count(start, max(least, most), never=not endless and max(least, most) == 0)
                    repeated = True
                case "[":
                    self._atom(self._class(start))
                case "\\":
                    self._atom(self._escape())
                case _:
                    self._at += 1
                    self._atom(self._special(char))
            repeat_at = (start if repeat_at < 0 else repeat_at) if repeated else -1
        if len(self._groups) != 1:
            raise _Wrong("missing closing )", self._pattern)
        return self._groups[0].close()

    def _atom(self, text: str) -> None:
        self._groups[-1].atoms.append(f"(?i:{text})" if "i" in self._flags and text else text)
        self._groups[-1].counts.append(1)
        self._groups[-1].last_varies = False

    def _special(self, char: str) -> str:
        multi = "m" in self._flags
        match char:
            case "^":
                return "(?m:^)" if multi else r"\A"
            case "$":
                return "(?m:$)" if multi else r"\Z"
            case ".":
                return r"[\s\S]" if "s" in self._flags else r"[^\n]"
        return re.escape(char)

    # ---------------------------------------------------------------- groups and repetitions

    def _open(self, length: int) -> None:
        self._groups.append(_Group(self._flags))
        self._at += length

    def _close(self) -> None:
        if len(self._groups) == 1:
            raise _Wrong("unexpected )", self._pattern)
        group = self._groups.pop()
        self._groups[-1].atoms.append(group.close())
        self._groups[-1].counts.append(max(group.counts, default=1))
        self._groups[-1].last_varies = group.varies
        self._groups[-1].varies |= group.varies
        self._flags = group.flags
        self._at += 1

    def _flagged(self) -> None:
        """``(?P<name>``, ``(?flags)`` or ``(?flags:``."""
        rest = self._pattern[self._at :]
        if len(rest) > 4 and rest.startswith("(?P<"):
            end = rest.find(">")
            if end < 0:
                raise _Wrong("invalid named capture", rest)
            name = rest[4:end]
            if not _CAPTURE_NAME.fullmatch(name):
                raise _Wrong("invalid named capture", rest[: end + 1])
            if name in self._names:
                raise _Wrong("invalid named capture", name)
            self._names.add(name)
            self._open(end + 1)
            return
        flags, negative, seen = set(self._flags), False, False
        for at, char in enumerate(rest[2:], 2):
            if char in "imsU":
                (flags.discard if negative else flags.add)(char)
                seen = True
            elif char == "-" and not negative:
                negative, seen = True, False
            elif char in ":)" and (seen or not negative):
                if char == ":":
                    self._open(0)
                self._flags = frozenset(flags)
                self._at += at + 1
                return
            else:
                raise _Wrong("invalid or unsupported Perl syntax", rest[: at + 1])
        raise _Wrong("invalid or unsupported Perl syntax", rest)

    def _repeat(self, op: str, start: int, repeat_at: int, *, once: bool, exact: bool = False) -> None:
        """``once``: at most; ``exact``: no more and no less."""
        if self._pattern.startswith("?", self._at):  # lazy; that matters to what is captured only
            self._at += 1
        if repeat_at >= 0:
            raise _Wrong("invalid nested repetition operator", self._pattern[repeat_at : self._at])
        atoms = self._groups[-1].atoms
        if not atoms:
            raise _Wrong("missing argument to repetition operator", self._pattern[start : self._at])
        atoms[-1] = f"(?:{atoms[-1]}){op}"
        group = self._groups[-1]
        self.nested |= group.last_varies and not once
        if not exact:
            group.varies = group.last_varies = True

    def _count(self, start: int, most: int, *, never: bool) -> None:
        """Count the last atom ``most`` times more, after its repetition, which begins at ``start``, has been read. What
        is there ``never`` (``{0}``, ``{0,0}``) counts as one, whatever is in it (repeatIsValid)."""
        counts = self._groups[-1].counts
        counts[-1] = 1 if never else counts[-1] * max(most, 1)
        if counts[-1] > _MOST_REPEATS:
            raise _Wrong("invalid repeat count", self._pattern[start : self._at])

    # ---------------------------------------------------------------- escapes and classes

    def _escape(self) -> str:
        following = self._pattern[self._at + 1 : self._at + 2]
        match following:
            case "A":
                self._at += 2
                return r"\A"
            case "b" | "B":
                self._at += 2
                return f"(?a:\\{following})"
            case "C":
                raise _Wrong("invalid escape sequence", r"\C")
            case "z":
                self._at += 2
                return r"\Z"
            case "Q":
                quoted, end, _ = self._pattern[self._at + 2 :].partition("\\E")
                self._at += 2 + len(quoted) + len(end)
                for char in quoted[:-1]:
                    self._atom(re.escape(char))
                return re.escape(quoted[-1:])
        members = self._members()
        return f"[{members}]" if members is not None else re.escape(self._char_escape())

    def _members(self) -> str | None:
        """``\\d``, ``\\pL`` and the like, as the inside of a class; None if none of them begins here."""
        if self._pattern[self._at : self._at + 1] != "\\":
            return None
        letter = self._pattern[self._at + 1 : self._at + 2]
        if letter and letter.lower() in PERL:
            self._at += 2
            return PERL[letter] if letter.islower() else negated(PERL[letter.lower()])
        if letter not in ("p", "P"):
            return None
        return self._unicode(letter == "P")

    def _unicode(self, negative: bool) -> str:
        rest = self._pattern[self._at :]
        name = rest[2:3]
        length = 3
        if name == "{":
            end = rest.find("}")
            if end < 0:
                raise _Wrong("invalid character class range", rest)
            name, length = rest[3:end], end + 1
        self._at += length
        if name.startswith("^"):
            negative, name = not negative, name[1:]
        members = unicode_members(name)
        if members is None:
            raise _Wrong("invalid character class range", rest[:length])
        return negated(members) if negative else members

    def _char_escape(self) -> str:
        """The character that ``\\`` and what follows mean."""
        start = self._at
        char = self._pattern[start + 1 : start + 2]
        if not char:
            raise _Wrong("trailing backslash at end of expression", "")
        self._at = start + 2
        if char.isascii() and not char.isalnum():
            return char
        if char in _PLAIN_ESCAPES:
            return _PLAIN_ESCAPES[char]
        octal = re.compile("0[0-7]{0,2}|[1-7][0-7]{1,2}").match(self._pattern, start + 1)
        if octal:
            self._at = octal.end()
            return chr(int(octal[0], 8))
        if char == "x":
            return self._hex(start)
        raise _Wrong("invalid escape sequence", self._pattern[start : self._at])

    def _hex(self, start: int) -> str:
        """Two digits, or any number of them in braces. A complaint tells what was read until it became wrong."""
        at = start + 2
        if not self._pattern.startswith("{", at):
            digits = self._pattern[at : at + 2]
            self._at = at + len(digits)
            if re.fullmatch("[0-9A-Fa-f]{2}", digits):
                return chr(int(digits, 16))
            raise _Wrong("invalid escape sequence", self._pattern[start : self._at])
        code, at = 0, at + 1
        while (digit := self._pattern[at : at + 1]) and digit in "0123456789abcdefABCDEF":
            code, at = code * 16 + int(digit, 16), at + 1
            if code > sys.maxunicode:
                raise _Wrong("invalid escape sequence", self._pattern[start:at])
        self._at = at + 1
        if digit != "}" or at == start + 3:
            raise _Wrong("invalid escape sequence", self._pattern[start : self._at])
        return chr(code)

    def _class(self, start: int) -> str:
        self._at = start + 1
        negative = self._pattern.startswith("^", self._at)
        self._at += negative
        members, first = "", True
        while first or not self._pattern.startswith("]", self._at):
            first = False
            members += self._class_part(start)
        self._at += 1
        if not members:
            return r"[\s\S]" if negative else r"[^\s\S]"
        return f"[{'^' if negative else ''}{members}]"

    def _class_part(self, start: int) -> str:
        if self._pattern.startswith("[:", self._at):
            end = self._pattern.find(":]", self._at + 2)
            if end >= 0:
                named = self._pattern[self._at : end + 2]
                name = named[2:-2]
                if name.removeprefix("^") not in POSIX:
                    raise _Wrong("invalid character class range", named)
                self._at = end + 2
                return negated(POSIX[name[1:]]) if name.startswith("^") else POSIX[name]
        members = self._members()
        if members is not None:
            return members
        range_start = self._at
        low = high = self._class_char(start)
        if self._pattern.startswith("-", self._at) and self._pattern[self._at + 1 : self._at + 2] not in ("]", ""):
            self._at += 1
            high = self._class_char(start)
            if high < low:
                raise _Wrong("invalid character class range", self._pattern[range_start : self._at])
        return re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}"

    def _class_char(self, start: int) -> str:
        if self._at >= len(self._pattern):
            raise _Wrong("missing closing ]", self._pattern[start:])
        if self._pattern[self._at] == "\\":
            return self._char_escape()
        self._at += 1
        return self._pattern[self._at - 1]
