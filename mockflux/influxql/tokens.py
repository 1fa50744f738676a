"""The tokens of InfluxQL, and what can be said of them without their surroundings (influxql token.go)."""

from __future__ import annotations

import re
from typing import NamedTuple

EOF, BLANK, COMMENT, ILLEGAL = "EOF", "WS", "COMMENT", "ILLEGAL"
IDENT, STRING, BAD_STRING, BAD_ESCAPE = "IDENT", "STRING", "BADSTRING", "BADESCAPE"
NUMBER, INTEGER, DURATION_VALUE = "NUMBER", "INTEGER", "DURATIONVAL"
REGEX, BAD_REGEX, BOUND, TRUE, FALSE = "REGEX", "BADREGEX", "BOUNDPARAM", "TRUE", "FALSE"

_WORDS = """
ALL ALTER ANALYZE ANY AS ASC BEGIN BY CARDINALITY CREATE CONTINUOUS DATABASE DATABASES DEFAULT DELETE DESC
DESTINATIONS DIAGNOSTICS DISTINCT DROP DURATION END EVERY EXACT EXPLAIN FIELD FOR FROM GRANT GRANTS GROUP GROUPS IN
INF INSERT INTO KEY KEYS KILL LIMIT MEASUREMENT MEASUREMENTS NAME OFFSET ON ORDER PASSWORD POLICY POLICIES PRIVILEGES
QUERIES QUERY READ REPLICATION RESAMPLE RETENTION REVOKE SELECT SERIES SET SHARD SHARDS SHOW SLIMIT SOFFSET STATS
SUBSCRIPTION SUBSCRIPTIONS TAG TO USER USERS VALUES WHERE WITH WRITE AND OR TRUE FALSE
"""
#: Words that are no identifiers unless quoted, in any case of letters.
KEYWORDS = frozenset(_WORDS.split())

#: The operators that join two expressions, with how tightly they bind.
PRECEDENCE = {
    "OR": 1,
    "AND": 2,
    **dict.fromkeys(("=", "!=", "=~", "!~", "<", "<=", ">", ">="), 3),
    **dict.fromkeys(("+", "-", "|", "^"), 4),
    **dict.fromkeys(("*", "/", "%", "&"), 5),
}
COMPARISONS = frozenset(("=", "!=", "=~", "!~", "<", "<=", ">", ">="))

#: Kinds that have no name in messages.
_NAMELESS = frozenset((COMMENT, INTEGER, BOUND, BAD_REGEX))
_BARE = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class Token(NamedTuple):
    """``text`` is the literal, where the kind has one; ``at`` is the place in the text that messages speak of."""

    kind: str
    at: int
    text: str = ""

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self.text or ("" if self.kind in _NAMELESS else self.kind)


def quote_string(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "\\'") + "'"


def quote_ident(*segments: str) -> str:
    """Names joined by dots, quoted where influxd quotes them: all but the last, and what could not be read bare."""
    last = len(segments) - 1
    return ".".join([_segment(name, at == 0, at == last) for at, name in enumerate(segments)])


def _segment(name: str, first: bool, last: bool) -> str:
    if name:
        quoted = not last or name.upper() in KEYWORDS or not _BARE.fullmatch(name)
    else:
        quoted = first or last
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'"{escaped}"' if quoted else escaped
