"""From a profile's tables to the plain settings objects that the rooms receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockflux.profile.forms import DOORS
from mockflux.profile.load import Merged
from mockflux.storage.rules import StorageRules
from mockflux.writing.rules import WriteRules


@dataclass(frozen=True, slots=True)
class AuthRules:
    """How credentials may come at one door.

    ``schemes`` of the Authorization header, their case by ``any_case``; ``user_in_token`` reads ``Token user:value``
    as well as ``Token value``; ``query`` reads ``?u=…&p=…`` and ``basic`` Basic, the password standing for a token.
    """

    schemes: tuple[str, ...]
    any_case: bool
    user_in_token: bool = False
    query: bool = False
    basic: bool = False


@dataclass(frozen=True, slots=True)
class ParamRules:
    """How the query string is read at one door.

    ``target`` and ``retention_policy`` are names of parameters, ``org`` those that name the organization, ids first.
    ``precisions`` maps names to ns per unit, in the order in which messages list them; one that is not there is
    refused if ``refuse_unknown``, else taken for ns. ``cut_default`` maps names to ns to which the time of lines
    without one is cut (where that differs from ``precisions``).
    """

    target: str
    retention_policy: str
    org: tuple[str, ...]
    precisions: Mapping[str, int]
    refuse_unknown: bool
    cut_default: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Area:
    """What is asked below a path before any door is looked for; ``open`` requests ("GET /api/v2") are exempt."""

    prefix: str
    before_door: tuple[str, ...]
    open: frozenset[str]


@dataclass(frozen=True, slots=True)
class GateOrder:
    """The ordered checks: ``first`` of every request, then of the area that its path lies in (longest prefix first),
    then of its door."""

    first: tuple[str, ...]
    doors: Mapping[str, tuple[str, ...]]
    areas: tuple[Area, ...]

    def area(self, path: str) -> Area | None:
        """The area in which a path lies, or None."""
        for area in self.areas:
            if path == area.prefix or path.startswith(area.prefix + "/"):
                return area
        return None


@dataclass(frozen=True, slots=True)
class Limits:
    """``head``: bytes of request line and headers; ``body``: bytes of a body once inflated, 0 for no limit."""

    head: int
    body: int


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a world starts with, unless the user says otherwise, and which choices the edition has: tokens that expire,
    a server without authentication, one that has not been set up yet."""

    org: str
    bucket: str
    user: str
    password: str
    token: str
    read_token: str
    system_buckets: bool
    token_expiry: bool
    without_auth: bool
    before_setup: bool


@dataclass(frozen=True, slots=True)
class FaultRules:
    """Where planned faults befall requests (``doors``), and which clauses to ``prefer`` where a status has several."""

    doors: tuple[str, ...]
    prefer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientRules:
    """How a client library is made: ``constructor`` of ``module``, called with ``arguments`` and, on TLS, ``tls``.

    Values are templates over what a server offers; one that is a single placeholder keeps the fact's type.
    """

    module: str
    constructor: str
    arguments: Mapping[str, Any]
    tls: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one profile; those that differ by door are tables by door."""

    auth: Mapping[str, AuthRules]
    params: Mapping[str, ParamRules]
    gate: GateOrder
    limits: Limits
    setup: SetUp
    write: Mapping[str, WriteRules]
    storage: StorageRules
    always: Mapping[str, Mapping[str, str]]
    chunk_above: Mapping[str, int]
    header_order: Mapping[str, str]
    close_header: str
    close_before: frozenset[str]
    slash: Mapping[str, str]
    methods: Mapping[str, tuple[str, ...]]
    faults: FaultRules
    clients: Mapping[str, ClientRules]
    env: Mapping[str, Mapping[str, str]]


def read_settings(merged: Merged) -> Settings:
    """The settings of a finished profile."""
    data = merged.data
    return Settings(
        auth={door: _auth(table) for door, table in _doors(data["auth"])},
        params={door: _params(table) for door, table in _doors(data["params"])},
        gate=_gate(data["gate"]),
        limits=Limits(**data["limits"]),
        setup=SetUp(**data["setup"]),
        write={door: _write(table) for door, table in _doors(data["write"])},
        storage=StorageRules(**data["storage"]),
        always={door: table["always"] for door, table in _doors(data["headers"])},
        chunk_above={door: table["chunk_above"] for door, table in _doors(data["headers"])},
        header_order={door: table["order"] for door, table in _doors(data["headers"])},
        close_header=data["headers"]["close"],
        close_before=frozenset(name.lower() for name in data["headers"].get("close_before", ())),
        slash=data["routes"].get("slash", {}),
        methods={path: tuple(methods.split()) for path, methods in data["routes"]["methods"].items()},
        faults=FaultRules(tuple(data["faults"]["doors"]), tuple(data["faults"]["prefer"])),
        clients={name: ClientRules(**{"tls": {}, **table}) for name, table in data["clients"].items()},
        env=data["env"],
    )


def _doors(section: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """A section as it stands at each door: what ``at.DOOR`` says over what holds everywhere, tables merged by key."""
    general = {key: value for key, value in section.items() if key != "at"}
    result = []
    for door in DOORS:
        own = dict(general)
        for key, value in section.get("at", {}).get(door, {}).items():
            own[key] = {**own.get(key, {}), **value} if isinstance(value, dict) and key != "cut_default" else value
        result.append((door, own))
    return result


def _auth(table: Mapping[str, Any]) -> AuthRules:
    return AuthRules(
        schemes=tuple(table["schemes"]),
        any_case=table["scheme_case"] == "any",
        user_in_token=table.get("user_in_token", False),
        query=table.get("query", False),
        basic=table.get("basic", False),
    )


def _params(table: Mapping[str, Any]) -> ParamRules:
    return ParamRules(
        target=table["target"],
        retention_policy=table.get("retention_policy", ""),
        org=tuple(table["org"]),
        precisions=table["precisions"],
        refuse_unknown=table["unknown_precision"] == "refuse",
        cut_default=table.get("cut_default", table["precisions"]),
    )


def _gate(table: Mapping[str, Any]) -> GateOrder:
    areas = [
        Area(prefix, tuple(area.get("before_door", ())), frozenset(area.get("open", ())))
        for prefix, area in table.get("area", {}).items()
    ]
    areas.sort(key=lambda area: -len(area.prefix))
    return GateOrder(
        tuple(table.get("first", ())), {door: tuple(checks) for door, checks in table["doors"].items()}, tuple(areas)
    )


def _write(table: Mapping[str, Any]) -> WriteRules:
    return WriteRules(
        grammar=table["grammar"],
        order=table["order"],
        malformed=table["malformed"],
        unfit=table["unfit"],
        report=table["report"],
        decided_by=tuple(table["decided_by"]),
        reserved_fields=frozenset(table["reserved_fields"]),
        string_limit=table["string_limit"],
    )
