"""Credentials as they come with a request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from mockflux.outcomes import Outcome, TokenMalformed, TokenMissing
from mockflux.profile.settings import AuthRules
from mockflux.request import Request


def read(request: Request, rules: AuthRules, params: Mapping[str, str]) -> str | Outcome:
    """The token that the request brings, or the outcome that says what is wrong with how it brings one.

    The URL beats the header (where a door reads it), the first Authorization header counts.
    """
    if rules.query and params.get("u") and params.get("p"):
        return params["p"]
    header = request.header("authorization")
    if header is None:
        return TokenMissing()
    token = _by_scheme(header, rules)
    if token is None and rules.basic:
        token = _basic_password(header)
    return token if token is not None else TokenMalformed()


def _by_scheme(header: str, rules: AuthRules) -> str | None:
    """The token behind one of the schemes: exactly one blank between them; None if the header is of another form."""
    scheme, blank, token = header.partition(" ")
    wanted = rules.schemes if not rules.any_case else tuple(s.lower() for s in rules.schemes)
    if not blank or not token or (scheme.lower() if rules.any_case else scheme) not in wanted:
        return None
    if rules.user_in_token:
        if " " in token:
            return None
        if ":" in token:
            return token.partition(":")[2]
    return token


def _basic_password(header: str) -> str | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8", "surrogateescape").partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if colon else None
