"""What a failing test's report says about its servers: last exchanges, queued work, faults, what is not simulated."""

from __future__ import annotations

import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from mockflux.masking import secrets_of, without_secrets

if TYPE_CHECKING:
    from mockflux.journal import Exchange
    from mockflux.reasons import Rejection
    from mockflux.reply import Header
    from mockflux.watching import Watched
    from mockflux.world import World

EXCHANGES = 10
BODY_LINES = 4
REJECTIONS = 5
ENTRIES = 10
WIDTH = 200
#: Bytes of a body that are looked at.
LOOKED_AT = 4_000
#: Bytes after those in which a secret may end that began within them.
_MARGIN = 1_000

#: Masks the secrets of a server in a text.
Hide: TypeAlias = "Callable[[str], str]"


def of_servers(
    servers: Iterable[Watched], arguments: Mapping[str, Any], errors: Iterable[tuple[Watched, Exchange]] = ()
) -> str:
    """The report on those servers that concern the test whose fixtures have these values; empty if none does.

    ``errors`` are exchanges in which mockflux itself went wrong; they are shown wherever they stand in the journal. A
    report that cannot be written says so instead of stopping the run.
    """
    parts = []
    for watched in servers:
        try:
            if watched.concerns(arguments):
                hide = _hiding(watched.server.world)
                parts.append(_text(_server(watched, arguments, hide), hide))
        except Exception:
            parts.append(f"mockflux could not write this report; please report this bug.\n{traceback.format_exc()}")
    return "\n\n".join([*parts, of_errors(errors)] if errors else parts)


def of_errors(errors: Iterable[tuple[Watched, Exchange]]) -> str:
    """What a test is told when mockflux itself went wrong."""
    parts = ["mockflux met an exception of its own, so its answer cannot be trusted; please report this bug."]
    for watched, exchange in errors:
        hide = _hiding(watched.server.world)
        parts.append(_text((exchange.line(), *(exchange.error or "").splitlines()), hide))
    return "\n\n".join(parts)


def _server(watched: Watched, arguments: Mapping[str, Any], hide: Hide) -> Iterator[str]:
    world = watched.server.world
    name = next((name for name, value in arguments.items() if value is watched.server), watched.name)
    yield f"{world.profile.id} at {watched.url} (fixture {name})"
    yield from _requests(watched)
    for exchange in watched.exchanges(EXCHANGES):
        yield from _exchange(exchange, hide)
    now, entries = world.clock.now(), world.due.pending()
    for entry in entries[:ENTRIES]:
        when = f"due in {(entry.at - now) / 1e9:.3g} s" if entry.at > now else "due now"
        yield f"still queued: {entry.label}, {when}"
    yield from _more(len(entries) - ENTRIES, "entries in the queue", "")
    for fault in watched.pending_faults():
        yield f"planned, but not come to pass: {repr(fault)[1:-1]}"
    for what, times in watched.not_simulated().items():
        yield f"not simulated: {what} ({'once' if times == 1 else f'{times} times'})"


def _requests(watched: Watched) -> Iterator[str]:
    before, number = watched.requests_before_reset(), watched.requests()
    if before:
        yield f"requests before reset(): {before}, not shown"
    if not number:
        yield "no request came after that" if before else "no request came"
    elif number > EXCHANGES:
        yield f"requests: {number}, the last {EXCHANGES} of them:"


def _exchange(exchange: Exchange, hide: Hide) -> Iterator[str]:
    yield exchange.line()
    if exchange.source:
        yield f"     source: {exchange.source}"
    if exchange.fault:
        yield f"     fault: {repr(exchange.fault)[1:-1]}"
    yield from _body("sent", exchange.body, exchange.headers, hide, exchange.cut.body)
    if exchange.reply:
        yield from _body("reply", exchange.reply.body, exchange.reply.headers, hide, exchange.cut.reply)
    if exchange.verdict:
        yield from _rejections("rejected", exchange.verdict.rejections, exchange.rejected, hide)
        yield from _rejections("dropped without a word", exchange.verdict.dropped, exchange.dropped, hide)
    if exchange.hint and exchange.simulated:  # what is not simulated is no slip of the pen
        yield f"     hint: {exchange.hint}"
    if exchange.error:
        yield "     an exception inside mockflux"


def _rejections(what: str, rejections: Sequence[Rejection], number: int, hide: Hide) -> Iterator[str]:
    shown = rejections[:REJECTIONS]
    for rejection in shown:
        line = "" if rejection.line in rejection.text else f" <- {_cut(hide(rejection.line))}"
        yield f"     line {rejection.number} {what}: {_cut(hide(rejection.text))}{line}"
    yield from _more(number - len(shown), what)


def _more(number: int, what: str, indent: str = "     ") -> Iterator[str]:
    if number > 0:
        yield f"{indent}… and {number} more {what}"


def _body(label: str, body: bytes, headers: Iterable[Header], hide: Hide, missing: int) -> Iterator[str]:
    """The first lines of a body, inflated. The journal did not keep its last ``missing`` bytes."""
    if not body:
        return
    size, beginning = f"{len(body) + missing} bytes in all", body[: LOOKED_AT + _MARGIN]
    if any(name.lower() == "content-encoding" and value.lower() == "gzip" for name, value in headers):
        try:
            beginning = zlib.decompressobj(31).decompress(body, LOOKED_AT + _MARGIN)
            label, size = f"{label}, inflated", f"{len(body) + missing} bytes compressed"
        except zlib.error as error:
            label += f", no gzip ({error})"
    if label.startswith("reply"):
        beginning = beginning.replace(b"\t", b"  ")  # InfluxDB 2 indents with tabs
    # Masked before it is cut: half a secret would not be found.
    lines = hide(beginning.decode("utf-8", "surrogateescape"))[:LOOKED_AT].removesuffix("\n").split("\n")
    for index, line in enumerate(lines[:BODY_LINES]):
        yield f"     {label}: {_cut(line)}" if index == 0 else f"     {' ' * len(label)}  {_cut(line)}"
    if len(lines) > BODY_LINES or len(beginning) >= LOOKED_AT:
        yield f"     {' ' * len(label)}  … ({size})"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}… ({len(text)} characters)"


def _shown(line: str) -> str:
    """A line that any terminal, file and worker process takes: what does not print is escaped."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else _escaped(c) for c in line)


def _escaped(char: str) -> str:
    # Bytes that are not UTF-8 live in str as surrogate escapes.
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else char.encode("unicode_escape").decode()


def _text(lines: Iterable[str], hide: Hide) -> str:
    return "\n".join(_shown(hide(line)) for line in lines)


def _hiding(world: World) -> Hide:
    """What masks the world's tokens and passwords in a text. Whatever is cut goes through it first."""
    secrets = secrets_of(world.catalog)
    return lambda text: without_secrets(text, secrets)
