"""What came over the wire, made fit to be read: nothing in it can break a line or steer a terminal."""

from __future__ import annotations

#: Lines of a body, and characters of a line, beyond which the rest is only counted.
MOST_LINES, MOST_CHARACTERS = 12, 240


def printable(text: str) -> str:
    """A text with everything but line ends, tabs and printable characters escaped, bytes that are not UTF-8 too."""
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else char.encode("unicode_escape").decode()


def body_text(body: bytes) -> str:
    """A body as text, whole."""
    return printable(body.decode("utf-8", "surrogateescape"))


def shortened(text: str) -> str:
    """The beginning of one line, and how much there is of it."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}… ({len(text):,} characters)"


def body_excerpt(body: bytes) -> str:
    """A body as far as it can be taken in: its first lines, their beginnings; of what is not text only the size."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(body):,} bytes that are not text)"
    lines = text.split("\n")
    kept = [printable(shortened(line)) for line in lines[:MOST_LINES]]
    return "\n".join(kept if len(lines) <= MOST_LINES else [*kept, f"… ({len(lines):,} lines)"])
