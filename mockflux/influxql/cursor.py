"""A place in a query text: tokens are taken one after the other, and can be put back."""

from __future__ import annotations

from collections.abc import Mapping

from mockflux.influxql import tokens
from mockflux.influxql.binding import bound
from mockflux.influxql.durations import read_duration
from mockflux.influxql.errors import ParseError
from mockflux.influxql.numbers import LARGEST, LARGEST_UNSIGNED, read_integer
from mockflux.influxql.scanner import Scanner
from mockflux.influxql.tokens import Token

_PASSED_OVER = frozenset((tokens.BLANK, tokens.COMMENT))


class Cursor:
    """Takes tokens from a text; ``params`` are the values of bound parameters as JSON has them, by name.

    Putting back (``back()``) is of one token, blanks counted. So a token that was read behind blanks and put back is
    met again without them; parsers rely on it.
    """

    def __init__(self, text: str, params: Mapping[str, object]) -> None:
        self._scanner = Scanner(text)
        self._params = {name: bound(value) for name, value in params.items() if name}
        self._taken: list[Token] = []
        self._next = 0

    def raw(self, *, regex: bool = False) -> Token:
        """The next token, be it blanks or a comment; ``regex``: a regular expression begins here."""
        if self._next == len(self._taken):
            self._taken.append(self._scanner.regex() if regex else self._scanner.token())
        self._next += 1
        token = self._taken[self._next - 1]
        if token.kind == tokens.BOUND and (value := self._params.get(token.text.removeprefix("$"))):
            return Token(value.kind, token.at, value.text)
        return token

    def take(self) -> Token:
        """The next token that is no blanks and no comment."""
        token = self.raw()
        while token.kind in _PASSED_OVER:
            token = self.raw()
        return token

    def back(self) -> None:
        """Puts one token back."""
        self._next = max(self._next - 1, 0)

    def peek_char(self) -> str:
        """The character behind all tokens that were ever read; NUL at the end of the text."""
        return self._scanner.peek()

    def pass_blanks(self) -> None:
        """Takes the blanks that come next, if any."""
        if self.raw().kind != tokens.BLANK:
            self.back()

    # ---------------------------------------------------------------- what is wrong

    def error(self, message: str, token: Token | None = None) -> ParseError:
        """The message with the place of a token; without one, that of the beginning."""
        line, char = self._scanner.place(token.at if token else 0)
        return ParseError(f"{message} at line {line}, char {char}")

    def unexpected(self, token: Token, *expected: str) -> ParseError:
        """Another token was expected."""
        return self.error(f"found {token.shown}, expected {', '.join(expected)}", token)

    # ---------------------------------------------------------------- what has to come

    def accept(self, kind: str) -> bool:
        """Whether a token of that kind comes next, which is taken then."""
        if self.take().kind == kind:
            return True
        self.back()
        return False

    def expect(self, *kinds: str) -> None:
        """Takes those tokens, one after the other."""
        for kind in kinds:
            token = self.take()
            if token.kind != kind:
                raise self.unexpected(token, kind)

    def text(self, kind: str, called: str) -> str:
        """The literal of a token of that kind, which messages call so."""
        token = self.take()
        if token.kind != kind:
            raise self.unexpected(token, called)
        return token.text

    def ident(self) -> str:
        """An identifier."""
        return self.text(tokens.IDENT, "identifier")

    def string(self) -> str:
        """A string."""
        return self.text(tokens.STRING, "string")

    def integer(self, smallest: int, largest: int) -> int:
        """A whole number within bounds."""
        token = self._digits()
        number = self._within(token, LARGEST, "Atoi")
        if not smallest <= number <= largest:
            raise self.error(f"invalid value {number}: must be {smallest} <= n <= {largest}", token)
        return number

    def unsigned(self) -> int:
        """A whole number of 64 bits."""
        return self._within(self._digits(), LARGEST_UNSIGNED, "ParseUint")

    def _digits(self) -> Token:
        token = self.take()
        if token.kind != tokens.INTEGER:
            raise self.unexpected(token, "integer")
        return token

    def _within(self, token: Token, largest: int, function: str) -> int:
        number = read_integer(token.text)
        if number > largest:
            raise self.error(f'strconv.{function}: parsing "{token.text}": value out of range', token)
        return number

    def bound(self, word: str) -> int:
        """The number behind LIMIT and the like, 0 where the word does not come."""
        return min(read_integer(self._digits().text), LARGEST) if self.accept(word) else 0

    def duration(self, *, endless: bool = True) -> int:
        """A length of time in ns; INF, where it may be, is 0."""
        token = self.take()
        if token.kind == "INF" and endless:
            return 0
        if token.kind != tokens.DURATION_VALUE:
            raise self.unexpected(token, "duration")
        try:
            return read_duration(token.text)
        except ValueError as wrong:
            raise self.error(str(wrong), token) from None
