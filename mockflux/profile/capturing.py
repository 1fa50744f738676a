"""The form of a regular expression that finds one thing, its only group."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mockflux.profile.schema import Form

#: A piece of an expression that has to be known to tell where its groups begin and end.
_PIECE = re.compile(
    r"""
      \\.                                # escaped
    | \[\^?\]?(?:\\.|[^\]\\])*\]          # a class
    | \(\?\#[^)]*\)                     # a comment
    | \(\?P=[^)]*\)                     # what a group found, again
    | (?P<maybe>\(\?(?:<?!|\([^)]*\)))  # a part that must not match, or that depends on a group
    | (?P<capture>\((?:\?P<|(?!\?)))
    | (?P<open>\()
    | (?P<close>\)(?:\(\?\#[^)]*\))*(?P<optional>[?*]|\{(?:0+|0*,[0-9]*)\})?)
    | (?P<either>\|)
    """,
    re.VERBOSE | re.DOTALL,
)
#: Blanks and comments may stand anywhere in such an expression, so that pieces cannot be told.
_VERBOSE = re.compile(r"\(\?[aiLmsu]*x")


@dataclass(slots=True)
class _Part:
    """What stands in parentheses: whether it is the group, whether that is in it, and whether it can match without some
    of what is in it."""

    group: bool = False
    holds: bool = False
    spares: bool = False


class Capturing(Form):
    """A regular expression with exactly one group, without which it never matches."""

    expected = "a regular expression with exactly one group (...), which takes part in every match, without (?x)"

    def fits(self, value: Any) -> bool:
        try:
            return isinstance(value, str) and re.compile(value).groups == 1 and _always_taken(value)
        except re.error:
            return False


def _always_taken(pattern: str) -> bool:
    """Whether the only group of an expression takes part in each of its matches: no part around it, nor itself, may be
    left out, and none is one of several."""
    if _VERBOSE.search(pattern):
        return False
    parts = [_Part()]  # those that are open, the innermost last
    for piece in _PIECE.finditer(pattern):
        if piece["maybe"] or piece["capture"] or piece["open"]:
            group = piece["capture"] is not None
            parts.append(_Part(group, group, piece["maybe"] is not None))
        elif piece["either"]:
            parts[-1].spares |= not parts[-1].group  # any branch of the group itself is a match of it
        elif piece["close"]:
            closed = parts.pop()
            if closed.holds and (closed.spares or piece["optional"]):
                return False
            parts[-1].holds |= closed.holds
    return not parts[0].spares
