"""The statements that change something (influxql ast.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mockflux.influxql.durations import show_duration, show_go_duration
from mockflux.influxql.nodes import Expr, Select, Source, clause, clauses, listed, on
from mockflux.influxql.tokens import quote_ident, quote_string

Privilege = Literal["READ", "WRITE", "ALL PRIVILEGES"]


# ------------------------------------------------------------------------------------------ databases and policies


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    """``with_policy``: its first retention policy is described. Lengths in ns, a duration of 0 is for ever. This
    statement alone writes lengths as Go does."""

    name: str
    with_policy: bool = False
    duration: int | None = None
    replication: int | None = None
    shard_duration: int = 0
    policy: str = ""

    def __str__(self) -> str:
        return clauses(
            f"CREATE DATABASE {quote_ident(self.name)}",
            "WITH" if self.with_policy else "",
            clause("DURATION", None if self.duration is None else show_go_duration(self.duration)),
            clause("REPLICATION", self.replication),
            clause("SHARD DURATION", show_go_duration(self.shard_duration) if self.shard_duration > 0 else ""),
            clause("NAME", quote_ident(self.policy) if self.policy else ""),
        )


@dataclass(frozen=True, slots=True)
class CreatePolicy:
    """A new retention policy. Lengths in ns; a shard duration of 0 is left to the server."""

    name: str
    database: str
    duration: int
    replication: int
    shard_duration: int = 0
    default: bool = False

    def __str__(self) -> str:
        return clauses(
            f"CREATE RETENTION POLICY {quote_ident(self.name)} ON {quote_ident(self.database)}",
            f"DURATION {show_duration(self.duration)} REPLICATION {self.replication}",
            clause("SHARD DURATION", show_duration(self.shard_duration) if self.shard_duration > 0 else ""),
            "DEFAULT" if self.default else "",
        )


@dataclass(frozen=True, slots=True)
class AlterPolicy:
    """What is None stays as it is."""

    name: str
    database: str
    duration: int | None = None
    replication: int | None = None
    shard_duration: int | None = None
    default: bool = False

    def __str__(self) -> str:
        shard = self.shard_duration
        return clauses(
            f"ALTER RETENTION POLICY {quote_ident(self.name)} ON {quote_ident(self.database)}",
            clause("DURATION", None if self.duration is None else show_duration(self.duration)),
            clause("REPLICATION", self.replication),
            clause("SHARD DURATION", None if shard is None else show_duration(shard)),
            "DEFAULT" if self.default else "",
        )


@dataclass(frozen=True, slots=True)
class Drop:
    """``DROP DATABASE``, ``DROP USER`` or ``DROP MEASUREMENT``."""

    what: Literal["DATABASE", "USER", "MEASUREMENT"]
    name: str

    def __str__(self) -> str:
        return f"DROP {self.what} {quote_ident(self.name)}"


@dataclass(frozen=True, slots=True)
class DropOn:
    """``DROP RETENTION POLICY`` or ``DROP CONTINUOUS QUERY`` of a database."""

    what: Literal["RETENTION POLICY", "CONTINUOUS QUERY"]
    name: str
    database: str

    def __str__(self) -> str:
        return f"DROP {self.what} {quote_ident(self.name)} ON {quote_ident(self.database)}"


@dataclass(frozen=True, slots=True)
class Remove:
    """``DROP SERIES`` (with all their points) or ``DELETE`` (of points)."""

    what: Literal["DROP SERIES", "DELETE"]
    sources: tuple[Source, ...] = ()
    condition: Expr | None = None

    def __str__(self) -> str:
        return clauses(self.what, clause("FROM", listed(self.sources)), clause("WHERE", self.condition))


@dataclass(frozen=True, slots=True)
class DropShard:
    id: int

    def __str__(self) -> str:
        return f"DROP SHARD {self.id}"


@dataclass(frozen=True, slots=True)
class CreateContinuousQuery:
    """Lengths in ns, 0 where not given."""

    name: str
    database: str
    select: Select
    every: int = 0
    for_: int = 0

    def __str__(self) -> str:
        return clauses(
            f"CREATE CONTINUOUS QUERY {quote_ident(self.name)} ON {quote_ident(self.database)}",
            "RESAMPLE" if self.every > 0 or self.for_ > 0 else "",
            clause("EVERY", show_duration(self.every) if self.every > 0 else ""),
            clause("FOR", show_duration(self.for_) if self.for_ > 0 else ""),
            f"BEGIN {self.select} END",
        )


@dataclass(frozen=True, slots=True)
class CreateSubscription:
    name: str
    database: str
    policy: str
    mode: Literal["ALL", "ANY"]
    destinations: tuple[str, ...]

    def __str__(self) -> str:
        place = f"{quote_ident(self.name)} ON {quote_ident(self.database)}.{quote_ident(self.policy)}"
        destinations = ", ".join(map(quote_string, self.destinations))
        return f"CREATE SUBSCRIPTION {place} DESTINATIONS {self.mode} {destinations}"


@dataclass(frozen=True, slots=True)
class DropSubscription:
    name: str
    database: str
    policy: str

    def __str__(self) -> str:
        return f"DROP SUBSCRIPTION {quote_ident(self.name)} ON {quote_ident(self.database)}.{quote_ident(self.policy)}"


# ------------------------------------------------------------------------------------------ users


@dataclass(frozen=True, slots=True)
class CreateUser:
    """``str()`` does not tell the password."""

    name: str
    password: str
    admin: bool = False

    def __str__(self) -> str:
        return clauses(
            f"CREATE USER {quote_ident(self.name)} WITH PASSWORD [REDACTED]",
            "WITH ALL PRIVILEGES" if self.admin else "",
        )


@dataclass(frozen=True, slots=True)
class SetPassword:
    """``str()`` does not tell the password."""

    name: str
    password: str

    def __str__(self) -> str:
        return f"SET PASSWORD FOR {quote_ident(self.name)} = [REDACTED]"


@dataclass(frozen=True, slots=True)
class Grant:
    """A privilege on a database is given to a user, or taken (``revoke``)."""

    privilege: Privilege
    database: str
    user: str
    revoke: bool = False

    def __str__(self) -> str:
        verb, to = ("REVOKE", "FROM") if self.revoke else ("GRANT", "TO")
        return f"{verb} {self.privilege} ON {quote_ident(self.database)} {to} {quote_ident(self.user)}"


@dataclass(frozen=True, slots=True)
class GrantAdmin:
    """A user becomes an administrator, or is one no longer (``revoke``)."""

    user: str
    revoke: bool = False

    def __str__(self) -> str:
        verb = "REVOKE ALL PRIVILEGES FROM" if self.revoke else "GRANT ALL PRIVILEGES TO"
        return f"{verb} {quote_ident(self.user)}"


@dataclass(frozen=True, slots=True)
class KillQuery:
    id: int
    host: str = ""

    def __str__(self) -> str:
        return clauses(f"KILL QUERY {self.id}", on(self.host))
