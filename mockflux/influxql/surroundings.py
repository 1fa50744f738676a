"""What a statement finds around it when it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mockflux.influxql.errors import StatementError
from mockflux.storage.catalog import Bucket, Catalog, User
from mockflux.storage.databases import Database, Databases, RetentionPolicy
from mockflux.storage.table import Point


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The server's state, and what the request says of itself: its ``database`` and retention ``policy`` (empty: none),
    its ``user`` (None: nobody, or nobody was asked).

    ``points`` gives what a query of a bucket shows now, of one measurement or all; ``now`` is the time in ns.
    """

    catalog: Catalog
    databases: Databases
    points: Callable[[Bucket, str | None], list[Point]]
    now: int
    database: str = ""
    policy: str = ""
    user: User | None = None

    def named(self, database: str) -> str:
        """The name of the database that a statement means. Raises StatementError if neither it nor the request names
        one."""
        if not (name := database or self.database):
            raise StatementError("database name required")
        return name

    def find(self, database: str) -> Database:
        """The database of that name. Raises StatementError."""
        found = self.databases.find(database)
        if found is None:
            raise StatementError(f"database not found: {database}")
        return found

    def find_policy(self, database: str, policy: str = "") -> RetentionPolicy:
        """A retention policy of a database, the request's or the database's own for an empty name. Raises
        StatementError."""
        there = self.find(self.named(database))
        asked = policy or (self.policy if not database or database == self.database else "") or there.default
        found = there.policies.get(asked)
        if found is None:
            raise StatementError(f"retention policy not found: {asked}")
        return found

    def find_user(self, name: str) -> User:
        """The user of that name. Raises StatementError."""
        found = self.catalog.user(name=name)
        if found is None:
            raise StatementError("user not found")
        return found
