"""Statements that change databases, retention policies and users (influxdb 1.6, coordinator/statement_executor.go and
services/meta)."""

from __future__ import annotations

from mockflux.influxql import change_statements as change
from mockflux.influxql.errors import StatementError
from mockflux.influxql.surroundings import Surroundings
from mockflux.storage.catalog import User
from mockflux.storage.databases import AUTOGEN, Database, RetentionPolicy, shard_length, valid_name
from mockflux.storage.rules import HOUR

#: What is left of a privilege once a part of it is taken away.
_LEFT = {("ALL PRIVILEGES", "READ"): "WRITE", ("ALL PRIVILEGES", "WRITE"): "READ"}
_NONE = "NO PRIVILEGES"


# ---------------------------------------------------------------- databases


def create_database(statement: change.CreateDatabase, around: Surroundings) -> None:
    """Make a database; nothing happens to one that is there, if its policy is as asked for."""
    _check_name(statement.name)
    policy, retention = statement.policy or AUTOGEN, statement.duration or 0
    replicas, shards = statement.replication or 1, statement.shard_duration
    _check_lengths(retention, shards)
    with around.catalog.lock:
        there = around.databases.find(statement.name)
        if there is None:
            around.databases.add(statement.name, policy, retention=retention, shards=shards, replicas=replicas)
        elif statement.with_policy:
            found = there.policies.get(policy)
            if found is None or not _alike(found, retention, shards, replicas) or there.default != policy:
                raise StatementError("retention policy conflicts with an existing policy")


def drop_database(name: str, around: Surroundings) -> None:
    """Drop a database; nothing happens if there is none of that name."""
    with around.catalog.lock:
        around.databases.remove(name)
        for user in around.catalog.users():
            user.privileges.pop(name, None)


# ---------------------------------------------------------------- retention policies


def create_policy(statement: change.CreatePolicy, around: Surroundings) -> None:
    """Make a retention policy; nothing happens to one that is there and is as asked for."""
    _check_name(statement.name)
    retention, shards, replicas = statement.duration, statement.shard_duration, statement.replication
    _check_lengths(retention, shards)
    with around.catalog.lock:
        database = around.find(statement.database)
        there = database.policies.get(statement.name)
        if there is None:
            around.databases.add_policy(database, statement.name, retention=retention, shards=shards, replicas=replicas)
            if statement.default:
                _make_default(database, statement.name, around)
        elif not _alike(there, retention, shards, replicas):
            raise StatementError("retention policy already exists")
        elif statement.default and database.default != statement.name:
            raise StatementError("retention policy conflicts with an existing policy")


def alter_policy(statement: change.AlterPolicy, around: Surroundings) -> None:
    """Change a retention policy; what is not given stays as it is."""
    with around.catalog.lock:
        database = around.find(statement.database)
        policy = database.policies.get(statement.name)
        if policy is None:
            raise StatementError(f"retention policy not found: {statement.name}")
        bucket = policy.bucket
        retention = bucket.retention if statement.duration is None else statement.duration
        shards = bucket.shard_duration
        if statement.shard_duration is not None:
            shards = shard_length(statement.shard_duration, retention)
        _check_lengths(retention, shards)
        around.catalog.change_bucket(bucket, retention=retention, shards=shards)
        if statement.replication is not None:
            policy.replicas = statement.replication
        if statement.default:
            _make_default(database, statement.name, around)


def drop_policy(statement: change.DropOn, around: Surroundings) -> None:
    """Drop a retention policy with its points; nothing happens where there is none."""
    database = around.databases.find(statement.database)
    if database is not None:
        around.databases.remove_policy(database, statement.name)


def _make_default(database: Database, policy: str, around: Surroundings) -> None:
    database.default = policy
    around.catalog.changed()


def _alike(policy: RetentionPolicy, retention: int, shards: int, replicas: int) -> bool:
    bucket = policy.bucket
    wanted = shard_length(shards, retention)
    return (bucket.retention, bucket.shard_duration, policy.replicas) == (retention, wanted, replicas)


def _check_name(name: str) -> None:
    """Raise StatementError for a name that could not be one of a folder."""
    if not valid_name(name):
        raise StatementError("invalid name")


def _check_lengths(retention: int, shards: int) -> None:
    """Raise StatementError for spans (ns, 0 for ever or unsaid) that no policy can have."""
    if 0 < retention < HOUR:
        raise StatementError("retention policy duration must be at least 1h0m0s")
    if retention and shard_length(shards, retention) > retention:
        raise StatementError("retention policy duration must be greater than the shard duration")


# ---------------------------------------------------------------- users


def create_user(statement: change.CreateUser, around: Surroundings) -> None:
    """Make a user; nothing happens to one who is there with this password and these rights."""
    if not statement.name:
        raise StatementError("username required")
    with around.catalog.lock:
        there = around.catalog.user(name=statement.name)
        if there is None:
            around.catalog.add_user(statement.name, statement.password, admin=statement.admin)
        elif (there.password, there.admin) != (statement.password, statement.admin):
            raise StatementError("user already exists")


def drop_user(name: str, around: Surroundings) -> None:
    """Drop a user."""
    around.catalog.remove_user(around.find_user(name))


def set_password(statement: change.SetPassword, around: Surroundings) -> None:
    """Change a password."""
    around.find_user(statement.name).password = statement.password
    around.catalog.changed()


def grant(statement: change.Grant, around: Surroundings) -> None:
    """Give a privilege on a database, in place of what the user had there, or take one away."""
    with around.catalog.lock:
        user = around.find_user(statement.user)
        around.find(statement.database)
        given = statement.privilege
        user.privileges[statement.database] = (
            _after_revoking(user, statement.database, given) if statement.revoke else given
        )
        around.catalog.changed()


def _after_revoking(user: User, database: str, taken: str) -> str:
    had = user.privileges.get(database, _NONE)
    if taken in ("ALL PRIVILEGES", had):
        return _NONE
    return _LEFT.get((had, taken), had)


def grant_admin(statement: change.GrantAdmin, around: Surroundings) -> None:
    """Make a user an admin, or one no longer."""
    around.find_user(statement.user).admin = not statement.revoke
    around.catalog.changed()
