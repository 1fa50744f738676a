"""The predicate of a delete: which points it means.

The grammar is ``key = value`` and ``key != value`` joined by ``AND``, with parentheses. A server reads it twice: by its
own parser (influxdb predicate/parser.go) and by that of InfluxQL (influxql parser.go), both fed by InfluxQL's scanner;
each has words of its own, and quirks in what it lets pass. Positions are those of that scanner.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mockflux.lineprotocol import Tags

#: The key that stands for the measurement, and the one that stands for the keys of fields.
MEASUREMENT, FIELD = "_measurement", "_field"


class PredicateError(ValueError):
    """The text is no predicate. ``second``: so it is said where it is read the second time, as InfluxQL."""

    def __init__(self, text: str, *, second: bool = False) -> None:
        super().__init__(text)
        self.second = second


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition: the tag ``key`` equals ``value``, or does not."""

    key: str
    equal: bool
    value: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """Conditions that all have to hold; without any, all points are meant.

    What a real 2.9.1 does: a series without a tag fits no condition on it, ``!=`` neither; nothing fits ``!=`` on
    measurement or field.
    """

    comparisons: tuple[Comparison, ...] = ()

    @property
    def fields(self) -> tuple[Comparison, ...]:
        """The conditions on the keys of fields."""
        return tuple(comparison for comparison in self.comparisons if comparison.key == FIELD)

    def matches(self, measurement: str, tags: Tags | Mapping[str, str]) -> bool:
        """Whether a series fits, the conditions on fields left aside."""
        by_key = dict(tags)
        return all(_fits(comparison, measurement, by_key) for comparison in self.comparisons if comparison.key != FIELD)

    def takes(self, key: str) -> bool:
        """Whether the field of that key fits."""
        return all(comparison.equal and comparison.value == key for comparison in self.fields)


def _fits(comparison: Comparison, measurement: str, tags: Mapping[str, str]) -> bool:
    if comparison.key == MEASUREMENT:
        return comparison.equal and comparison.value == measurement
    if comparison.key not in tags:
        return False
    return (tags[comparison.key] == comparison.value) is comparison.equal


def parse(text: str) -> Predicate:
    """The predicate that a text spells; the empty one means all points. Raises PredicateError."""
    if not text:
        return Predicate()
    tokens = list(_scan(text))
    predicate = _Parser(tokens).predicate()
    _Second(tokens).expression()
    return predicate


# ------------------------------------------------------------------------------------------ tokens


class Token(NamedTuple):
    """A token of InfluxQL. ``kind`` is what messages call it, ``text`` its literal, where it has one."""

    kind: str
    line: int
    char: int
    text: str = ""


_WORDS = """
AND OR TRUE FALSE ALL ALTER ANALYZE ANY AS ASC BEGIN BY CARDINALITY CREATE CONTINUOUS DATABASE DATABASES DEFAULT
DELETE DESC DESTINATIONS DIAGNOSTICS DISTINCT DROP DURATION END EVERY EXACT EXPLAIN FIELD FOR FROM GRANT GRANTS
GROUP GROUPS IN INF INSERT INTO KEY KEYS KILL LIMIT MEASUREMENT MEASUREMENTS NAME OFFSET ON ORDER PASSWORD POLICY
POLICIES PRIVILEGES QUERIES QUERY READ REPLICATION RESAMPLE RETENTION REVOKE SELECT SERIES SET SHARD SHARDS SHOW
SLIMIT SOFFSET STATS SUBSCRIPTION SUBSCRIPTIONS TAG TO USER USERS VALUES WHERE WITH WRITE
"""
_KEYWORDS = frozenset(_WORDS.split())
#: Tokens that have no name of their own in messages.
_NAMELESS = frozenset(("COMMENT", "INTEGER", "BOUNDPARAM", "PI"))
_BLANK, _EOF = "WS", "EOF"
_OPERATORS = frozenset(
    ("+", "-", "*", "/", "%", "&", "|", "^", "AND", "OR", "=", "!=", "=~", "!~", "<", "<=", ">", ">=")
)
_LINE_END = re.compile("\n")
_BLANKS = re.compile("[ \t\n]+")
_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_BOUND = re.compile(r"\$([A-Za-z0-9_]*)")
_NUMBER = re.compile("([0-9]*)(\\.[0-9]+|\\.)?")
_DURATION = re.compile("[A-Za-zµ]+[A-Za-z0-9µ]*")
_COMMENT = re.compile(r"--[^\n]*\n?|/\*.*?\*/", re.DOTALL)
_SIGN = re.compile(r"=~|!=|!~|>=|<=|<>|::|[=><(),;:+*/%&|^.-]")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"', "'": "'"}


class _Source(str):
    """A text that knows where its lines end, so that the place of a token is found without going through the text."""

    __slots__ = ("line_ends",)

    line_ends: list[int]

    def __new__(cls, text: str) -> _Source:
        made = super().__new__(cls, text)
        made.line_ends = [found.start() for found in _LINE_END.finditer(text)]
        return made


def _scan(text: str) -> Iterator[Token]:
    """The tokens of a text, blanks among them, as the scanner of InfluxQL finds them (influxql scanner.go); the last is
    the end. A NUL is the end, too."""
    text = _Source(text.replace("\r\n", "\n").replace("\r", "\n").partition("\0")[0])
    at = 0
    while at < len(text):
        token, at = _token(text, at)
        yield token
    # The end lies one further on where reading a word or blanks went past it.
    over = bool(text) and (text[-1] in " \t\n" or _is_word(token, text[-1]))
    yield _at(text, len(text) + over, _EOF)


def _is_word(token: Token, last: str) -> bool:
    return token.kind in _KEYWORDS or (token.kind in ("IDENT", "BOUNDPARAM") and last != '"')


def _at(text: _Source, at: int, kind: str, literal: str = "") -> Token:
    line = bisect_left(text.line_ends, at)
    line_start = text.line_ends[line - 1] + 1 if line else 0
    return Token(kind, line, at - line_start if at >= 0 else 0, literal)


def _token(text: _Source, at: int) -> tuple[Token, int]:
    """The token that begins at an offset, and the offset behind it."""
    if match := _BLANKS.match(text, at):
        return _at(text, at, _BLANK, match[0]), match.end()
    if match := _WORD.match(text, at):
        end = match.end()
        if text[end : end + 1] == '"':  # what stands in front of the quote is lost
            return _quoted(text, end, at)
        kind = match[0].upper() if match[0].upper() in _KEYWORDS else "IDENT"
        return _at(text, at, kind, match[0] if kind == "IDENT" else ""), end
    first = text[at]
    if first == '"':
        return _quoted(text, at, at)
    if first == "'":
        return _quoted(text, at, None)
    if first.isdecimal() and first.isascii():
        return _number(text, at)
    if first == "." and "0" <= text[at + 1 : at + 2] <= "9":
        return _number(text, at)
    if match := _BOUND.match(text, at):
        end = match.end()
        if text[end : end + 1] == '"':
            token, end = _quoted(text, end, at)
            kind = "BOUNDPARAM" if token.kind == "IDENT" else token.kind
            return _at(text, at, kind, f"${token.text}"), end
        return _at(text, at, "BOUNDPARAM", match[0]), end
    if match := _COMMENT.match(text, at):
        return _at(text, at, "COMMENT"), match.end()
    if text.startswith("/*", at):  # without an end
        return _at(text, at, "ILLEGAL"), len(text)
    if match := _SIGN.match(text, at):
        return _at(text, at, "!=" if match[0] == "<>" else match[0]), match.end()
    return _at(text, at, "PI" if first == "π" else "ILLEGAL", "" if first == "π" else first), at + 1


def _quoted(text: _Source, at: int, start: int | None) -> tuple[Token, int]:
    """What is in the quotes that begin at an offset: an identifier whose position is ``start``, or a string for None.
    A string, and what does not end, has the position before the quote."""
    ending, literal, position = text[at], [], at + 1
    while position < len(text) and text[position] not in (ending, "\n"):
        if text[position] == "\\":
            escaped = text[position + 1 : position + 2]
            if escaped not in _ESCAPES:
                return _at(text, position + 1, "BADESCAPE", f"\\{escaped or chr(0)}"), min(position + 2, len(text))
            literal.append(_ESCAPES[escaped])
            position += 2
        else:
            literal.append(text[position])
            position += 1
    whole = text[position : position + 1] == ending
    end = min(position + 1, len(text))
    if not whole:
        return _at(text, at - 1, "BADSTRING", "".join(literal)), end
    if start is None:
        return _at(text, at - 1, "STRING", "".join(literal)), end
    return _at(text, start, "IDENT", "".join(literal)), end


def _number(text: _Source, at: int) -> tuple[Token, int]:
    match = _NUMBER.match(text, at)
    assert match
    whole, fraction = match.groups()
    if fraction:
        return _at(text, at, "NUMBER", whole if fraction == "." else whole + fraction), match.end()
    unit = _DURATION.match(text, match.end())
    if unit:
        return _at(text, at, "DURATIONVAL", whole + unit[0]), unit.end()
    return _at(text, at, "INTEGER", whole), match.end()


class _Tokens:
    """A list of tokens to be read one after the other; behind the last one there is always another end."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._next = tokens, 0

    def raw(self) -> Token:
        """The next token, be it blanks."""
        if self._next >= len(self._tokens):
            return self._tokens[-1]
        self._next += 1
        return self._tokens[self._next - 1]

    def take(self) -> Token:
        """The next token that is no blanks."""
        token = self.raw()
        return self.raw() if token.kind == _BLANK else token

    def peek(self, *, blanks: bool = False) -> str:
        """The kind of the next token, which stays; of blanks too if they count (``blanks``)."""
        before = self._next
        kind = (self.raw() if blanks else self.take()).kind
        self._next = before
        return kind


# ------------------------------------------------------------------------------------------ the server's own parser


@dataclass(slots=True)
class _Node:
    """Two places for what is joined, and whether AND was seen: without it, two are an error."""

    left: _Node | Comparison | None = None
    right: _Node | Comparison | None = None
    joined: bool = False

    def put(self, child: _Node | Comparison | None) -> None:
        """Takes a place; what comes third takes that of the second."""
        if self.left is None:
            self.left = child
        else:
            self.right = child


@dataclass(slots=True)
class _Level:
    """What is being read: behind a parenthesis (``paren``: how many were open then), or behind an AND before one."""

    paren: int | None = None
    node: _Node = field(default_factory=_Node)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = _Tokens(tokens)

    def predicate(self) -> Predicate:
        root = self._read()
        return Predicate(tuple(_flat(root)))

    def _read(self) -> _Node | Comparison | None:
        levels, opened = [_Level()], 0
        while True:
            token, level = self._tokens.take(), levels[-1]
            if token.kind in ("NUMBER", "INTEGER", "NAME", "IDENT"):
                level.node.put(self._comparison(token))
            elif token.kind == "AND":
                level.node.joined = True
                if level.node.right is None:
                    continue
                if self._tokens.peek() == "(":
                    levels.append(_Level())
                else:
                    level.node = _Node(level.node, self._comparison(self._tokens.take()), joined=True)
            elif token.kind == "OR":
                raise PredicateError(f"the logical operator OR is not supported yet at position {token.char}")
            elif token.kind == "(":
                opened += 1
                levels.append(_Level(opened))
            elif token.kind in (")", _EOF):
                opened -= token.kind == ")"
                if opened < 0:
                    raise PredicateError("extra ) seen")
                done = levels.pop().node
                read = done.left if done.right is None else done
                if not levels:
                    return read
                if level.paren is None:
                    levels[-1].node = _Node(levels[-1].node, read, joined=True)
                elif opened != level.paren - 1:
                    raise PredicateError("extra ( seen")
                else:
                    levels[-1].node.put(read)
            else:
                raise PredicateError(f"bad logical expression, at position {token.char}")

    def _comparison(self, key: Token) -> Comparison:
        if key.kind not in ("IDENT", "NAME"):
            raise PredicateError(f"bad tag key, at position {key.char}")
        sign = self._tokens.take()
        if sign.kind in ("=~", "!~"):
            raise PredicateError(f'operator: "{sign.kind}" at position: {sign.char} is not supported yet')
        if sign.kind not in ("=", "!="):
            shown = "" if sign.kind in _NAMELESS else sign.kind
            raise PredicateError(f'invalid operator "{shown}" at position: {sign.char}')
        name = key.text if key.kind == "IDENT" else "name"
        return Comparison(name, sign.kind == "=", self._value())

    def _value(self) -> str:
        minus = ""
        while (token := self._tokens.take()).kind == "-":
            minus = "-"
        if token.kind in ("TRUE", "FALSE"):
            return token.kind.lower()
        if token.kind not in ("IDENT", "DURATIONVAL", "NUMBER", "INTEGER"):
            raise PredicateError(f"bad tag value: {_quote(token.text)}, at position {token.char}")
        return minus + token.text


_CONTROLS = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def _quote(text: str) -> str:
    """A text as Go quotes it (strconv.Quote)."""
    return f'"{"".join(map(_escape, text))}"'


def _escape(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    number = ord(char)
    if number < 0x20 or number == 0x7F:
        return _CONTROLS.get(char, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _flat(root: _Node | Comparison | None) -> Iterator[Comparison]:
    """The comparisons of a tree, from left to right. Raises PredicateError for two that nothing joins."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Comparison):
            yield node
        elif node is not None:
            if not node.joined:
                raise PredicateError("the logical operator 0 is invalid")
            waiting += [node.right, node.left]


# ------------------------------------------------------------------------------------------ InfluxQL's parser

_UNITS = re.compile("[0-9]+(?:ns|u|µ|ms|s|m|h|d|w)")
_OPERAND = "identifier, string, number, bool"
_BEHIND_SIGN = "identifier, number, duration, ("


class _Second:
    """Reads an expression as InfluxQL does, for its complaints only; what stands behind it does not matter."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = _Tokens(tokens)

    def expression(self) -> None:
        """Raises PredicateError for what is no expression."""
        opened: list[str] = []  # what waits for its end, from the outside in
        while True:
            if self._operand(opened):
                continue
            while True:
                token = self._tokens.take()
                if token.kind in _OPERATORS or (token.kind == "," and opened[-1:] == ["call"]):
                    break
                if not opened:
                    return
                if token.kind != ")":
                    self._fail(token, ")")
                opened.pop()

    def _operand(self, opened: list[str]) -> bool:
        """Reads an operand; whether it has only begun."""
        token = self._tokens.take()
        while token.kind in ("+", "-"):
            token = self._tokens.take()
            if token.kind not in ("NUMBER", "INTEGER", "DURATIONVAL", "(", "IDENT"):
                self._fail(token, _BEHIND_SIGN)
        if token.kind == "(":
            opened.append("paren")
            return True
        if token.kind == "IDENT" and self._tokens.peek(blanks=True) == "(":
            self._tokens.raw()
            if self._tokens.peek(blanks=True) == ")":
                self._tokens.raw()
                return False
            opened.append("call")
            return True
        if token.kind == "DURATIONVAL":
            _check_duration(token)
        elif token.kind == "INTEGER" and int(token.text[:21]) >= 2**64:
            raise PredicateError(_where("unable to parse integer", token), second=True)
        elif token.kind not in ("IDENT", "STRING", "NUMBER", "INTEGER", "TRUE", "FALSE"):
            self._fail(token, _OPERAND)
        return False

    def _fail(self, token: Token, expected: str) -> None:
        raise PredicateError(_where(f"found {token.text or token.kind}, expected {expected}", token), second=True)


def _where(text: str, token: Token) -> str:
    return f"{text} at line {token.line + 1}, char {token.char + 1}"


def _check_duration(token: Token) -> None:
    at = 0
    while at < len(token.text):
        match = _UNITS.match(token.text, at)
        if match is None:
            raise PredicateError("invalid duration", second=True)
        at = match.end()
