"""Databases of InfluxDB 1, with their retention policies, and what its users may do with them.

A retention policy holds the points: in the catalog it is a bucket of no organization. The bucket of the policy
``autogen`` has the name of its database, any other ``database/policy``; so a database is found by name wherever buckets
are, and since no database of InfluxDB 1 has a slash in its name, no two have the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mockflux.storage.catalog import Bucket, Catalog, User
from mockflux.storage.rules import HOUR, shard_duration

#: The policy that a database gets when it is made.
AUTOGEN = "autogen"
#: What a user may do with a database.
Privilege = Literal["READ", "WRITE", "ALL PRIVILEGES"]


@dataclass(slots=True, eq=False)
class RetentionPolicy:
    """One retention policy: for how long (``bucket.retention``, in ns, 0 for ever) its points are kept, and in shard
    groups of which length (``bucket.shard_duration``). ``replicas`` is told, and of no account."""

    name: str
    bucket: Bucket
    replicas: int = 1


@dataclass(slots=True, eq=False)
class Database:
    """A database; ``default`` is the name of the policy that counts where none is named, and may name none."""

    name: str
    default: str = AUTOGEN
    policies: dict[str, RetentionPolicy] = field(default_factory=dict)

    def policy(self, name: str = "") -> RetentionPolicy | None:
        """The policy of that name, the default one for an empty name."""
        return self.policies.get(name or self.default)


class Databases:
    """The databases of one world, in the order in which they were made. Changes are safe between threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._databases: dict[str, Database] = {}

    def add(
        self, name: str, policy: str = AUTOGEN, *, retention: int = 0, shards: int = 0, replicas: int = 1
    ) -> Database:
        """A new database with one policy, its default. Raises ValueError for a name that is taken."""
        with self._catalog.lock:
            if name in self._databases:
                raise ValueError(f"there is already a database named {name!r}")
            database = self._databases[name] = Database(name, policy)
            self.add_policy(database, policy, retention=retention, shards=shards, replicas=replicas)
        return database

    def find(self, name: str) -> Database | None:
        """The database of that name."""
        return self._databases.get(name)

    def all(self) -> list[Database]:
        """All databases, in the order in which they were made."""
        return list(self._databases.values())

    def remove(self, name: str) -> None:
        """Drop a database with all it holds; nothing happens where there is none of that name. What users were granted
        stays with them, as with the real server."""
        with self._catalog.lock:
            database = self._databases.pop(name, None)
            for policy in database.policies.values() if database else ():
                self._catalog.remove_bucket(policy.bucket)
            self._catalog.changed()

    def add_policy(
        self, database: Database, name: str, *, retention: int = 0, shards: int = 0, replicas: int = 1
    ) -> RetentionPolicy:
        """A new policy; ``retention`` and ``shards`` in ns, 0 for ever and for the usual length. Raises ValueError for
        a name that is taken."""
        with self._catalog.lock:
            if name in database.policies:
                raise ValueError(f"the database {database.name!r} has already a policy {name!r}")
            bucket = self._catalog.add_bucket(
                None, _bucket_name(database, name), retention, shards=shard_length(shards, retention)
            )
            policy = database.policies[name] = RetentionPolicy(name, bucket, replicas)
        return policy

    def make_default(self, database: Database, policy: str) -> None:
        """Have points go to that policy where none is named."""
        with self._catalog.lock:
            database.default = policy
            self._catalog.changed()

    def remove_policy(self, database: Database, name: str) -> None:
        """Drop a policy with all it holds; a default that it was stays the default, and names none."""
        with self._catalog.lock:
            policy = database.policies.pop(name, None)
            if policy is not None:
                self._catalog.remove_bucket(policy.bucket)

    def policy_of(self, bucket: Bucket) -> tuple[Database, RetentionPolicy] | None:
        """The policy that a bucket is, with its database."""
        for database in self.all():
            for policy in list(database.policies.values()):
                if policy.bucket is bucket:
                    return database, policy
        return None


def valid_name(name: str) -> bool:
    """Whether a database or a retention policy can have that name (influxdb 1.6, services/meta/data.go, ValidName)."""
    return name not in ("", ".", "..") and "/" not in name and "\\" not in name and name.isprintable()


def _bucket_name(database: Database, policy: str) -> str:
    return database.name if policy == AUTOGEN else f"{database.name}/{policy}"


def shard_length(asked: int, retention: int) -> int:
    """The length (ns) of shard groups where ``asked`` was asked for, 0 for what goes with the retention (ns, 0 for
    ever); never less than an hour (influxdb 1.6, services/meta/data.go)."""
    return max(asked, HOUR) if asked else shard_duration(retention)


def may(user: User, action: Literal["READ", "WRITE"], database: str) -> bool:
    """Whether a user may read or write a database: an admin may everything."""
    return user.admin or user.privileges.get(database) in (action, "ALL PRIVILEGES")
