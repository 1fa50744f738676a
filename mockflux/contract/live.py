"""A live server as a target for vectors: each gets a bucket or database of its own, which goes when it is done."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from mockflux.contract.answer import Answer
from mockflux.contract.live_making import Making, NotPlayable
from mockflux.contract.live_names import found, names_of, naming, renamed, unquoted, with_reader
from mockflux.contract.live_reader import READERS
from mockflux.contract.live_session import SLACK, LiveSession
from mockflux.contract.live_shared import Ledger
from mockflux.contract.live_wire import NO_ANSWER, Access, LiveError, Told, Wire, ask, moment
from mockflux.contract.targets import Session
from mockflux.contract.vector import Exchange, Vector
from mockflux.profile import Profile
from mockflux.profile.live import LiveRules

#: What every name begins with that a run gives.
PREFIX = "mockflux"


@dataclass(frozen=True, slots=True)
class Ready:
    """A vector as it is played: its names by those of the run (``ours``), and the names that its requests tell beside
    the set-up's (``others``), of which ``odd`` ones stand as they stood; ``users`` that its requests make."""

    vector: Vector
    ours: Mapping[str, str]
    others: tuple[str, ...]
    odd: tuple[str, ...]
    users: tuple[str, ...] = ()


class Live:
    """A live server, of the edition that ``profile`` describes, with its switches as they are there.

    Nothing is sent before :meth:`check`. ``left`` has a sentence for each thing that could not be removed.
    """

    def __init__(self, wire: Wire, profile: Profile, access: Access) -> None:
        """Raises LiveError where the profile does not say how to ask a live server."""
        rules = profile.settings.live
        if rules is None:
            raise LiveError(f"the profile {profile.id} has no section [live], which says how a real server is asked")
        self.wire, self.profile, self.access = wire, profile, access
        self.rules: LiveRules = rules
        self._schemes: list[str] = list(profile.tables["auth"]["schemes"])
        self.authorization = access.authorization(self._schemes)
        self.left: list[str] = []
        self.skew = 0
        #: The target that all vectors share where there cannot be one for each, and what was written to it.
        self.shared: str | None = access.target
        self.ledger = Ledger()
        self._known: dict[str, str] = {}
        self._run, self._numbers = secrets.token_hex(4), itertools.count(1)
        #: Requests of the vector that is played, and the statuses of their replies.
        self._answered: list[tuple[str, int]] = []

    @property
    def way(self) -> str:
        return "socket"

    @property
    def known(self) -> Mapping[str, str]:
        """The values of places that are the same for every vector."""
        return self._known

    @property
    def unread(self) -> str | None:
        """Why what is stored there cannot be read; None where it can."""
        if self.rules.reader not in READERS:
            return "this profile has no query door that mockflux reads by"
        return f"all vectors write to one {self.rules.kind}" if self.shared is not None else None

    def fresh(self, name: str = "") -> str:
        """A name that this run alone uses, with ``name`` at its end."""
        parts = [PREFIX, self._run, str(next(self._numbers)), name]
        return self.rules.joint.join(part for part in parts if part)

    # ---------------------------------------------------------------- what there is

    def check(self) -> None:
        """Ask the server for what it alone knows, and try whether it lets targets be made or written to.

        Raises LiveError where it cannot be reached, does not take the credentials, wants some that were not given or
        none where some were, or would not be of use.
        """
        first = self.wire.answered(self.wire.send("GET", "/ping", [], b""))
        told = moment(first)
        self.skew = told - time.time_ns() if told is not None and abs(told - time.time_ns()) > 2 * SLACK else 0
        access = self.access
        given = {
            "token": access.token, "org": access.org, "user": access.user, "password": access.password,
            "read_token": access.read_token, "version": access.version, "auth": self.authorization,
        }  # fmt: skip
        self._known = {name: value for name, value in given.items() if value}
        for place in sorted(self.rules.know):  # org before org_id
            self._learn(place)
        if self.authorization is not None:
            self._see_that_it_asks()
        if self.shared is not None:
            self._try_shared(self.shared)
        elif self.rules.request("drop") is None:
            kind = self.rules.kind
            raise LiveError(
                f"{self.profile.id} makes no {kind} over HTTP: name one that was made for this, --{kind} NAME"
            )
        else:
            self._try_own()

    def _learn(self, place: str) -> None:
        if place in self._known:
            return
        request = self.rules.know[place]
        if any(name not in self._known for name in request.target.names):
            return
        told = ask(self.wire, request, self._known, self.authorization)
        self._refuse_credentials(told.answer, str(told))
        if told.value is not None and not told.refused:
            self._known[place] = told.value

    def _see_that_it_asks(self) -> None:
        """A server that shows what it has to anyone would be played as one that refuses strangers."""
        if self._anonymous().there(self.fresh()) is not None:
            raise LiveError(f"this server asks nobody who he is; leave {self._options()[0]} out")

    def _anonymous(self) -> Making:
        return Making(self.wire, self.rules, self._known, None, self.left)

    def _options(self) -> tuple[str, ...]:
        """The options of the command line that the edition's credentials come from."""
        return ("--user", "--password") if self._schemes[:1] == ["Basic"] else ("--token",)

    def _try_shared(self, name: str) -> None:
        making = self.making()
        if making.there(name) is False:
            raise LiveError(f"the server has no {self.rules.kind} {name!r} for these credentials")
        self._try_to_write(name)

    def _try_own(self) -> None:
        """A target is made and removed, or where a write makes it, tried with what makes none."""
        making, name, make = self.making(), self.fresh(), self.rules.request("make")
        if make is not None and "org_id" in make.body.names and "org_id" not in self._known:
            self._say_what_is_missing()
        try:
            making.target(name)
            if make is None:
                try:
                    told = self._try_to_write(name)
                except LiveError:
                    making.forget()  # a write that was not taken makes nothing
                    raise
                self._refuse_unknown(told, making)
        except NotPlayable as error:
            if error.told is not None:
                self._refuse_credentials(error.told.answer, str(error.told))
                self._refuse_unknown(error.told, making)
            kind = self.rules.kind
            raise LiveError(f"{error}; give credentials that may, or name one made for this, --{kind} NAME") from None
        finally:
            making.clean()
        self._share_what_stays(name)

    def _share_what_stays(self, name: str) -> None:
        """What a write made and the server does not remove may as well serve all vectors."""
        if self.left and self.rules.request("make") is None and self.shared is None:
            self.shared = name

    def _say_what_is_missing(self) -> None:
        kind = self.rules.kind
        if self.access.org is None:
            raise LiveError(f"the server told no organization: give its name, --org, or a {kind} made for this")
        raise LiveError(f"the server knows no organization {self.access.org!r} for these credentials")

    def _refuse_unknown(self, told: Told | None, making: Making) -> None:
        """A server that does not know the request at all is another one, and has made nothing."""
        if told is not None and told.unknown:
            making.forget()
            raise LiveError(
                f"this server is no {self.profile.id}: it has no such API as makes a {self.rules.kind} there ({told})"
            )

    def _try_to_write(self, name: str) -> Told | None:
        """Write a line that is none, to see whether the credentials are taken."""
        write = self.rules.request("write")
        if write is None:
            return None
        told = ask(self.wire, write, {**self._known, "name": name, "lines": "mockflux"}, self.authorization)
        self._refuse_credentials(told.answer, str(told))
        return told

    def _refuse_credentials(self, answer: Answer, told: str) -> None:
        if answer.status != 401:
            return
        options = self._options()
        missing = options if self.authorization is None else options[1:] if self.access.password is None else ()
        if missing:
            are = "are" if len(missing) > 1 else "is"
            raise LiveError(f"the server asks who one is, and {' and '.join(missing)} {are} missing: {told}")
        raise LiveError(f"the server does not take these credentials: {told}")

    def making(self) -> Making:
        """Something that makes what one vector needs."""
        return Making(self.wire, self.rules, self._known, self.authorization, self.left)

    # ---------------------------------------------------------------- one vector

    @contextmanager
    def open(self, profile: str, switches: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[Session]:
        """The server with this set-up, which is removed at the end whatever happens.

        Raises NotPlayable if it does not let it be made, LiveError where it cannot be reached.
        """
        making = self.making()
        session = LiveSession(self, making)
        try:
            session.prepare(setup)
            yield session
        finally:
            making.clean()
        self._share_what_stays(session.name)

    def placed(self, vector: Vector) -> Vector:
        """The vector with places for the names that a simulated server has by its profile."""
        setup = self.profile.settings.setup
        usual = {setup.org: "{{org}}", setup.bucket: "{{bucket}}", setup.database: "{{database}}"}
        return renamed(vector, {name: place for name, place in usual.items() if name})

    def ready(self, vector: Vector) -> Ready:
        """The vector under names of this run, with a token that may only read where it needs one and none was given."""
        vector = self.placed(vector)
        if "read_token" not in self._known and self.rules.request("token") is not None:
            vector = with_reader(vector)
        names = names_of(vector, self.rules)
        ours = {name: self.fresh(name) for name in dict.fromkeys((*names.made, *names.plain, *names.users))}
        others = (*(ours[name] for name in names.plain), *names.odd)
        return Ready(renamed(vector, ours), ours, others, names.odd, tuple(ours[name] for name in names.users))

    @contextmanager
    def watching(self, ready: Ready) -> Iterator[None]:
        """While a vector is played: what its own requests may make is removed in the end.

        Raises NotPlayable where an odd name may be someone's.
        """
        if self.shared is not None:
            self.ledger.add(ready.vector)
        making = self.making()
        for name in ready.odd:
            there = making.there(unquoted(name))
            if there:
                raise NotPlayable(f"it names {unquoted(name)!r}, and the server has such a {self.rules.kind}")
            if there is None and any(_expects_it(e) and naming(e, name, self.rules) for e in ready.vector.exchanges):
                raise NotPlayable(
                    f"it writes to {unquoted(name)!r}, and the server does not tell whether that is there already"
                )
        self._answered.clear()
        try:
            yield
        finally:
            for name in ready.others:
                with self._or_told(f"{self.rules.kind} {unquoted(name)}", name):
                    there = making.there(unquoted(name))
                    if there or (there is None and self._accepted(name)):
                        making.drop(unquoted(name))
            for user in ready.users:
                with self._or_told(f"user {user}", user):
                    making.drop_user(user)

    @contextmanager
    def _or_told(self, what: str, name: str) -> Iterator[None]:
        """A removal that the server does not answer is told, if a request that names the thing was accepted."""
        try:
            yield
        except LiveError:
            if self._accepted(name):
                self.left.append(f"{what}: {NO_ANSWER}")

    def _accepted(self, name: str) -> bool:
        """Whether a request that names it was answered as if it had been done."""
        return any(0 < status < 300 and name in found(text, self.rules) for text, status in self._answered)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Within it vectors are played; in the end :meth:`close`, whose own failure hides no other one."""
        try:
            yield
        except BaseException:
            with suppress(LiveError):
                self.close()
            raise
        self.close()

    def close(self) -> None:
        """Remove what is left of this run, where the server can be asked for it. What vectors share stays."""
        making = self.making()
        for name in making.named(self.rules.joint.join((PREFIX, self._run, ""))):
            making.drop(name)

    def note(self, text: str, status: int) -> None:
        """Remember a request and the status of its reply."""
        self._answered.append((text, status))


def _expects_it(exchange: Exchange) -> bool:
    """Whether a request is to be done, all of it or a part."""
    return exchange.response is None or exchange.response.status < 300
