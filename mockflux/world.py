"""The whole state of one simulated server. One server object is one world; nothing is global."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mockflux.clock import Clock
from mockflux.due import Due
from mockflux.faults import Plan
from mockflux.journal import Journal
from mockflux.masking import secrets_of
from mockflux.outcomes import Outcome
from mockflux.profile import Clause, Profile
from mockflux.reasons import Rejection, Verdict
from mockflux.rejections import RejectionLog
from mockflux.reply import Reply
from mockflux.storage import permissions
from mockflux.storage.catalog import Bucket, Catalog, Org, Token, User, make_ids, make_token_value
from mockflux.storage.table import Point
from mockflux.writing.judge import Timing

#: Bytes of a body, as sent and inflated, that mockflux takes where the edition sets no limit.
MAX_BODY = 256 * 2**20
#: The oldest time that can be stored, in ns: no point is older.
_EVER = -(2**63) + 2


@dataclass(frozen=True, slots=True)
class SetUpChoice:
    """The values of a world's set-up that the user chose; None for the profile's own."""

    org: str | None = None
    bucket: str | None = None
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
        self.new_token_value = make_token_value(seed)
        self.catalog = Catalog(self.new_id, self.clock.now, self.settings.storage)
        self.faults = Plan()
        self.journal = Journal() if journal is None else journal
        # Of the catalog, not of the world: a world that reset() replaces is gone at once.
        self.journal.secrets = partial(secrets_of, self.catalog)
        self.rejections = RejectionLog()
        self.org: Org | None = None
        self.user: User | None = None
        self.bucket: Bucket | None = None
        self.token: Token | None = None
        self.read_token: Token | None = None
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
        self.org = catalog.add_org(_chosen(choice.org, setup.org), system_buckets=setup.system_buckets)
        self.user = catalog.add_user(_chosen(choice.user, setup.user), _chosen(choice.password, setup.password))
        self.bucket = catalog.add_bucket(self.org, _chosen(choice.bucket, setup.bucket))
        self.token = self.add_token(
            permissions.operator(), _chosen(choice.token, setup.token), f"{self.user.name}'s Token"
        )
        reading = tuple(permissions.Permission("read", kind, org_id=self.org.id) for kind in ("buckets", "orgs"))
        self.read_token = self.add_token(reading, setup.read_token, "read only")

    def add_token(
        self, rights: Iterable[permissions.Permission], value: str | None = None, description: str = ""
    ) -> Token:
        """A token of the set-up's user and organization; without a ``value`` one is made. Raises ValueError for a
        value that is taken, and before set-up."""
        if self.org is None or self.user is None:
            raise ValueError("there is no organization before set-up; leave onboarded=False out")
        if value is None:
            value = self.new_token_value()
        return self.catalog.add_token(value, rights, org_id=self.org.id, user_id=self.user.id, description=description)

    # ---------------------------------------------------------------- time

    def work_off(self) -> int:
        """Do what has fallen due; the world's time in ns. Called on entry to a request and before every look."""
        now = self.clock.now()
        if now >= self.due.next:
            self.due.run(now)
        return now

    def date(self) -> str:
        """The value of a Date header now: the real time, as a server's own clock would give it."""
        second = int(time.time())
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
        bound = now - bucket.retention if bucket.retention else _EVER
        # Cutting must not lead out of what can be stored.
        return Timing(multiplier, max(now - now % cut, _EVER), bound, bucket.retention)

    def note(self, verdict: Verdict, bucket: Bucket) -> Verdict:
        """A verdict with its rejections worded; they are remembered for :meth:`mockflux.Server.rejected`."""
        if not verdict.rejections and not verdict.dropped:
            return verdict
        worded = Verdict(
            verdict.accepted,
            tuple(self._worded(rejection, bucket) for rejection in verdict.rejections),
            tuple(self._worded(rejection, bucket) for rejection in verdict.dropped),
        )
        self.rejections.extend(worded.rejections)
        self.rejections.extend(worded.dropped)
        return worded

    def _worded(self, rejection: Rejection, bucket: Bucket) -> Rejection:
        return self.profile.worded(rejection, bucket=bucket.name)

    def points(self, bucket: Bucket, measurement: str | None = None) -> list[Point]:
        """What a query of the bucket would show now: points older than its retention are hidden."""
        return bucket.data.points(measurement, since=self._since(bucket))

    def count(self, bucket: Bucket | None = None) -> int:
        """How many points (distinct series and times) can be read: of a bucket, or of all that users made."""
        self.work_off()
        buckets = [bucket] if bucket else [b for b in self.catalog.buckets() if b.type == "user"]
        return sum(b.data.count(self._since(b)) for b in buckets)

    def _since(self, bucket: Bucket) -> int | None:
        now = self.work_off()
        return now - bucket.retention if bucket.retention else None

    # ---------------------------------------------------------------- saying

    def say(self, outcome: Outcome, door: str, origin: str | None = None, clause: Clause | None = None) -> Reply:
        """The reply for an outcome, by the clause that fits or by the one given."""
        return self.profile.say(outcome, door, self.date(), origin, clause)

    def known(self) -> Mapping[str, Any]:
        """Facts about the world's own set-up, for the examples of planned faults."""
        return {
            "org": self.org.name if self.org else "",
            "bucket": self.bucket.name if self.bucket else "",
            "database": self.bucket.name if self.bucket else "",
            "started": self.started,
            "up": self.clock.now() - self.started,
        }


def _chosen(value: str | None, default: str) -> str:
    return default if value is None else value
