"""From a profile's tables to the plain settings objects that the rooms receive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockflux.monitoring import RecordRules
from mockflux.profile.forms import DOORS
from mockflux.profile.live import LiveRules, read_live
from mockflux.profile.load import Merged
from mockflux.storage.catalog import TokenForm
from mockflux.storage.names import RULES
from mockflux.storage.rules import StorageRules
from mockflux.writing.rules import WriteRules


@dataclass(frozen=True, slots=True)
class AuthRules:
    """How credentials may come at one door.

    ``schemes`` of the Authorization header, their case by ``any_case``; ``user_in_token`` reads ``Token user:value``
    as well as ``Token value``; ``query`` reads ``?u=…&p=…`` and ``basic`` Basic, the password standing for a token;
    with ``query_alone`` ``p`` needs no ``u``, with ``header_first`` the header beats the URL. ``basic_style`` tells how
    Basic is read: ``go``, in any case; ``iox``, in this case alone, and an empty password is no token. ``strict``
    demands two parts with one blank between them, no colon in the user of Basic, and ASCII.
    """

    schemes: tuple[str, ...]
    any_case: bool
    user_in_token: bool = False
    query: bool = False
    basic: bool = False
    basic_style: str = "go"
    query_alone: bool = False
    header_first: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ParamRules:
    """How the query string is read at one door.

    ``target`` and ``retention_policy`` are names of parameters, ``org`` those that name the organization, ids first.
    ``precisions`` maps names to ns per unit, in the order in which messages list them; one that is not there is
    refused if ``refuse_unknown``, else taken for ns; 0 stands for a unit that each timestamp tells by its size.
    ``cut_default`` maps names to ns to which the time of lines without one is cut (where that differs from
    ``precisions``).

    ``style`` is how the query string is taken apart: as Go's net/url does, or as Rust's serde, which refuses one that
    it knows and that stands there twice, that must be there (``required``) and is not, or that is among ``flags`` and
    neither ``true`` nor ``false``. ``name_rules`` are the rules of :mod:`mockflux.storage.names` that the target's
    name has to follow. ``default_policy`` is the retention policy of a request that names none.
    """

    target: str
    retention_policy: str
    org: tuple[str, ...]
    precisions: Mapping[str, int]
    refuse_unknown: bool
    cut_default: Mapping[str, int]
    style: str = "go"
    default_precision: str = "ns"
    default_policy: str = ""
    required: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    name_rules: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """The parameters that this door reads."""
        return frozenset((self.target, self.retention_policy, "precision", *self.required, *self.flags)) - {""}


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
            if area.prefix in ("/", path) or path.startswith(area.prefix + "/"):
                return area
        return None


@dataclass(frozen=True, slots=True)
class Limits:
    """``head``: bytes of request line and headers; ``headers``: lines of headers, ``target``: bytes of a request's
    target, ``sent``: bytes of a body as it was sent, compressed or not, ``body``: bytes of a body once inflated, or as
    many as of one sent if ``body_as_sent``;
    ``columns`` of a table (the time column is one of them if ``time_counts``), ``family_fields``: its fields of one
    family, ``tables`` of a database, or of all of them together (``tables_in`` is ``server``), ``databases``;
    ``window_requests`` and ``window_bytes`` (inflated) of writes within a window of so many seconds of the world's
    time, ``deletes``: requests to delete within one, ``queries`` and ``read_bytes`` of their results; ``cardinality``:
    series of an organization, ``buckets`` of its users, ``retention``: the seconds that one may keep its points. Each 0
    for no limit.
    """

    head: int
    body: int
    headers: int = 0
    target: int = 0
    sent: int = 0
    body_as_sent: bool = False
    columns: int = 0
    family_fields: int = 0
    time_counts: bool = True
    tables: int = 0
    tables_in: str = "database"
    databases: int = 0
    window: int = 300
    window_requests: int = 0
    window_bytes: int = 0
    read_bytes: int = 0
    queries: int = 0
    deletes: int = 0
    cardinality: int = 0
    buckets: int = 0
    retention: int = 0

    @property
    def inflated(self) -> int:
        """Bytes of a body once inflated, 0 for no limit."""
        return self.sent if self.body_as_sent else self.body


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a world starts with, unless the user says otherwise, and which choices the edition has: tokens that expire,
    a server without authentication, one that has not been set up yet.

    Either a ``bucket`` of an ``org`` or a ``database``; None for what the edition does not have. ``makes_target``: the
    database is only a name, made by the first write to it. ``retention_policies``: a database has them, and they hold
    the points. ``auth``: whether a server asks who one is where the user does not say. ``scoped_tokens``: a token is
    for some buckets or databases; else each may do everything. ``token_form``: what the values of new ones look like.
    """

    token: str | None
    system_buckets: bool
    token_expiry: bool
    without_auth: bool
    before_setup: bool
    org: str | None = None
    bucket: str | None = None
    database: str | None = None
    user: str | None = None
    password: str | None = None
    read_token: str | None = None
    scoped_tokens: bool = True
    token_form: TokenForm = "v2"
    makes_target: bool = False
    retention_policies: bool = False
    auth: bool = True


@dataclass(frozen=True, slots=True)
class BucketRules:
    """What the resource API of buckets does in its own way (``[buckets]``).

    ``schemas``: there are explicit ones, and buckets tell which kind of schema they have; ``shard_groups``: a bucket
    tells the length of its shard groups, and who makes it may choose; ``own_org``: a look-up shows the token's
    organization, whichever it asks for. ``default_retention``: the seconds that a bucket keeps its points if it does
    not say, 0 for ever; ``retention_on_change``: each change has to say it anew. ``shortest_name``: characters of a
    name at least.
    """

    schemas: bool = False
    shard_groups: bool = True
    own_org: bool = False
    default_retention: int = 0
    retention_on_change: bool = False
    shortest_name: int = 0


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
    """All settings of one profile; those that differ by door are tables by door. ``grpc``: a real server speaks gRPC on
    the same port, which is not simulated."""

    auth: Mapping[str, AuthRules]
    params: Mapping[str, ParamRules]
    gate: GateOrder
    limits: Limits
    buckets: BucketRules
    setup: SetUp
    write: Mapping[str, WriteRules]
    #: By door, the rules for requests that have a parameter (name, value).
    write_when: Mapping[str, Mapping[tuple[str, str], WriteRules]]
    #: By door, the rules for lines that are stored past the wire: all of them or none.
    write_all: Mapping[str, WriteRules]
    storage: StorageRules
    record: RecordRules | None
    always: Mapping[str, Mapping[str, str]]
    #: By door, headers of replies to requests that have an Origin.
    with_origin: Mapping[str, Mapping[str, str]]
    chunk_above: Mapping[str, int]
    header_order: Mapping[str, str]
    #: Whose time the Date header tells: the computer's (``real``) or the world's (``clock``).
    date: str
    close_header: str
    close_before: frozenset[str]
    slash: Mapping[str, str]
    methods: Mapping[str, tuple[str, ...]]
    #: Whether the router answers OPTIONS itself, at every path that there is.
    router_options: bool
    grpc: bool
    faults: FaultRules
    clients: Mapping[str, ClientRules]
    env: Mapping[str, Mapping[str, str]]
    #: How a real server of the edition is asked for what a vector needs; None where the profile does not say.
    live: LiveRules | None

    def rules_for(self, door: str, params: Mapping[str, str]) -> WriteRules:
        """How a batch is judged that came through a door with these parameters."""
        for (name, value), rules in self.write_when[door].items():
            if params.get(name) == value:
                return rules
        return self.write[door]

    def usable(self, name: str) -> bool:
        """Whether a request can name a database so, at one of the write doors at least."""
        return any(all(RULES[rule](name) is None for rule in params.name_rules) for params in self._write_params())

    def _write_params(self) -> Iterator[ParamRules]:
        return (params for door, params in self.params.items() if door in self.gate.doors and door.endswith("-write"))

    def every_rules(self, door: str) -> tuple[WriteRules, ...]:
        """All the ways in which a batch can be judged at a door."""
        return (self.write[door], *self.write_when[door].values())


def read_settings(merged: Merged) -> Settings:
    """The settings of a finished profile."""
    data = merged.data
    write = {door: _write(table) for door, table in _doors(data["write"])}
    return Settings(
        auth={door: _auth(table) for door, table in _doors(data["auth"])},
        params={door: _params(table) for door, table in _doors(data["params"])},
        gate=_gate(data["gate"]),
        limits=Limits(**data["limits"]),
        buckets=BucketRules(**data.get("buckets", {})),
        setup=_setup(data["setup"]),
        write=write,
        write_when={door: _when(table) for door, table in _doors(data["write"])},
        write_all={
            door: replace(rules, malformed="reject_batch", unfit="reject_batch") for door, rules in write.items()
        },
        storage=StorageRules(**data["storage"]),
        record=RecordRules(**data["record"]) if data.get("record") else None,
        always={door: table["always"] for door, table in _doors(data["headers"])},
        with_origin={door: table.get("with_origin", {}) for door, table in _doors(data["headers"])},
        chunk_above={door: table["chunk_above"] for door, table in _doors(data["headers"])},
        header_order={door: table["order"] for door, table in _doors(data["headers"])},
        date=data["headers"].get("date", "real"),
        close_header=data["headers"]["close"],
        close_before=frozenset(name.lower() for name in data["headers"].get("close_before", ())),
        slash=data["routes"].get("slash", {}),
        methods={path: tuple(methods.split()) for path, methods in data["routes"]["methods"].items()},
        router_options=data["routes"].get("router_options", True),
        grpc=data["routes"].get("grpc", False),
        faults=FaultRules(tuple(data["faults"]["doors"]), tuple(data["faults"]["prefer"])),
        clients={name: ClientRules(**{"tls": {}, **table}) for name, table in data["clients"].items()},
        env=data["env"],
        live=read_live(merged),
    )


def _setup(table: Mapping[str, Any]) -> SetUp:
    given: dict[str, Any] = {key: None if value == "" else value for key, value in table.items()}
    return SetUp(**given)


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
        basic_style=table.get("basic_style", "go"),
        query_alone=table.get("query_alone", False),
        header_first=table.get("header_first", False),
        strict=table.get("strict", False),
    )


def _params(table: Mapping[str, Any]) -> ParamRules:
    return ParamRules(
        target=table["target"],
        retention_policy=table.get("retention_policy", ""),
        org=tuple(table["org"]),
        precisions=table["precisions"],
        refuse_unknown=table["unknown_precision"] == "refuse",
        cut_default=table.get("cut_default", table["precisions"]),
        style=table["style"],
        default_precision=table.get("default_precision", "ns"),
        default_policy=table.get("default_policy", ""),
        required=tuple(table.get("required", ())),
        flags=tuple(table.get("flags", ())),
        name_rules=tuple(table.get("name_rules", ())),
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
    plain = {key: _FROZEN.get(key, _same)(value) for key, value in table.items() if key not in ("when", "preset")}
    return WriteRules(**plain)


def _when(table: Mapping[str, Any]) -> dict[tuple[str, str], WriteRules]:
    """The rules of a door for requests that have a parameter with a value."""
    changed = {}
    for condition, changes in table.get("when", {}).items():
        name, _, value = condition.partition("=")
        changed[name, value] = _write({**table, **changes})
    return changed


def _same(value: Any) -> Any:
    return value


#: How lists of a profile become parts of :class:`WriteRules`.
_FROZEN: Mapping[str, Callable[[Any], Any]] = {
    "decided_by": tuple,
    "decided_last": tuple,
    "objections": tuple,
    "column_objections": tuple,
    "reserved_fields": frozenset,
    "reserved_tags": frozenset,
    "spoils": frozenset,
    "queued": frozenset,
}
