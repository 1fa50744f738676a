"""What a token may do, as InfluxDB 2 writes it (influxdb, authz.go), databases of InfluxDB 3 included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Action = Literal["read", "write"]

#: Every type of resource that a set-up token is for, in the order in which a 2.9 server lists them
#: (authz.go, AllResourceTypes, without "instance").
RESOURCE_TYPES = (
    "authorizations", "buckets", "dashboards", "orgs", "sources", "tasks", "telegrafs", "users", "variables",
    "scrapers", "secrets", "labels", "views", "documents", "notificationRules", "notificationEndpoints", "checks",
    "dbrp", "notebooks", "annotations", "remotes", "replications",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Permission:
    """The right to do one thing with resources of one type.

    Without ``id`` and ``org_id`` it is for all of them, with ``org_id`` alone for those of the organization, with
    ``id`` for the one. Type ``instance`` stands for everything.
    """

    action: Action
    resource: str
    id: str | None = None
    org_id: str | None = None

    def grants(self, action: Action, resource: str, id: str | None, org_id: str | None) -> bool:
        """Whether this right covers doing that with the resource ``id`` of the organization ``org_id``."""
        if self.action != action:
            return False
        if self.resource == "instance":
            return True
        if self.resource != resource:
            return False
        if self.id is not None:
            return self.id == id  # the organization does not count beside an id
        return self.org_id is None or self.org_id == org_id

    def __str__(self) -> str:
        """As messages write it: ``read:orgs/<org>/buckets/<id>``, ``write:orgs/<org>/buckets``, ``read:buckets``."""
        parts = [] if self.org_id is None else ["orgs", self.org_id]
        parts.append(self.resource)
        if self.id is not None:
            parts.append(self.id)
        return f"{self.action}:{'/'.join(parts)}"


def allows(
    permissions: Iterable[Permission], action: Action, resource: str, id: str | None, org_id: str | None
) -> bool:
    """Whether one of the permissions covers doing that. The right to write is not the right to read."""
    return any(permission.grants(action, resource, id, org_id) for permission in permissions)


def operator() -> tuple[Permission, ...]:
    """The rights of the token that set-up makes: everything in every organization."""
    return tuple(Permission(action, resource) for resource in RESOURCE_TYPES for action in ("read", "write"))


def all_powerful() -> tuple[Permission, ...]:
    """The rights of a token that may do everything with whatever there is, databases included."""
    return Permission("read", "instance"), Permission("write", "instance")


def for_buckets(org_id: str, *, read: Iterable[str] = (), write: Iterable[str] = ()) -> tuple[Permission, ...]:
    """The rights to read and to write the buckets with those ids."""
    return (
        *(Permission("read", "buckets", id, org_id) for id in read),
        *(Permission("write", "buckets", id, org_id) for id in write),
    )


def for_databases(*, read: Iterable[str] = (), write: Iterable[str] = ()) -> tuple[Permission, ...]:
    """The rights to read and to write the databases with those ids; they belong to no organization."""
    return (
        *(Permission("read", "databases", id) for id in read),
        *(Permission("write", "databases", id) for id in write),
    )
