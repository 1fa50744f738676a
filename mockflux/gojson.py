"""JSON as Go's encoding/json reads it, with its very complaints.

Behaviour and words: Go's standard library, encoding/json (scanner.go, decode.go, stream.go). Of a body only the first
value is read, as a Decoder does; :func:`only` asks that nothing stands behind it, as Unmarshal does.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

#: How deep values may lie in each other.
MAX_DEPTH = 10_000

_BLANKS = re.compile(rb"[ \t\r\n]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_NO_SCALAR = re.compile("[\ud800-\udfff]")
_DIGITS = re.compile(rb"[0-9]*")
_LITERALS = {b"t": (b"true", True), b"f": (b"false", False), b"n": (b"null", None)}
#: What Python's own reading of a long number would refuse.
_LONG = 4_000


class GoJsonError(ValueError):
    """The value cannot be read; the text is Go's."""


class Number(float):
    """A number with a point or an exponent; ``text`` is how it was spelled."""

    text: str


def decode(body: bytes) -> Any:
    """The first value of a body: dict, list, str, int, float, bool or None.

    Of a key that occurs twice the last value counts, and its place; what is not UTF-8 becomes U+FFFD. Raises
    GoJsonError: ``EOF`` for blanks only, ``unexpected EOF``, ``invalid character 'x' looking for beginning of value``.
    """
    return _Reader(body).value()


def only(body: bytes) -> Any:
    """The value of a body that has nothing behind it. Raises GoJsonError as :func:`decode` does, ``unexpected end of
    JSON input`` where the body ends too early, and ``invalid character 'x' after top-level value``."""
    reader = _Reader(body)
    try:
        value = reader.value()
    except GoJsonError as error:
        if str(error) in ("EOF", "unexpected EOF"):
            raise GoJsonError("unexpected end of JSON input") from None
        raise
    reader.skip()
    if reader.at < len(body):
        reader.fail("after top-level value")
    return value


class _Reader:
    """Reads values from left to right; ``at`` is the offset of the next byte."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def skip(self) -> None:
        """Go on to what is no blank."""
        match = _BLANKS.match(self.body, self.at)
        assert match
        self.at = match.end()

    def peek(self) -> bytes:
        """The next byte. Raises GoJsonError where there is none."""
        if self.at >= len(self.body):
            raise GoJsonError("unexpected EOF")
        return self.body[self.at : self.at + 1]

    def next(self) -> bytes:
        """The next byte, behind blanks."""
        self.skip()
        return self.peek()

    def fail(self, context: str) -> NoReturn:
        """Raise GoJsonError for the next byte."""
        raise GoJsonError(f"invalid character {_quoted(self.body[self.at])} {context}")

    def value(self) -> Any:
        """The next value, whole."""
        self.skip()
        if self.at >= len(self.body):
            raise GoJsonError("EOF")
        stack: list[list[Any] | dict[str, Any]] = []  # what is open, from the outside in
        keys: list[str] = []  # of the objects among it, the key that waits for its value
        while True:
            opened = self._opened()
            if opened is not None:
                stack.append(opened)
                if len(stack) > MAX_DEPTH:
                    raise GoJsonError("exceeded max depth")
                if self._first(opened, keys):
                    continue
                value: Any = stack.pop()
            else:
                value = self._scalar()
            while stack:
                holder = stack[-1]
                if isinstance(holder, list):
                    holder.append(value)
                else:
                    key = keys.pop()
                    holder.pop(key, None)
                    holder[key] = value
                if self._more(holder, keys):
                    break
                value = stack.pop()
            else:
                return value

    def _opened(self) -> list[Any] | dict[str, Any] | None:
        """A new array or object, if one begins here."""
        start = self.next()
        if start not in (b"[", b"{"):
            return None
        self.at += 1
        return [] if start == b"[" else {}

    def _first(self, holder: list[Any] | dict[str, Any], keys: list[str]) -> bool:
        """Whether anything is in what has just begun; if so, the key of its first value is read."""
        if self.next() == (b"]" if isinstance(holder, list) else b"}"):
            self.at += 1
            return False
        if isinstance(holder, dict):
            keys.append(self._key())
        return True

    def _more(self, holder: list[Any] | dict[str, Any], keys: list[str]) -> bool:
        """Whether another value follows in what is open; if so, its key is read."""
        end, where = (
            (b"]", "after array element") if isinstance(holder, list) else (b"}", "after object key:value pair")
        )
        mark = self.next()
        if mark not in (b",", end):
            self.fail(where)
        self.at += 1
        if mark == end:
            return False
        if isinstance(holder, dict):
            keys.append(self._key())
        return True

    def _key(self) -> str:
        if self.next() != b'"':
            self.fail("looking for beginning of object key string")
        key = self._string()
        if self.next() != b":":
            self.fail("after object key")
        self.at += 1
        return key

    def _scalar(self) -> Any:
        start = self.next()
        if start == b'"':
            return self._string()
        if start == b"-" or start.isdigit():
            return self._number()
        if start not in _LITERALS:
            self.fail("looking for beginning of value")
        word, value = _LITERALS[start]
        for expected in word.decode():
            if self.peek() != expected.encode():
                self.fail(f"in literal {word.decode()} (expecting '{expected}')")
            self.at += 1
        return value

    def _string(self) -> str:
        start = self.at
        self.at += 1
        while True:
            match = _PLAIN.match(self.body, self.at)
            assert match
            self.at = match.end()
            end = self.peek()
            if end == b'"':
                break
            if end != b"\\":
                self.fail("in string literal")
            self.at += 1
            escape = self.peek()
            if escape not in b'bfnrtu\\/"':
                self.fail("in string escape code")
            self.at += 1
            for _ in range(4 * (escape == b"u")):
                if self.peek() not in b"0123456789abcdefABCDEF":
                    self.fail("in \\u hexadecimal character escape")
                self.at += 1
        self.at += 1
        text = self.body[start : self.at].decode("utf-8", "surrogateescape")
        # Whatever is not a character, byte or half of a pair, becomes one U+FFFD.
        return _NO_SCALAR.sub("\ufffd", json.loads(_NO_SCALAR.sub("\ufffd", text)))

    def _number(self) -> int | float:
        start = self.at
        if self.peek() == b"-":
            self.at += 1
            if not self.peek().isdigit():
                self.fail("in numeric literal")
        self.at = self.at + 1 if self.peek() == b"0" else self._behind_digits()
        whole = True
        if self.body[self.at : self.at + 1] == b".":
            self.at += 1
            self._digits("after decimal point in numeric literal")
            whole = False
        if self.body[self.at : self.at + 1] in (b"e", b"E"):
            self.at += 1
            if self.peek() in b"+-":
                self.at += 1
            self._digits("in exponent of numeric literal")
            whole = False
        text = self.body[start : self.at].decode()
        if whole and len(text) < _LONG:
            return int(text)
        number = Number(text)
        number.text = text
        return number

    def _digits(self, context: str) -> None:
        if not self.peek().isdigit():
            self.fail(context)
        self.at = self._behind_digits()

    def _behind_digits(self) -> int:
        match = _DIGITS.match(self.body, self.at)
        assert match
        return match.end()


_ESCAPES = {0x07: "\\a", 0x08: "\\b", 0x0C: "\\f", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x0B: "\\v", 0x5C: "\\\\"}


def _quoted(byte: int) -> str:
    """A byte as Go quotes it: taken for the character of that number."""
    if byte == ord("'"):
        return r"'\''"
    if byte in _ESCAPES:
        return f"'{_ESCAPES[byte]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    if 0x80 <= byte <= 0xA0 or byte == 0xAD:
        return f"'\\u{byte:04x}'"
    return f"'{chr(byte)}'"
