"""Secrets as reports and logs show them: tokens and passwords masked, the rest as sent."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from mockflux.reply import Header

#: Parameters that carry credentials: v1's u and p, and what careless clients put into a URL.
_SECRET_PARAM = re.compile(r"(?<=[?&])(p|token|access_token|password)=([^&#]*)")
_SECRET_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization", "set-cookie"))


def mask(secret: str) -> str:
    """A secret of which only the last two characters are left, enough to tell two apart: ``…en``."""
    return "…" + secret[-2:] if len(secret) >= 8 else "…"


def mask_target(target: str) -> str:
    """A request target with the values of u and p and the like masked."""
    return _SECRET_PARAM.sub(lambda m: f"{m[1]}={mask(unquote_plus(m[2]))}", target)


def mask_header(header: Header) -> Header:
    """A header whose credentials are masked; the scheme stays readable."""
    name, value = header
    if name.lower() not in _SECRET_HEADERS or not value:
        return header
    scheme, space, secret = value.partition(" ")
    return (name, f"{scheme} {mask(secret)}") if space else (name, mask(value))
