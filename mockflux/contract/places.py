"""Places: ``{{name}}`` in a vector stands for a value that only the run knows.

Known from the set-up: ``{{token}} {{read_token}} {{org}} {{org_id}} {{bucket}} {{bucket_id}} {{user}} {{password}}``,
``{{database}}`` where the edition has databases (``{{bucket}}`` is the same there, so that a vector can be for both),
``{{auth}}`` (the whole Authorization value), ``{{version}}``, ``{{cluster_uuid}}``; of what a vector's own set-up made:
``{{token.NAME}}``, ``{{bucket_id.NAME}}``, ``{{org_id.NAME}}``. Invented by the server: ``{{id:1}}`` (16 hexadecimal
digits), ``{{trace:1}}`` (32 of them) and the other ``SHAPES``; with a number the same place is the same value
throughout the vector. ``{{length}}`` is the number of bytes of the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACE = re.compile(r"\{\{([a-z_]+)((?:\.[A-Za-z0-9_-]+)?)((?::[0-9]+)?)\}\}")

#: What the values look like that a server invents.
SHAPES = {
    "id": r"[0-9a-f]{16}",
    "trace": r"[0-9a-f]{32}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "token": r"[A-Za-z0-9_\-]{20,}=*",
    "now": r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?",
    "date": r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT",
    "number": r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?",
}


class UnknownPlace(LookupError):
    """A place that nothing is known of: neither set up, nor met before, nor of a known shape."""


class Places:
    """The values of places in one run of a vector. ``known`` are those of the set-up, without braces."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._values = dict(known)

    def fill(self, text: str) -> str:
        """The text with every place replaced by its value. Raises UnknownPlace for one that has none yet."""

        def value(match: re.Match[str]) -> str:
            name = match.group(0)[2:-2]
            if name not in self._values:
                known = ", ".join(sorted(self._values))
                raise UnknownPlace(f"nothing is known of {match.group(0)} here; known: {known}")
            return self._values[name]

        return PLACE.sub(value, text)

    def know(self, name: str, value: str) -> None:
        """Give a place its value."""
        self._values[name] = value

    def known(self, text: str) -> str:
        """The text with the places filled in whose value is known, for showing."""
        return PLACE.sub(lambda match: self._values.get(match.group(0)[2:-2], match.group(0)), text)

    def match(self, expected: str, actual: str) -> bool:
        """Whether the text is as expected; on success the numbered places found in it are known from then on."""
        pattern, names = self.pattern(expected)
        found = pattern.fullmatch(actual)
        if found is None:
            return False
        self._values.update({name: found.group(group) for group, name in names.items()})
        return True

    def pattern(self, expected: str) -> tuple[re.Pattern[str], dict[str, str]]:
        """The expected text as a pattern: known places by value, new ones by shape, the same new one twice by back
        reference; with the groups of the numbered places. Raises UnknownPlace."""
        out, position = [], 0
        groups: dict[str, str] = {}
        for match in PLACE.finditer(expected):
            out.append(re.escape(expected[position : match.start()]))
            position = match.end()
            out.append(self._one(match, groups))
        out.append(re.escape(expected[position:]))
        return re.compile("".join(out), re.DOTALL), {group: name for name, group in groups.items()}

    def _one(self, match: re.Match[str], groups: dict[str, str]) -> str:
        name, base, number = match.group(0)[2:-2], match.group(1), match.group(3)
        if name in self._values:
            return re.escape(self._values[name])
        if name in groups:
            return f"(?P={groups[name]})"
        if base not in SHAPES:
            raise UnknownPlace(f"nothing is known of {match.group(0)}; shapes: {', '.join(SHAPES)}")
        if not number:
            return f"(?:{SHAPES[base]})"
        groups[name] = f"g{len(groups)}"
        return f"(?P<{groups[name]}>{SHAPES[base]})"
