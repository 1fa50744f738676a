"""Who is asking, where servers know users and passwords, and what he may write (InfluxDB 1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from mockflux.http.passage import Passage
from mockflux.lineprotocol import to_text
from mockflux.outcomes import CredentialsInvalid, Outcome, WriteForbidden
from mockflux.request import Request
from mockflux.storage.databases import may


def user(passage: Passage) -> Outcome | None:
    """The request brings the name of a user and his password. A server without authentication asks nobody, nor does
    one that has no admin yet (influxdb 1.6, services/httpd/handler.go)."""
    world = passage.world
    if not world.auth or not any(user.admin for user in world.catalog.users()):
        return None
    found = credentials(passage.request, passage.params)
    if isinstance(found, Outcome):
        return found
    name, password = found
    if not name:
        return CredentialsInvalid("nameless")
    passage.user = world.catalog.user(name=name)
    if passage.user is None or passage.user.password != password:
        return CredentialsInvalid("wrong")
    return None


def credentials(request: Request, params: Mapping[str, str]) -> tuple[str, str] | Outcome:
    """Name and password: of the URL if it has both (``u`` and ``p``), else by Basic."""
    if params.get("u") and params.get("p"):
        return params["u"], params["p"]
    scheme, _, value = (request.header("authorization") or "").partition(" ")
    if scheme == "Bearer" and value and " " not in value:
        return CredentialsInvalid("bearer")
    return _basic(scheme, value) or CredentialsInvalid("unreadable")


def _basic(scheme: str, value: str) -> tuple[str, str] | None:
    """Name and password as Go reads them (net/http, Request.BasicAuth)."""
    if scheme.lower() != "basic":
        return None
    try:
        text = to_text(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return None
    name, colon, password = text.partition(":")
    return (name, password) if colon else None


def write_right(passage: Passage) -> Outcome | None:
    """The user may write to the database."""
    assert passage.database is not None
    if not passage.world.auth:
        return None
    if passage.user is None:
        return WriteForbidden("nobody", database=passage.database.name)
    allowed = may(passage.user, "WRITE", passage.database.name)
    return None if allowed else WriteForbidden("user", passage.user.name, passage.database.name)
