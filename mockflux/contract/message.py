"""HTTP messages as a vector writes them: first line, headers, a blank line, the body.

The line end before the closing quotes does not count, so a body that ends with one has a blank line more. There is no
``HTTP/1.1`` in the first line; ``Host`` and ``Content-Length`` of a request are added where it has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

_STATUS_LINE = re.compile(r"([1-9][0-9]{2}) (.+)")


@dataclass(frozen=True, slots=True)
class Message:
    """A message in two parts: the first line, and headers and body; texts may hold places."""

    first: str
    headers: Headers
    body: str


@dataclass(frozen=True, slots=True)
class Expected:
    """The reply that a vector expects; reason, headers and body may hold places."""

    status: int
    reason: str
    headers: Headers
    body: str

    def header(self, name: str) -> str | None:
        """The first header of that name (in any case), or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def read_message(text: str) -> Message:
    """Take a message apart. Raises ValueError for a header line without a colon."""
    head, blank, body = text.removeprefix("\n").partition("\n\n")
    if not blank:
        head = head.removesuffix("\n")
    first, *lines = head.split("\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"expected a header 'Name: value', got {line!r}")
        headers.append((name, value.removeprefix(" ")))
    return Message(first, tuple(headers), body.removesuffix("\n"))


def read_request(text: str) -> tuple[str, str, Headers, str]:
    """Method, target, headers and body of a request. Raises ValueError."""
    message = read_message(text)
    method, blank, target = message.first.partition(" ")
    if not blank or not target:
        raise ValueError(f"expected 'METHOD target' in the first line, got {message.first!r}")
    return method, target, message.headers, message.body


def read_response(text: str) -> Expected:
    """The reply that is expected. Raises ValueError."""
    message = read_message(text)
    line = _STATUS_LINE.fullmatch(message.first)
    if line is None:
        raise ValueError(f"expected 'STATUS Reason' in the first line, got {message.first!r}")
    return Expected(int(line.group(1)), line.group(2), message.headers, message.body)
