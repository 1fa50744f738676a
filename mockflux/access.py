"""How to reach a server: environment variables and constructor arguments for real clients, from the profile."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from mockflux.profile import Profile
from mockflux.profile.template import Template


def environment(profile: Profile, offers: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables that clients read; ``offers`` are the facts of a server (``url``, ``token`` …). A variable
    is left out if it is made of a fact that is None."""
    tables = profile.settings.env
    chosen = {**tables["always"], **(tables["tls"] if offers.get("ca_file") else {})}
    filled = {name: _fill(template, offers) for name, template in chosen.items()}
    return {name: str(value) for name, value in filled.items() if value is not None}


def client_arguments(profile: Profile, name: str, offers: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments for a client library, those left out that are made of a fact which is None. Raises
    ValueError for one that does not fit the edition."""
    rules = profile.settings.clients.get(name)
    if rules is None:
        fitting = ", ".join(profile.settings.clients)
        raise ValueError(f"the client {name!r} does not fit {profile.id}; clients that do: {fitting}")
    arguments = {**rules.arguments, **(rules.tls if offers.get("ca_file") else {})}
    filled = {key: _fill(value, offers) for key, value in arguments.items()}
    return {key: value for key, value in filled.items() if value is not None}


def make_client(profile: Profile, name: str, offers: Mapping[str, Any]) -> Any:
    """A ready client. Raises ValueError for one that does not fit the edition, ImportError if it is not installed."""
    arguments = client_arguments(profile, name, offers)
    rules = profile.settings.clients[name]
    try:
        module = import_module(rules.module)
    except ImportError as error:
        raise ImportError(f"client({name!r}) needs the package that provides {rules.module}: {error}") from None
    return getattr(module, rules.constructor)(**arguments)


def _fill(value: Any, offers: Mapping[str, Any]) -> Any:
    """A template filled; a single placeholder keeps the type of its fact. None if one of its facts is None."""
    if not isinstance(value, str):
        return value
    if value.startswith("$") and value[1:] in offers:
        return offers[value[1:]]
    template = Template(value)
    return None if any(offers[name] is None for name in template.names) else template.fill(offers)
