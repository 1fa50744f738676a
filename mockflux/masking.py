"""Secrets as journal, log and reports show them: tokens and passwords masked, the rest as sent.

Two things are masked: what stands where credentials stand, whether it is right or wrong (``mask_request_line``,
``mask_target``, ``mask_header``), and the secrets that a server knows, wherever they turn up (``without_secrets``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote_plus

from mockflux.reply import Header

if TYPE_CHECKING:
    from mockflux.storage.catalog import Catalog

#: What gives the secrets of a world at the time of asking.
Secrets = Callable[[], Iterable[str]]

#: A secret has at least so many characters: shorter ones are words, and taking them out would garble every text.
SHORTEST = 8

#: Parameters that carry credentials: v1's p, and what careless clients put into a URL.
_SECRET_PARAMS = frozenset(("p", "password", "token", "access_token"))
#: From this length on a secret is masked inside of longer words too.
UNMISTAKABLE = 16
#: The parameter that carries statements of InfluxQL.
_STATEMENTS = "q"
_PASSWORD = re.compile("passw", re.IGNORECASE)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'?", re.DOTALL)
_PARAM = re.compile(r"[?&;]([^=&;?]*)=")
_USERINFO = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.\-]*:)?(?://)?)([^/?]*)@")
_SECRET_HEADERS = re.compile("authorization|cookie|token|secret|passw|api-?key|credential", re.IGNORECASE)
_BY_SCHEME = frozenset(("authorization", "proxy-authorization"))
_SCHEMES = frozenset(("token", "bearer", "basic", "digest"))
_CREDENTIALS = re.compile(rf"({'|'.join(sorted(_SCHEMES))}) ([^ \t].*)", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_METHOD = re.compile(r"[A-Za-z]{1,20}")
_PLACE = re.compile(r"/|\*$|[A-Za-z][A-Za-z0-9+.\-]*://")


def mask(secret: str) -> str:
    """A secret of which only the last two characters are left, enough to tell two apart: ``…en``."""
    # What InfluxDB makes ends in padding, which is the same for all.
    return "…" + (secret.rstrip("=") or secret)[-2:] if len(secret) >= SHORTEST else "…"


# ---------------------------------------------------------------- where credentials stand


def mask_request_line(method: str, target: str) -> tuple[str, str]:
    """Method and target of a request, credentials masked. Whatever came first in bytes that are no HTTP is taken for a
    method: it is shown only if it looks like one, and what follows it only if it looks like a target."""
    shown = method if _METHOD.fullmatch(method) else "…"
    scheme = shown.lower() in _SCHEMES  # Token SECRET
    if not target or (not scheme and (_PLACE.match(target) or shown.isupper())):
        return shown, mask_target(target)
    return shown, mask(target)


def mask_target(target: str) -> str:
    """A request target with passwords and tokens masked: the values of ``p``, ``password``, ``token`` and
    ``access_token``, and in ``q`` what is quoted behind a password's word, in any case and however the name is written,
    and what stands before the ``@`` of a host."""
    target = _USERINFO.sub(_masked_userinfo, target, count=1) if _USERINFO.match(target) else target
    parts, end = [], 0
    for found in _PARAM.finditer(target):
        # A name after a semicolon counts, as some servers take it; a value goes on to the next &, as others do.
        name = unquote_plus(found[1]).strip().lower()
        if found.start() >= end and (name in _SECRET_PARAMS or name == _STATEMENTS):
            start, following = found.end(), target.find("&", found.end())
            value = target[start:] if following < 0 else target[start:following]
            decoded = unquote_plus(value)
            shown = mask(decoded) if name in _SECRET_PARAMS else mask_statements(decoded)
            parts += [target[end:start], value if shown == decoded else shown]
            end = start + len(value)
    return "".join([*parts, target[end:]])


def mask_statements(text: str) -> str:
    """InfluxQL in which what may be a password is masked: whatever is quoted behind the word, be it written rightly or
    not."""
    word = _PASSWORD.search(text)
    if word is None:
        return text
    return text[: word.end()] + _QUOTED.sub(lambda found: f"'{mask(found[1])}'", text[word.end() :])


def _masked_userinfo(found: re.Match[str]) -> str:
    before, userinfo = found.groups()
    user, colon, password = userinfo.partition(":")
    return f"{before}{user}:{mask(password)}@" if colon else f"{before}{mask(user)}@"


def mask_header(header: Header) -> Header:
    """A header whose credentials are masked. The scheme stays readable if it is a known one and one blank follows it.

    What no header may have, but bytes that are no HTTP do, is cut off: it may be a header with a secret of its own.
    """
    name, value = header
    secret = _SECRET_HEADERS.search(name)
    allowed = _TOKEN.match(name)
    if allowed and allowed.end() < len(name):
        name = allowed[0] + "…"
    if not secret or not value:
        control = _CONTROL.search(value)
        return (name, value[: control.start()] + "…") if control else (name, value)
    parts = _CREDENTIALS.fullmatch(value) if name.lower() in _BY_SCHEME else None
    return (name, f"{parts[1]} {mask(parts[2])}") if parts else (name, mask(value))


# ---------------------------------------------------------------- known secrets


def no_secrets() -> Iterable[str]:
    """The secrets of nobody."""
    return ()


def secrets_of(catalog: Catalog) -> list[str]:
    """The secrets that a catalog knows: the values of its tokens and the passwords of its users."""
    return [token.value for token in catalog.tokens()] + [user.password for user in catalog.users()]


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A text in which these secrets are masked wherever they stand, as they are or as URLs and JSON write them; short
    ones only as whole words.

    Those of fewer than eight characters stay. To be called before a text is cut: half a secret is not found.
    """
    for secret in sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True):
        for form in _forms(secret):
            if form in text:  # spares most texts the pattern
                text = mask(secret).join(_pattern(form).split(text))
    return text


@lru_cache(maxsize=1024)
def _pattern(form: str) -> re.Pattern[str]:
    """Where a secret stands. One as short as a word, ``my-token``, is none in the middle of a longer word, as in a
    bucket's name ``my-token-readings``; a long one is nothing else wherever it stands."""
    if len(form) >= UNMISTAKABLE:
        return re.compile(re.escape(form))
    return re.compile(rf"(?<![\w\-]){re.escape(form)}(?![\w\-])")


def target_without_secrets(target: str, secrets: Iterable[str]) -> str:
    """The like for a request target, in which any letter may be written as a percent escape."""
    secrets = list(secrets)
    target = without_secrets(target, secrets)
    if "%" not in target and "+" not in target:
        return target
    pieces = re.split("([?&])", target)
    for index, piece in enumerate(pieces):
        decoded = unquote_plus(piece)
        if (masked := without_secrets(decoded, secrets)) != decoded:
            pieces[index] = masked
    return "".join(pieces)


@lru_cache(maxsize=1024)
def _forms(secret: str) -> tuple[str, ...]:
    """How a secret may be written: as it is, as bytes in a head, in a URL, in JSON."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = (secret, raw.decode("latin-1"), quote(raw, safe=""), quote(raw), quote_plus(raw))
    quoted = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    return tuple(dict.fromkeys(forms + quoted))
