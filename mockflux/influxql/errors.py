"""What can go wrong with a query: no text of the language, a statement without sense, a thing that is not simulated."""

from __future__ import annotations

from typing import Literal


class ParseError(ValueError):
    """The text is not InfluxQL. The message is what a server says behind ``error parsing query: ``; of several
    statements none is executed."""


class ParamsError(ValueError):
    """The bound parameters cannot be read: they are no JSON object (``params``), or one of them is a number that is out
    of bounds (``value``). The message is Go's."""

    def __init__(self, of: Literal["params", "value"], message: str) -> None:
        super().__init__(message)
        self.of = of


class StatementError(ValueError):
    """A statement that can be read, but not executed; the message stands in the result of that statement."""


class NotSimulated(NotImplementedError):
    """A server would do this; it is not simulated."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not simulated: {what}")
        self.what = what
