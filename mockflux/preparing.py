"""What a server holds before a test begins: set-up past the wire, of which nothing is in the journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mockflux import arguments, choosing
from mockflux.storage import schemas
from mockflux.writing import commit
from mockflux.writing.decode import utf8_fault

if TYPE_CHECKING:
    from mockflux.profile import Profile
    from mockflux.storage.catalog import Bucket
    from mockflux.world import World

__tracebackhide__ = True  # as in public.py


class Prepared:
    """The part of :class:`mockflux.Server` by which its world is prepared."""

    profile: Profile
    world: World

    @property
    def _has_buckets(self) -> bool:
        return self.profile.settings.setup.bucket is not None

    def create_bucket(self, name: str, *, retention: float | timedelta | None = None, schema: Any = None) -> Bucket:
        """A new bucket in the set-up's organization; ``retention`` in seconds or as timedelta, None for ever.

        ``schema`` makes its schema explicit, where the edition has that: a mapping of measurements to mappings of
        columns to ``"tag"`` or a data type (``integer float boolean string unsigned``), the column ``time`` implied; or
        the API's own form, one object with ``name`` and ``columns`` or a list of them. With ``{}`` nothing is allowed
        yet; without ``schema`` everything is.

        Raises ValueError if the name is taken, where the edition has databases instead, for ``schema`` where the
        edition has no explicit schemas, and for a schema that the API would refuse; TypeError for one of another form.
        """
        if not self._has_buckets:
            raise ValueError(f"{self.profile.id} has no buckets; use create_database({name!r})")
        world = self.world
        if schema is not None and not world.settings.buckets.schemas:
            raise ValueError(f"{self.profile.id} has no explicit schemas; leave schema= out")
        if world.org is None:
            raise ValueError("there is no organization before set-up; leave onboarded=False out")
        span, catalog = arguments.nanoseconds("retention", retention), world.catalog
        explicit = None if schema is None else schemas.from_user(schema, catalog.new_schema)
        return catalog.add_bucket(world.org, arguments.text("name", name), span, schemas=explicit)

    def create_database(self, name: str, *, retention: float | timedelta | None = None) -> Bucket:
        """A new database; ``retention`` in seconds or as timedelta, None for ever.

        Raises ValueError if the name is taken or one that no request can use, or where the edition has buckets instead.
        """
        if self._has_buckets:
            raise ValueError(f"{self.profile.id} has no databases; use create_bucket({name!r})")
        span = arguments.nanoseconds("retention", retention)
        choosing.refuse_unusable(self.profile, arguments.text("name", name))
        return self.world.add_database(name, span)

    def create_mapping(
        self, database: str, *, retention_policy: str = "autogen", bucket: str | None = None, default: bool = False
    ) -> None:
        """An explicit mapping (DBRP) of a v1 database and retention policy to a bucket, the set-up's for None.

        Without one, each bucket is a database of its name. Raises ValueError for a bucket that does not exist, a pair
        that is mapped already, or where the edition has databases, which need no mapping.
        """
        if not self._has_buckets:
            raise ValueError(f"{self.profile.id} has no buckets to map databases to; use create_database({database!r})")
        target = self._target(bucket)
        database, policy = arguments.text("database", database), arguments.text("retention_policy", retention_policy)
        self.world.catalog.add_mapping(target, database, policy, default=default)

    def create_retention_policy(
        self,
        name: str,
        *,
        database: str | None = None,
        retention: float | timedelta | None = None,
        default: bool = False,
    ) -> Bucket:
        """A new retention policy of a database, the set-up's for None; ``retention`` in seconds or as timedelta, None
        for ever. ``default``: points go there whose write names none. Its points are those of ``DATABASE/NAME``.

        Raises ValueError for a name that is taken, a database that does not exist, or where databases have no retention
        policies.
        """
        if not self.profile.settings.setup.retention_policies:
            raise ValueError(f"{self.profile.id} has no retention policies; give a bucket or database a retention=")
        world = self.world
        asked = world.target_name if database is None else arguments.text("database", database)
        found = world.databases.find(asked or "")
        if found is None:
            there = ", ".join(repr(known.name) for known in world.databases.all()) or "none yet"
            raise ValueError(f"there is no database {asked!r}; databases: {there}")
        span = arguments.nanoseconds("retention", retention)
        choosing.refuse_invalid(self.profile, arguments.text("name", name))
        policy = world.databases.add_policy(found, name, retention=span)
        if arguments.flag("default", default):
            world.databases.make_default(found, policy.name)
        return policy.bucket

    def create_user(
        self,
        name: str,
        password: str,
        *,
        admin: bool = False,
        read: str | Iterable[str] = (),
        write: str | Iterable[str] = (),
    ) -> None:
        """A new user with a password, who may read and write the databases of those names; as ``admin`` everything.

        Raises ValueError for a name that is taken, for a database that does not exist, and where tokens say who one is.
        """
        if not self.profile.settings.setup.retention_policies:
            raise ValueError(f"users of {self.profile.id} come with tokens; use create_token()")
        reads, writes = arguments.names("read", read, "databases"), arguments.names("write", write, "databases")
        for database in (*reads, *writes):
            if self.world.databases.find(database) is None:
                there = ", ".join(repr(known.name) for known in self.world.databases.all()) or "none yet"
                raise ValueError(f"there is no database {database!r}; databases: {there}")
        user = self.world.catalog.add_user(
            arguments.text("name", name), arguments.text("password", password), admin=arguments.flag("admin", admin)
        )
        for database in dict.fromkeys((*reads, *writes)):
            both = database in reads and database in writes
            user.privileges[database] = "ALL PRIVILEGES" if both else "READ" if database in reads else "WRITE"

    def create_token(
        self, *, read: str | Iterable[str] = (), write: str | Iterable[str] = (), expires: datetime | None = None
    ) -> str:
        """A new token that may read and write the buckets, or databases, of those names. Where every token of the
        edition may do everything, so may this one.

        Raises ValueError for a bucket that does not exist, for ``expires`` where tokens do not expire, or for ``read``
        and ``write`` where tokens cannot be for some databases only.
        """
        if self.profile.settings.setup.token is None:
            raise ValueError(f"{self.profile.id} has no tokens; use create_user()")
        if expires is not None and not self.profile.settings.setup.token_expiry:
            raise ValueError(f"tokens of {self.profile.id} do not expire; leave expires= out")
        until = arguments.moment("expires", expires)
        world, things = self.world, "buckets" if self._has_buckets else "databases"
        reads, writes = arguments.names("read", read, things), arguments.names("write", write, things)
        if (reads or writes) and not self.profile.settings.setup.scoped_tokens:
            raise ValueError(f"every token of {self.profile.id} may do everything; leave read= and write= out")
        rights = world.rights(
            read=[self._target(name) for name in reads],
            write=[self._target(name) for name in writes],
        )
        return world.add_token(rights, expires=until).value

    def write(
        self,
        lines: str | bytes | Iterable[Any],
        *,
        bucket: str | None = None,
        database: str | None = None,
        precision: str = "ns",
    ) -> None:
        """Store line protocol as a client would, past the wire: nothing of it is in the journal.

        ``lines`` is a text, or several lines, or Points of a client library. ``bucket`` names the bucket or database
        to write to, the set-up's for None; where there are databases it may be called ``database``. A database that
        is not there is made, where writes make it. Where writes are queued this one is not: it is stored at once,
        before those that wait, and counts towards no quota.

        Raises ValueError, with the edition's own words, if a line is refused (nothing is stored then, whatever the
        edition stores of a write that comes over the wire), if there is no such bucket or precision.
        """
        world, settings = self.world, self.profile.settings
        door = choosing.write_door(self.profile)
        name, params = self._name(bucket, database), settings.params[door]
        if precision not in params.precisions:
            raise ValueError(f"precision={precision!r}: expected one of {', '.join(params.precisions)}")
        target = self._target(name, made=True)
        timing = world.timing(target, params.precisions[precision], params.cut_default.get(precision) or 1)
        body, rules = arguments.body(lines), settings.write_all[door]
        if "utf8" in settings.gate.doors[door] and (fault := utf8_fault(body)):
            raise ValueError(f"line protocol is UTF-8 at {self.profile.id}: byte {fault[1] + 1:,} is not")
        judged = commit.write(body, timing, target.data, rules, settings.storage, partial(world.room, target))
        verdict = world.note(judged, target)
        if verdict.rejections:
            raise ValueError("; ".join(rejection.text for rejection in verdict.rejections[:10]))
        world.catalog.make(target)

    def _name(self, bucket: str | None, database: str | None) -> str | None:
        """What ``bucket=`` or ``database=`` names."""
        if database is None:
            return bucket
        if self._has_buckets:
            raise ValueError(f"{self.profile.id} has no databases; name a bucket with bucket=")
        if bucket is not None:
            raise TypeError("bucket= and database= are the same here; give one of them")
        return database

    def _target(self, name: str | None, *, made: bool = False) -> Bucket:
        """The bucket or database of a name, the set-up's for None; with ``made`` also one that a write would make.
        Raises ValueError if there is none."""
        world = self.world
        found = world.target(name)
        if found is None and made and name is not None and self.profile.settings.setup.makes_target:
            found = world.expected(arguments.text("database", name))
        if found is None:
            kind = "bucket" if self._has_buckets else "database"
            none = "none before set-up" if self._has_buckets else "none yet"
            there = ", ".join(repr(b.name) for b in world.catalog.buckets()) or none
            asked = world.target_name if name is None else name
            raise ValueError(f"there is no {kind} {asked!r}; {kind}s: {there}")
        return found
