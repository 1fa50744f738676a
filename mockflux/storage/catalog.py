"""Who and what there is in one world: organizations, users, buckets and databases, tokens, mappings (DBRP)."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakValueDictionary

from mockflux.storage.permissions import Permission
from mockflux.storage.rules import DAY, WEEK, StorageRules, scope_of, shard_duration
from mockflux.storage.schemas import Column, MeasurementSchema, Schemas
from mockflux.storage.table import BucketData

Status = Literal["active", "inactive"]
#: How the values of tokens look: see :func:`make_token_value`.
TokenForm = Literal["v2", "apiv3"]

#: What InfluxDB 2 makes for each organization: name, retention, description (influxdb, bucket.go).
_SYSTEM_BUCKETS = (
    ("_tasks", 3 * DAY, "System bucket for task logs"),
    ("_monitoring", 7 * DAY, "System bucket for monitoring logs"),
)
SYSTEM_BUCKET_NAMES = tuple(name for name, *_ in _SYSTEM_BUCKETS)


@dataclass(slots=True, eq=False)
class Org:
    """An organization. Here as everywhere: ids are 16 lower-case hexadecimal digits, times ns since the epoch."""

    id: str
    name: str
    description: str
    created: int
    updated: int


@dataclass(slots=True, eq=False)
class User:
    """A user; an ``inactive`` one may not sign in. InfluxDB 1 has admins, and what the others may do with each
    database: ``READ``, ``WRITE`` or ``ALL PRIVILEGES``."""

    id: str
    name: str
    password: str = field(repr=False)
    status: Status
    admin: bool = False
    privileges: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False, weakref_slot=True)
class Bucket:
    """A bucket and what it holds. ``retention`` in ns, 0 for ever; ``shard_duration`` of its shard groups, in ns.

    A database of InfluxDB 3 is a bucket too: one of no organization, its ``org_id`` is empty.
    """

    id: str
    org_id: str
    name: str
    type: Literal["user", "system"]
    description: str
    retention: int
    created: int
    updated: int
    data: BucketData = field(repr=False)
    shard_duration: int = WEEK

    @property
    def resource(self) -> Literal["buckets", "databases"]:
        """What permissions call it."""
        return "buckets" if self.org_id else "databases"


@dataclass(slots=True, eq=False)
class Token:
    """A token and what it may do. ``expires`` in ns since the epoch, None for never."""

    id: str
    value: str = field(repr=False)
    description: str
    org_id: str | None
    user_id: str | None
    permissions: tuple[Permission, ...]
    status: Status
    expires: int | None
    created: int
    updated: int


@dataclass(slots=True, eq=False)
class Mapping:
    """An explicit mapping (DBRP): for the v1 doors, the database and retention policy stand for the bucket."""

    id: str
    org_id: str
    database: str
    retention_policy: str
    bucket_id: str
    default: bool


class Catalog:
    """All of these, found by name or id.

    ``ids`` makes new ids, ``now`` is the world's time in ns, ``rules`` are those of new buckets. A name that is taken
    raises ValueError; a look-up that finds nothing returns None. Changes are safe between threads.

    ``version`` grows with each change, so that a decision that rests on the catalog can be remembered until then. Who
    changes an object in place says so: :meth:`changed`.
    """

    def __init__(self, ids: Callable[[], str], now: Callable[[], int], rules: StorageRules | None = None) -> None:
        self.rules = StorageRules() if rules is None else rules
        self.version = 0
        self._ids = ids
        self._now = now
        self._lock = threading.RLock()
        self._orgs: dict[str, Org] = {}
        self._users: dict[str, User] = {}
        self._buckets: dict[str, Bucket] = {}
        self._bucket_names: dict[tuple[str, str], Bucket] = {}
        # Weak: a write that came to nothing leaves nothing behind.
        self._expected: WeakValueDictionary[tuple[str, str], Bucket] = WeakValueDictionary()
        self._tokens: dict[str, Token] = {}
        self._mappings: dict[tuple[str, str, str], Mapping] = {}

    @property
    def lock(self) -> threading.RLock:
        """What to hold while looking and changing must be one step."""
        return self._lock

    def changed(self) -> None:
        """Says that something in the catalog is no longer as it was."""
        with self._lock:
            self.version += 1

    # ---------------------------------------------------------------- organizations and users

    def add_org(self, name: str, *, description: str = "", id: str | None = None, system_buckets: bool = False) -> Org:
        """A new organization; with ``system_buckets`` also its ``_tasks`` (3 days) and ``_monitoring`` (7 days)."""
        with self._lock:
            if self.org(name=name) is not None:
                raise ValueError(f"there is already an organization named {name!r}")
            now = self._now()
            org = Org(id or self._ids(), name, description, now, now)
            self._orgs[org.id] = org
            self.changed()
            if system_buckets:
                for bucket, retention, text in _SYSTEM_BUCKETS:
                    self.add_bucket(org, bucket, retention, text, type="system")
        return org

    def org(self, *, name: str | None = None, id: str | None = None) -> Org | None:
        """The organization with this id, or with this name."""
        if id is not None:
            return self._orgs.get(id)
        return next((org for org in self.orgs() if org.name == name), None)

    def orgs(self) -> list[Org]:
        """All organizations, in the order in which they were made."""
        return list(self._orgs.values())

    def add_user(
        self, name: str, password: str = "", *, status: Status = "active", id: str | None = None, admin: bool = False
    ) -> User:
        """A new user."""
        with self._lock:
            if self.user(name=name) is not None:
                raise ValueError(f"there is already a user named {name!r}")
            user = User(id or self._ids(), name, password, status, admin)
            self._users[user.id] = user
            self.changed()
        return user

    def remove_user(self, user: User) -> None:
        """Take a user out; nothing happens to one that is not there."""
        with self._lock:
            if self._users.pop(user.id, None) is not None:
                self.changed()

    def user(self, *, name: str | None = None, id: str | None = None) -> User | None:
        """The user with this id, or with this name."""
        if id is not None:
            return self._users.get(id)
        return next((user for user in self.users() if user.name == name), None)

    def users(self) -> list[User]:
        """All users, in the order in which they were made."""
        return list(self._users.values())

    # ---------------------------------------------------------------- buckets and databases

    def add_bucket(
        self,
        org: Org | None,
        name: str,
        retention: int = 0,
        description: str = "",
        *,
        type: Literal["user", "system"] = "user",
        id: str | None = None,
        shards: int | None = None,
        schemas: Schemas | None = None,
    ) -> Bucket:
        """A new bucket that keeps its points for ``retention`` ns (0: for ever); a database if ``org`` is None.

        ``shards``: the length of its shard groups in ns, None for what goes with the retention. ``schemas``: what it
        takes, None for anything."""
        org_id, kind = (org.id, "bucket") if org else ("", "database")
        with self._lock:
            if (org_id, name) in self._bucket_names:
                where = f" in the organization {org.name!r}" if org else ""
                raise ValueError(f"there is already a {kind} named {name!r}{where}")
            if retention < 0:
                raise ValueError(f"a {kind} cannot keep its points for {retention} ns")
            # A write may be about to make the very same: it has to end in this one, not in another of its name.
            bucket = self._expected.get((org_id, name))
            if bucket is None:
                bucket = self._unlisted(org_id, name, retention, id)
            elif id is not None:
                bucket.id = id
            bucket.type, bucket.description, bucket.retention = type, description, retention
            self._cut(bucket, shard_duration(retention) if shards is None else shards)
            bucket.data.schemas = schemas
            self._list(bucket)
        return bucket

    def add_database(self, name: str, retention: int = 0, *, id: str | None = None) -> Bucket:
        """A new database that keeps its points for ``retention`` ns (0: for ever)."""
        return self.add_bucket(None, name, retention, id=id)

    def expect(self, org_id: str, name: str, retention: int = 0) -> Bucket:
        """The bucket that a write to this name makes where writes do, before it is made: it is not listed, and no
        look-up finds it. The one that is there, if there is one.

        For as long as somebody holds it, it is the same for all who ask, so that two writes at once judge their
        points by the same data. :meth:`make` lists it; so does :meth:`add_bucket` under the same name.
        """
        with self._lock:
            found = self._bucket_names.get((org_id, name)) or self._expected.get((org_id, name))
            if found is None:
                found = self._expected[org_id, name] = self._unlisted(org_id, name, retention, None)
        return found

    def make(self, bucket: Bucket, mapping: tuple[str, str] | None = None, *, limit: int = 0) -> bool:
        """List a bucket that was expected; nothing happens to one that is listed. ``mapping``: a database and a
        retention policy that get an explicit mapping to it, unless they have one. ``limit``: of how many at most it
        may be one (0: of any number); False if it would be one too many, and is not made."""
        with self._lock:
            if (bucket.org_id, bucket.name) not in self._bucket_names:
                if limit and len(self.buckets(bucket.org_id)) >= limit:
                    return False
                self._list(bucket)
            if mapping is not None and (bucket.org_id, *mapping) not in self._mappings:
                self.add_mapping(bucket, *mapping)
        return True

    def nowhere(self, name: str) -> Bucket:
        """A bucket that is in no list and never will be: by what it holds a batch can be judged; nothing is kept."""
        return self._unlisted("", name, 0, None)

    def _unlisted(self, org_id: str, name: str, retention: int, id: str | None) -> Bucket:
        now, shards = self._now(), shard_duration(retention)
        data = BucketData(self.rules, shard_duration=shards)
        return Bucket(id or self._ids(), org_id, name, "user", "", retention, now, now, data, shards)

    def _cut(self, bucket: Bucket, shards: int) -> None:
        """Give a bucket shard groups of that length (ns). What is stored keeps the types of its former ones."""
        if shards != bucket.shard_duration:
            bucket.shard_duration, bucket.data.scope = shards, scope_of(self.rules, shards)

    def change_bucket(
        self,
        bucket: Bucket,
        *,
        name: str | None = None,
        description: str | None = None,
        retention: int | None = None,
        shards: int | None = None,
    ) -> None:
        """Change a bucket; None for what stays as it is. ``retention`` and ``shards`` (the length of its shard groups)
        in ns. Raises ValueError for a name that is taken."""
        with self._lock:
            if name is not None and name != bucket.name:
                if (bucket.org_id, name) in self._bucket_names:
                    raise ValueError(f"there is already a bucket named {name!r}")
                del self._bucket_names[bucket.org_id, bucket.name]
                self._bucket_names[bucket.org_id, name] = bucket
                bucket.name = name
            if description is not None:
                bucket.description = description
            if retention is not None:
                bucket.retention = retention
            if shards is not None:
                self._cut(bucket, shards)
            bucket.updated = self._now()
            self.changed()

    def remove_bucket(self, bucket: Bucket) -> None:
        """Take a bucket out, with what it holds; nothing happens to one that is not listed. Tokens and mappings that
        name it stay, and find nothing."""
        with self._lock:
            if self._buckets.get(bucket.id) is bucket:
                del self._buckets[bucket.id]
                del self._bucket_names[bucket.org_id, bucket.name]
                self.changed()

    def new_schema(self, name: str, columns: tuple[Column, ...]) -> MeasurementSchema:
        """A schema of a measurement, with an id and the present time. It is nowhere yet."""
        now = self._now()
        return MeasurementSchema(self._ids(), name, columns, now, now)

    def _list(self, bucket: Bucket) -> None:
        key = (bucket.org_id, bucket.name)
        self._expected.pop(key, None)
        bucket.created = bucket.updated = self._now()
        self._buckets[bucket.id] = self._bucket_names[key] = bucket
        self.changed()

    def bucket_named(self, org_id: str, name: str) -> Bucket | None:
        """The bucket of that name in the organization with that id; with an empty id the database of that name."""
        return self._bucket_names.get((org_id, name))

    def database(self, name: str) -> Bucket | None:
        """The database of that name."""
        return self.bucket_named("", name)

    def bucket_by_id(self, id: str) -> Bucket | None:
        """The bucket with that id, of whichever organization."""
        return self._buckets.get(id)

    def buckets(self, org_id: str | None = None) -> list[Bucket]:
        """The buckets of an organization (empty: the databases) sorted by name; of all, one organization after the
        other, databases first."""
        order = {id: position for position, id in enumerate(["", *self._orgs])}
        found = [bucket for bucket in list(self._buckets.values()) if org_id in (None, bucket.org_id)]
        return sorted(found, key=lambda bucket: (order[bucket.org_id], bucket.name))

    # ---------------------------------------------------------------- tokens

    def add_token(
        self,
        value: str,
        permissions: Iterable[Permission],
        *,
        org_id: str | None = None,
        user_id: str | None = None,
        description: str = "",
        status: Status = "active",
        expires: int | None = None,
        id: str | None = None,
    ) -> Token:
        """A new token with that value."""
        with self._lock:
            if value in self._tokens:
                raise ValueError("there is already a token with this value")
            now = self._now()
            token = Token(
                id or self._ids(), value, description, org_id, user_id, tuple(permissions), status, expires, now, now
            )
            self._tokens[value] = token
            self.changed()
        return token

    def token(self, value: str) -> Token | None:
        """The token with that value, expired and inactive ones included. One look-up, however many there are."""
        return self._tokens.get(value)

    def tokens(self) -> list[Token]:
        """All tokens, in the order in which they were made."""
        return list(self._tokens.values())

    # ---------------------------------------------------------------- databases of the v1 doors

    def add_mapping(
        self, bucket: Bucket, database: str, retention_policy: str, *, default: bool = False, id: str | None = None
    ) -> Mapping:
        """A new explicit mapping; the first one of a database is always its default."""
        with self._lock:
            key = (bucket.org_id, database, retention_policy)
            if key in self._mappings:
                raise ValueError(f"the database {database!r} has already a mapping for {retention_policy!r}")
            former = self._default_mapping(bucket.org_id, database)
            mapping = Mapping(
                id or self._ids(), bucket.org_id, database, retention_policy, bucket.id, default or former is None
            )
            if former is not None and mapping.default:
                former.default = False
            self._mappings[key] = mapping
            self.changed()
        return mapping

    def mappings(self, org_id: str | None = None) -> list[Mapping]:
        """The explicit mappings of an organization, or all, in the order in which they were made."""
        return [mapping for mapping in list(self._mappings.values()) if org_id in (None, mapping.org_id)]

    def mapping(self, org_id: str, database: str, retention_policy: str | None = None) -> Bucket | None:
        """The bucket for a database and retention policy; without one (None or empty) that of the database's default.

        Explicit mappings win. Beside them each bucket is a virtual one: ``db/rp`` stands for that pair, a name without
        slash for ``autogen`` and, if the database has no explicit default, for no policy (influxdb, dbrp/service.go).
        """
        if retention_policy:
            explicit = self._mappings.get((org_id, database, retention_policy))
        else:
            explicit = self._default_mapping(org_id, database)
        if explicit is not None:
            return self.bucket_by_id(explicit.bucket_id)
        if "/" in database:  # a name is cut at its first slash, so no database has one
            return None
        if retention_policy in (None, "", "autogen") and (plain := self.bucket_named(org_id, database)):
            return plain
        return self.bucket_named(org_id, f"{database}/{retention_policy}") if retention_policy else None

    def _default_mapping(self, org_id: str, database: str) -> Mapping | None:
        return next((m for m in self.mappings(org_id) if m.database == database and m.default), None)


def make_ids(seed: int) -> Callable[[], str]:
    """A source of ids as InfluxDB 2 has them: 16 lower-case hexadecimal digits, not zero, no two the same. The same
    seed makes the same ids."""
    source = random.Random(seed)
    seen = {0}
    lock = threading.Lock()

    def new_id() -> str:
        with lock:
            number = 0
            while number in seen:
                number = source.getrandbits(64)
            seen.add(number)
        return f"{number:016x}"

    return new_id


def make_token_value(seed: int, form: TokenForm = "v2") -> Callable[[], str]:
    """A source of token values, each of 64 random bytes in URL-safe base64. Form ``v2``: as InfluxDB 2 makes them, 88
    characters that end in ``==``; ``apiv3``: as InfluxDB 3 Core and Enterprise do, ``apiv3_`` and 86 characters
    without padding (influxdb3_catalog, catalog.rs). The same seed makes the same values."""
    source = random.Random(f"token values {seed}")  # not the numbers that make_ids draws from this seed
    lock = threading.Lock()

    def new_value() -> str:
        with lock:
            value = base64.urlsafe_b64encode(source.randbytes(64)).decode("ascii")
        return value if form == "v2" else f"apiv3_{value.rstrip('=')}"

    return new_value
