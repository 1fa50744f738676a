"""Characters to tokens, as influxd's scanner does it (influxql scanner.go).

It reads forward, and some things depend on how far it has read: the parser peeks at the next character to see whether a
regular expression begins, and that character lies behind a token that has been put back. The end of the text can be
read again and again; places behind it count one more than the end, never two.
"""

from __future__ import annotations

import re

from mockflux.influxql import tokens
from mockflux.influxql.tokens import Token

_END = "\0"
_BLANKS = " \t\n"
_WORD = re.compile("[A-Za-z0-9_]*")
_DIGITS = re.compile("[0-9]*")
_DURATION = re.compile("[A-Za-zµ][A-Za-z0-9µ]*")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"', "'": "'"}
_TWO = frozenset(("=~", "!=", "!~", ">=", "<=", "<>", "::"))
_ONE = frozenset("+-*/%&|^=><(),;:.")


class Scanner:
    """Gives tokens of a text, one after the other. ``at`` is the place of the next character."""

    def __init__(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._text = text
        self._length = len(text)
        self.at = 0

    def place(self, at: int) -> tuple[int, int]:
        """Line and character (both from 1) of a place in the text, as messages tell them."""
        at = max(at, 0)
        line_start = self._text.rfind("\n", 0, at) + 1
        line = self._text.count("\n", 0, line_start)
        end = self._text.find(_END, line_start)
        end = self._length if end < 0 else end
        # What lies behind the end, or behind a NUL, counts no further.
        return line + 1, min(at, max(end + 1, line_start)) - line_start + 1

    def peek(self) -> str:
        """The next character; the end of the text is read by this."""
        char = self._char(self.at)
        if char == _END:
            self.at += 1
        return char

    def _char(self, at: int) -> str:
        return self._text[at] if at < self._length else _END

    def token(self) -> Token:
        """The next token, be it blanks or a comment."""
        start = self.at
        first = self._char(start)
        if first in _BLANKS:
            return self._blanks(start)
        if first == '"' or first == "_" or (first.isascii() and first.isalpha()):
            return self._ident(start, lookup=True)
        if _is_digit(first) or (first == "." and _is_digit(self._char(start + 1))):
            return self._number(start)
        if first == "'":
            return self._string(start)
        if first == "$":
            self.at += 1
            token = self._ident(start + 1, lookup=False)
            return Token(tokens.BOUND if token.kind == tokens.IDENT else token.kind, start, f"${token.text}")
        if first == _END:
            self.at += 1
            return Token(tokens.EOF, start)
        return self._sign(start, first)

    def _blanks(self, start: int) -> Token:
        at = start + 1
        while self._char(at) in _BLANKS:
            at += 1
        self.at = at + (self._char(at) == _END)
        return Token(tokens.BLANK, start, self._text[start:at])

    def _ident(self, start: int, *, lookup: bool) -> Token:
        match = _WORD.match(self._text, start)
        end = match.end() if match else start
        word = self._text[start:end]
        following = self._char(end)
        if following == '"':  # the word in front of the quote is lost
            token = self._string(end)
            return Token(tokens.IDENT, start, token.text) if token.kind == tokens.STRING else token
        self.at = end + (following == _END) * (2 if word else 1)
        if lookup and word.upper() in tokens.KEYWORDS:
            return Token(word.upper(), start)
        return Token(tokens.IDENT, start, word)

    def _string(self, start: int) -> Token:
        """What is in the quotes that begin at a place; messages place it one before them."""
        ending, at = self._char(start), start + 1
        literal: list[str] = []
        while True:
            char = self._char(at)
            if char == ending:
                self.at = at + 1
                return Token(tokens.STRING, start - 1, "".join(literal))
            if char == "\n" or char == _END:
                self.at = at + 1
                return Token(tokens.BAD_STRING, start - 1, "".join(literal))
            if char == "\\":
                at += 1
                escaped = self._char(at)
                if escaped not in _ESCAPES:
                    self.at = at + 1
                    return Token(tokens.BAD_ESCAPE, at, f"\\{escaped}")
                char = _ESCAPES[escaped]
            literal.append(char)
            at += 1

    def _number(self, start: int) -> Token:
        whole, at = self._digits(start)
        if self._char(at) == ".":
            if not _is_digit(self._char(at + 1)):  # the point belongs to it, and is not told
                self.at = at + 1
                return Token(tokens.NUMBER, start, whole)
            fraction, self.at = self._digits(at + 1)
            return Token(tokens.NUMBER, start, f"{whole}.{fraction}")
        unit = _DURATION.match(self._text, at)
        if unit:
            self.at = unit.end()
            return Token(tokens.DURATION_VALUE, start, whole + unit[0])
        self.at = at
        return Token(tokens.INTEGER, start, whole)

    def _digits(self, at: int) -> tuple[str, int]:
        match = _DIGITS.match(self._text, at)
        return (match[0], match.end()) if match else ("", at)

    def _sign(self, start: int, first: str) -> Token:
        pair = first + self._char(start + 1)
        if pair in _TWO:
            self.at = start + 2
            return Token("!=" if pair == "<>" else pair, start)
        if pair == "--":
            end = self._end_of_line(start + 2)
            self.at = end + 1
            return Token(tokens.COMMENT, start)
        if pair == "/*":
            return self._comment(start)
        self.at = start + 1
        return Token(first, start) if first in _ONE else Token(tokens.ILLEGAL, start, first)

    def _end_of_line(self, at: int) -> int:
        while self._char(at) not in ("\n", _END):
            at += 1
        return at

    def _comment(self, start: int) -> Token:
        stop = self._text.find(_END, start + 2)
        stop = self._length if stop < 0 else stop
        end = self._text.find("*/", start + 2, stop)
        if end < 0:
            self.at = stop + 1
            return Token(tokens.ILLEGAL, start)
        self.at = end + 2
        return Token(tokens.COMMENT, start)

    def regex(self) -> Token:
        """The regular expression that begins here, without its slashes; messages place it one before them."""
        start, at = self.at - 1, self.at
        literal: list[str] = []
        if self._char(at) != "/":
            self.at = at + 1
            return Token(tokens.BAD_REGEX, start)
        at += 1
        while True:
            char = self._char(at)
            at += 1
            if char == "/":
                self.at = at
                return Token(tokens.REGEX, start, "".join(literal))
            if char == "\n" or char == _END:
                self.at = at
                return Token(tokens.BAD_REGEX, start)
            if char == "\\":
                if self._char(at) == _END:
                    self.at = at + 1
                    return Token(tokens.BAD_REGEX, start)
                if self._char(at) == "/":
                    char = "/"
                    at += 1
            literal.append(char)


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"
