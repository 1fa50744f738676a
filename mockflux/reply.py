"""What goes back to the client, and JSON as the editions' own languages write it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Header = tuple[str, str]


class Reply:
    """One HTTP reply, complete: every header in the order of the wire, the body as bytes.

    ``clause`` names the rule of the profile that said it; ``transport`` asks the server for a broken
    transmission instead (``"reset"``: close with RST, nothing sent; ``"truncate"``: stop in the middle);
    ``delay`` is the time in seconds to wait before sending. ``close`` says that the connection ends with
    this reply whatever the client asked for.
    """

    __slots__ = ("body", "clause", "close", "delay", "headers", "reason", "shared", "status", "transport")

    def __init__(
        self,
        status: int,
        reason: str,
        headers: list[Header],
        body: bytes = b"",
        *,
        clause: str = "",
        close: bool = False,
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.clause = clause
        self.close = close
        self.transport: str | None = None
        self.delay = 0.0
        #: Whether the headers, but for the list of them, belong to other replies as well.
        self.shared = False

    def header(self, name: str) -> str | None:
        """The first header of that name (in any case), or None."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None

    def json(self) -> Any:
        """The body read as JSON. Raises ValueError if it is none."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<Reply {self.status} {self.reason} [{self.clause}] {self.body[:80]!r}>"


# -------------------------------------------------------------------- JSON as each family writes it

# encoding/json escapes these although JSON does not ask for it (golang.org/pkg/encoding/json, HTMLEscape).
_GO_EXTRA = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_LONE = re.compile("[\ud800-\udfff]+")


def _go_escape(match: re.Match[str]) -> str:
    char = match.group()
    # Bytes that are not UTF-8 live in str as surrogate escapes; Go writes the replacement character for each byte.
    return "\\ufffd" if "\ud800" <= char <= "\udfff" else f"\\u{ord(char):04x}"


def go_json(value: Any, *, indent: str | None = None) -> str:
    """JSON as Go writes it: compact, or indented with ``indent`` (json.MarshalIndent)."""
    separators = (",", ":") if indent is None else (",", ": ")
    return _GO_EXTRA.sub(_go_escape, json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))


def go_1_21_json(value: Any, *, indent: str | None = None) -> str:
    """The same of Go up to 1.21, which had no short form for backspace and form feed."""
    return _SHORT.sub(lambda match: _LONG[match[0]], go_json(value, indent=indent))


#: A backslash with what it escapes; two of them are one that is written.
_SHORT = re.compile(r"\\[\\bf]")
_LONG = {r"\\": r"\\", r"\b": r"\u0008", r"\f": r"\u000c"}


def serde_json(value: Any) -> str:
    """JSON as serde_json writes it: compact."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LONE.sub(lambda m: "\ufffd" * len(m.group()), text)


#: How a family of replies writes a value into a JSON body; the names are those of ``envelope.*.json``.
JSON_STYLES: dict[str, Callable[[Any], str]] = {
    "go": go_json,
    "go-1.21": go_1_21_json,
    "go-tab": lambda value: go_json(value, indent="\t"),
    "serde": serde_json,
}


def go_quote(text: str) -> str:
    """Text quoted as Go's %q does (strconv.Quote): printable Unicode stays, the rest is escaped."""
    out = ['"']
    for char in text:
        code = ord(char)
        if char in '"\\':
            out.append("\\" + char)
        elif 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
            out.append(f"\\x{code - 0xDC00:02x}")
        elif char in _GO_SHORT:
            out.append(_GO_SHORT[char])
        elif char.isprintable():
            out.append(char)
        elif code < 0x80:
            out.append(f"\\x{code:02x}")
        elif code <= 0xFFFF:
            out.append(f"\\u{code:04x}")
        else:
            out.append(f"\\U{code:08x}")
    out.append('"')
    return "".join(out)


_GO_SHORT = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
