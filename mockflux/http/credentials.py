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

    The URL beats the header (where a door reads it, and does not say otherwise), the first Authorization header counts.
    """
    in_url = params.get("p") if rules.query and (rules.query_alone or params.get("u")) else None
    header = request.header("authorization")
    if in_url and not (rules.header_first and header is not None):
        return in_url
    if header is None:
        return TokenMissing()
    if rules.strict and not header.isascii():
        return TokenMalformed("not_ascii")
    token = _by_scheme(header, rules)
    if token is None and rules.basic:
        token = _basic_password(header, rules)
    if token is None:
        return TokenMalformed()
    # To iox an empty password is no token (authz/src/lib.rs).
    return TokenMissing() if not token and rules.basic_style == "iox" else token


def _by_scheme(header: str, rules: AuthRules) -> str | None:
    """The token behind one of the schemes: exactly one blank between them; None if the header is of another form."""
    scheme, blank, token = header.partition(" ")
    wanted = rules.schemes if not rules.any_case else tuple(s.lower() for s in rules.schemes)
    if not blank or not token or (scheme.lower() if rules.any_case else scheme) not in wanted:
        return None
    if rules.strict and " " in token:
        return None
    if rules.user_in_token:
        if " " in token:
            return None
        if ":" in token:
            return token.partition(":")[2]
    return token


def _basic_password(header: str, rules: AuthRules) -> str | None:
    scheme, _, encoded = header.partition(" ")
    if scheme != "Basic" and (rules.basic_style == "iox" or scheme.lower() != "basic"):
        return None
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    _, colon, password = decoded.partition(":")
    return password if colon and not (rules.strict and ":" in password) else None
