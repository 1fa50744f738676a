"""Templates over what a running server offers: environment variables and the arguments of clients."""

from __future__ import annotations

from typing import Any

from mockflux.profile.errors import ProfileError
from mockflux.profile.facts import OFFERS
from mockflux.profile.load import Merged
from mockflux.profile.schema import Path, dotted
from mockflux.profile.template import compiled


def check_offers(merged: Merged) -> None:
    """Raise ProfileError for a template that asks for what a server does not offer."""
    for table, variables in merged.data["env"].items():
        for name, source in variables.items():
            _check(merged, ("env", table, name), source)
    for client, rules in merged.data["clients"].items():
        for table in ("arguments", "tls"):
            for name, value in rules.get(table, {}).items():
                _check(merged, ("clients", client, table, name), value)


def _check(merged: Merged, path: Path, value: Any) -> None:
    if isinstance(value, str):
        compiled(value, merged.file_of(*path), dotted(path), OFFERS)
    elif isinstance(value, dict | list) and "$" in repr(value):
        problem = "placeholders are not filled inside lists and tables; expected one string"
        raise ProfileError(merged.file_of(*path), dotted(path), problem)
