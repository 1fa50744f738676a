"""The whole state of one simulated server. One server object is one world; nothing is global."""

from __future__ import annotations

import random
import time
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from uuid import UUID

from mockflux.cardinality import Cardinality, Series
from mockflux.clock import EARLIEST, Clock
from mockflux.due import Due
from mockflux.faults import Plan
from mockflux.journal import Journal
from mockflux.lineprotocol import Line
from mockflux.masking import secrets_of
from mockflux.monitoring import Monitoring
from mockflux.outcomes import Outcome
from mockflux.profile import Clause, Profile
from mockflux.profile.settings import SetUp
from mockflux.queued import Queue
from mockflux.quota import Quota
from mockflux.reasons import Verdict
from mockflux.rejections import RejectionLog, worded
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.storage import permissions
from mockflux.storage.catalog import Bucket, Catalog, Org, Token, User, make_ids, make_token_value
from mockflux.storage.databases import Databases
from mockflux.storage.predicates import Predicate
from mockflux.storage.table import Point
from mockflux.writing import commit
from mockflux.writing.rules import Room, WriteRules
from mockflux.writing.timing import Timing

#: Bytes of a body, as sent and inflated, that mockflux takes where the edition sets no limit.
MAX_BODY = 256 * 2**20
#: When the time of UUIDs begins: 1582-10-15, in ns since 1970 (RFC 9562).
_GREGORIAN = -12_219_292_800 * 10**9


@dataclass(frozen=True, slots=True)
class SetUpChoice:
    """The values of a world's set-up that the user chose; None for the profile's own."""

    org: str | None = None
    bucket: str | None = None
    database: str | None = None
    user: str | None = None
    password: str | None = None
    token: str | None = None


class World:
    """Profile, clock, catalog, data, tokens, what is due, faults and journal of one simulated server.

    Requests come in through :func:`mockflux.http.front.answer`; tests look at it through :class:`mockflux.Server`.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        choice: SetUpChoice | None = None,
        auth: bool = True,
        onboarded: bool = True,
        clock: Clock | None = None,
        seed: int = 0,
        journal: Journal | None = None,
    ) -> None:
        self.profile = profile
        self.settings = profile.settings
        self.auth = auth
        self.onboarded = onboarded
        self.seed = seed
        self._choice = choice or SetUpChoice()
        self._date: tuple[int, str] = (0, "")
        self.clock = clock or Clock()
        self.due = due = Due()
        self.clock.on_advance = lambda target: due.run(target, step=self.clock.step_to)
        self.started = self.clock.now()
        self.new_id = make_ids(seed)
        self.new_token_value = make_token_value(seed, self.settings.setup.token_form)
        #: What a server of InfluxDB 3 calls itself in its replies; the same after reset().
        self.cluster_uuid = _uuid4(random.Random(f"cluster {seed}"))
        self.process_id = _uuid4(random.Random(f"process {seed}"))
        self._request_ids = random.Random(f"requests {seed}")
        self._traces = random.Random(f"traces {seed}")
        self._requests = 0  # so many were given a name by their number
        self.catalog = Catalog(self.new_id, self.clock.now, self.settings.storage)
        #: Databases that have retention policies, in editions where they do.
        self.databases = Databases(self.catalog)
        limits = self.settings.limits
        self.quota = Quota(limits.window, limits.window_requests, limits.window_bytes)
        self.delete_quota = Quota(limits.window, limits.deletes, 0)
        self.cardinality = Cardinality(limits.cardinality, self._users_buckets)
        self.queue = Queue(due, self.clock, round(self.settings.storage.delay * 10**9))
        self.monitoring = Monitoring(
            self.settings.record, lambda org_id: self.catalog.bucket_named(org_id, "_monitoring")
        )
        self.faults = Plan()
        #: What the gate remembers (:mod:`mockflux.http.tickets`): it can be emptied at any time.
        self.tickets: dict[Hashable, Any] = {}
        self.tickets_of = -1  # the version of the catalog on which they rest
        self.journal = Journal() if journal is None else journal
        # Of the catalog, not of the world: a world that reset() replaces is gone at once.
        self.journal.secrets = partial(secrets_of, self.catalog)
        self.rejections = RejectionLog()
        self.org: Org | None = None
        self.user: User | None = None
        self.token: Token | None = None
        self.read_token: Token | None = None
        self._target: Bucket | None = self._expected_target()
        if onboarded:
            self._set_up()

    def fresh(self) -> World:
        """A new world, set up as this one was, with the ids that this one had, and the same clock, which goes on.

        Requests that are under way end in the old world, whole; so nothing ever sees half of each.
        """
        return World(
            self.profile,
            choice=self._choice,
            auth=self.auth,
            onboarded=self.onboarded,
            clock=self.clock,
            seed=self.seed,
            journal=Journal(on_close=self.journal.on_close),  # whoever watches goes on watching
        )

    def _set_up(self) -> None:
        setup, choice, catalog = self.settings.setup, self._choice, self.catalog
        if setup.org is not None:
            self.org = catalog.add_org(choice.org or setup.org, system_buckets=setup.system_buckets)
        if setup.user is not None:
            self._add_user(setup)
        if setup.bucket is not None:
            self._target = catalog.add_bucket(self.org, choice.bucket or setup.bucket)
        elif setup.database is not None and not setup.makes_target:
            self._target = self.add_database(choice.database or setup.database)
        if setup.token is None:
            return
        rights = permissions.operator() if self.org else permissions.all_powerful()
        self.token = self.add_token(
            rights, choice.token or setup.token, f"{self.user.name}'s Token" if self.user else ""
        )
        if setup.read_token is not None:
            self.read_token = self.add_token(self._reading(), setup.read_token, "read only")

    def _add_user(self, setup: SetUp) -> None:
        """The set-up's user. Where there are admins it is one; a server that asks nobody who he is needs none."""
        choice = self._choice
        if setup.retention_policies and not self.auth and choice.user is None:
            return
        name, password = choice.user or setup.user or "", choice.password or setup.password or ""
        self.user = self.catalog.add_user(name, password, admin=setup.retention_policies)

    def add_database(self, name: str, retention: int = 0) -> Bucket:
        """A new database that keeps its points for ``retention`` ns (0: for ever); where databases have retention
        policies, the one that it gets. Raises ValueError for a name that is taken."""
        if not self.settings.setup.retention_policies:
            return self.catalog.add_database(name, retention)
        database = self.databases.add(name, retention=retention)
        return database.policies[database.default].bucket

    def _reading(self) -> tuple[permissions.Permission, ...]:
        """The right to read whatever can be written to."""
        if self.org is None:
            return (permissions.Permission("read", "databases"),)
        return tuple(permissions.Permission("read", kind, org_id=self.org.id) for kind in ("buckets", "orgs"))

    def _expected_target(self) -> Bucket | None:
        """The set-up's database where a write makes it: held here, it is the same for all who ask for its name, and
        tokens can be for it."""
        setup = self.settings.setup
        if setup.database is None or not setup.makes_target:
            return None
        return self.expected(self._choice.database or setup.database)

    def add_token(
        self,
        rights: Iterable[permissions.Permission],
        value: str | None = None,
        description: str = "",
        *,
        status: Literal["active", "inactive"] = "active",
        expires: int | None = None,
    ) -> Token:
        """A token of the set-up's user and organization, where there are such; without a ``value`` one is made.
        ``expires`` in ns since the epoch. Raises ValueError for a value that is taken, and before set-up."""
        self._refuse_before_set_up()
        return self.catalog.add_token(
            self.new_token_value() if value is None else value,
            rights,
            org_id=self.org.id if self.org else None,
            user_id=self.user.id if self.user else None,
            description=description,
            status=status,
            expires=expires,
        )

    def rights(self, *, read: Iterable[Bucket], write: Iterable[Bucket]) -> tuple[permissions.Permission, ...]:
        """The rights of a token that is to read and write these buckets or databases; where tokens are for everything,
        those to everything. Raises ValueError before set-up."""
        self._refuse_before_set_up()
        reads, writes = [bucket.id for bucket in read], [bucket.id for bucket in write]
        if not self.settings.setup.scoped_tokens:
            return permissions.all_powerful()
        if self.org is None:
            return permissions.for_databases(read=reads, write=writes)
        return permissions.for_buckets(self.org.id, read=reads, write=writes)

    def _refuse_before_set_up(self) -> None:
        if self.settings.setup.org is not None and self.org is None:
            raise ValueError("there is no organization before set-up; leave onboarded=False out")

    # ---------------------------------------------------------------- where writes go

    @property
    def bucket(self) -> Bucket | None:
        """The set-up's bucket or database; None before set-up, and where no write has made it yet."""
        target = self._target
        return target if target is not None and self.catalog.bucket_by_id(target.id) is target else None

    @property
    def target_name(self) -> str | None:
        """The name of the set-up's bucket or database, whether it is there yet or not; None before set-up."""
        return self._target.name if self._target else None

    def target(self, name: str | None = None) -> Bucket | None:
        """The bucket of the set-up's organization, or the database, of that name; without one the set-up's own, which
        may be one that no write has made yet. None if there is no such."""
        name = self.target_name if name is None else name
        database = self.databases.find(name) if name is not None else None
        if database is not None:  # whichever its default policy is now
            policy = database.policy()
            return policy.bucket if policy else None
        found = None if name is None else self.catalog.bucket_named(self.org.id if self.org else "", name)
        if found is None and self.settings.setup.makes_target and name == self.target_name:
            return self._target
        return found

    def expected(self, name: str) -> Bucket:
        """The database of that name; one that is not there as a write would make it (``Catalog.expect``)."""
        return self.catalog.expect("", name, self.settings.write["v2-write"].new_retention * 10**9)

    # ---------------------------------------------------------------- time

    def work_off(self) -> int:
        """Do what has fallen due; the world's time in ns. Called on entry to a request and before every look."""
        now = self.clock.now()
        if now >= self.due.next:
            self.due.run(now)
        return now

    def date(self) -> str:
        """The value of a Date header now: the real time, as a server's own clock would give it, or the world's."""
        second = int(time.time()) if self.settings.date == "real" else self.clock.now() // 10**9
        if self._date[0] != second:
            # One tuple, so that another thread never sees a date that does not belong to its second.
            self._date = (second, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second)))
        return self._date[1]

    # ---------------------------------------------------------------- writing and looking

    def timing(self, bucket: Bucket, multiplier: int, cut: int) -> Timing:
        """What times mean in a write to this bucket now: see :class:`mockflux.writing.judge.Timing`.

        ``cut`` is the number of ns to which the time of lines without one is cut.
        """
        now = self.work_off()
        bound = now - bucket.retention if bucket.retention else EARLIEST
        # Cutting must not lead out of what can be stored.
        return Timing(multiplier, max(now - now % cut, EARLIEST), bound, bucket.retention)

    def queue_write(
        self, bucket: Bucket, lines: list[Line], timing: Timing, rules: WriteRules, series: frozenset[Series]
    ) -> None:
        """Store accepted lines when the queue is worked off, but for those that are refused then; ``series`` are what
        :meth:`Cardinality.admit` gave for them."""

        def apply(now: int) -> None:
            try:
                if self.catalog.bucket_by_id(bucket.id) is not bucket:
                    return  # deleted meanwhile, and what was written to it
                judged_by, storage = rules.after_reply(), self.settings.storage
                judged = commit.store(lines, self._bounded(timing, bucket, now), bucket.data, judged_by, storage)
                self.note(judged, bucket, now)
            finally:
                self.cardinality.arrived(series)

        what = f"{len(lines):,} line{'' if len(lines) == 1 else 's'}"
        self.queue.add(bucket.id, apply, f"a write of {what} to {bucket.name}")

    def queue_delete(self, bucket: Bucket, start: int, stop: int, predicate: Predicate) -> None:
        """Delete what matches, between two times (ns, both included), when the queue is worked off, in order with
        writes."""

        def apply(now: int) -> None:
            bucket.data.delete(start, stop, predicate)

        self.queue.add(bucket.id, apply, f"a delete in {bucket.name}")

    @staticmethod
    def _bounded(timing: Timing, bucket: Bucket, now: int) -> Timing:
        """The same, with the oldest time that the bucket keeps at that time."""
        bound = now - bucket.retention if bucket.retention else EARLIEST
        return replace(timing, bound=bound, retention=bucket.retention)

    def _users_buckets(self) -> list[Bucket]:
        return [bucket for bucket in self.catalog.buckets() if bucket.type == "user"]

    def room(self, bucket: Bucket) -> Room:
        """How much the bucket may hold."""
        limits = self.settings.limits
        elsewhere = 0
        if limits.tables and limits.tables_in == "server":
            elsewhere = sum(other.data.table_count for other in self.catalog.buckets() if other is not bucket)
        return Room(limits.columns, limits.tables, limits.time_counts, elsewhere, limits.family_fields)

    def note(self, verdict: Verdict, bucket: Bucket, now: int | None = None) -> Verdict:
        """A verdict with its rejections worded; they are remembered for :meth:`mockflux.Server.rejected`, and logged
        where the edition does so, at the time ``now`` (ns), the present for None."""
        if not verdict.rejections and not verdict.dropped:
            return verdict
        words = partial(self.profile.worded, bucket=bucket.name)
        told = replace(verdict, rejections=worded(verdict.rejections, words), dropped=worded(verdict.dropped, words))
        self.rejections.extend(told.rejections)
        self.rejections.extend(told.dropped)
        self.monitoring.rejected(told.rejections, bucket, self.clock.now() if now is None else now)
        return told

    def points(self, bucket: Bucket, measurement: str | None = None) -> list[Point]:
        """What a query of the bucket would show now: points older than its retention are hidden."""
        return bucket.data.points(measurement, since=self._since(bucket))

    def count(self, bucket: Bucket | None = None) -> int:
        """How many points (distinct series and times) can be read: of a bucket, or of all that users made."""
        self.work_off()
        buckets = [bucket] if bucket else self._users_buckets()
        return sum(b.data.count(self._since(b)) for b in buckets)

    def _since(self, bucket: Bucket) -> int | None:
        now = self.work_off()
        return now - bucket.retention if bucket.retention else None

    # ---------------------------------------------------------------- saying

    def say(self, outcome: Outcome, door: str, request: Request | None = None, clause: Clause | None = None) -> Reply:
        """The reply for an outcome, by the clause that fits or by the one given."""
        origin = request.header("origin") if request is not None else None
        form = _form(request) if request is not None and self.profile.has_forms else ""
        return self.profile.say(outcome, door, self.date(), origin, clause, partial(self._own, request), form=form)

    def _own(self, request: Request | None) -> Mapping[str, str]:
        """What a reply may tell of this world and this request alone."""
        return {
            "request_uuid": self._name_of(request),
            "cluster_uuid": self.cluster_uuid,
            "trace_id": f"{self._traces.getrandbits(64):016x}",
            "trace": f"{self._traces.getrandbits(128):032x}",
        }

    def _name_of(self, request: Request | None) -> str:
        """What a request is called: by its client (the first of X-Request-Id and Request-Id that is not empty), else by
        a UUID of version 1 (influxdb 1.6, services/httpd/handler.go and pkg uuid): the world's time, a number that
        grows, and no address."""
        given = (request.header("x-request-id") or request.header("request-id")) if request is not None else None
        if given:
            return given
        self._requests += 1
        ticks = (self.clock.now() - _GREGORIAN) // 100
        return str(UUID(fields=(
            ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF | 0x1000,
            self._requests >> 8 & 0x3F | 0x80, self._requests & 0xFF, 0,
        )))  # fmt: skip

    def new_request_id(self) -> str:
        """A UUID of version 7 (RFC 9562): the world's time in milliseconds, and chance from the seed."""
        milliseconds = self.clock.now() // 1_000_000 & (1 << 48) - 1
        chance = self._request_ids.getrandbits(74)
        number = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
        return str(UUID(int=number))

    def known(self) -> Mapping[str, Any]:
        """Facts about the world's own set-up, for the examples of planned faults."""
        return {
            "org": self.org.name if self.org else "",
            "org_id": self.org.id if self.org else "",
            "bucket": self.target_name or "",
            "database": self.target_name or "",
            "started": self.started,
            "up": self.clock.now() - self.started,
        }


def _form(request: Request) -> str:
    """The form of body that a request asks for: ``packed`` (MessagePack), ``pretty``, or empty for the usual one."""
    if request.header("accept") == "application/x-msgpack":
        return "packed"
    return "pretty" if "pretty=true" in request.query.split("&") else ""


def _uuid4(source: random.Random) -> str:
    return str(UUID(int=source.getrandbits(128), version=4))
