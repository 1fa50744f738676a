"""``Server``: one simulated InfluxDB, as a test or a program holds it in its hand."""

from __future__ import annotations

import os
import threading
import traceback
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from mockflux import access, arguments, choosing, planning
from mockflux.clock import Clock
from mockflux.forking import Stationary
from mockflux.http.application import Application
from mockflux.preparing import Prepared
from mockflux.profile import Profile, load_profile
from mockflux.profile.facts import OFFERS
from mockflux.server import ANYWHERE
from mockflux.world import World

if TYPE_CHECKING:
    from mockflux.faults import Fault, Transport
    from mockflux.journal import Journal
    from mockflux.reasons import Rejection
    from mockflux.storage.table import Point

# Misuse is shown in the caller's own lines: pytest leaves these frames out of its tracebacks.
__tracebackhide__ = True


class Server(Prepared):
    """A simulated InfluxDB of one edition. One server is one world; nothing is shared between two.

        with mockflux.Server("v2-oss") as server:
            my_app.flush(url=server.url, token=server.token, org=server.org, bucket=server.bucket)
            assert server.points("home")

    An edition has either buckets of an organization or databases; what it does not have is None here.

    ``profile`` is the id of an edition (``mockflux editions`` lists them) or the path of a profile of your own.
    ``port`` 0 takes a free one. ``org``, ``bucket`` or ``database``, ``user``, ``password`` and ``token`` choose the
    values of the set-up; ``onboarded=False`` starts before it. ``auth`` says whether the server asks who one is; None:
    what is usual with the edition, or that it does where a user or password is chosen. ``tls=True`` serves https with a
    certificate authority made for this run (its file is in :meth:`env`). ``clock`` is ``"real"``, ``"frozen"`` or an
    aware datetime at which it stands; each request advances it by ``tick``, in seconds or as timedelta. ``seed``
    decides ids. Other keywords are switches of the profile (``mockflux explain PROFILE`` lists them); ``plan`` is one,
    in editions that have plans.

    Raises ProfileError for a faulty or unknown profile, TypeError for an unknown switch, ValueError for a value that
    does not fit or for something that the edition does not have.
    """

    def __init__(
        self,
        profile: str | os.PathLike[str] = "v2-oss",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        org: str | None = None,
        bucket: str | None = None,
        database: str | None = None,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        auth: bool | None = None,
        onboarded: bool = True,
        tls: bool = False,
        plan: str | None = None,
        clock: Literal["real", "frozen"] | datetime = "real",
        tick: float | timedelta | None = None,
        seed: int = 0,
        **switches: Any,
    ) -> None:
        self.profile: Profile = load_profile(profile, switches)
        if plan is not None:
            if "plan" not in self.profile.switch_info:
                raise ValueError(f"{self.profile.id} has no plans; leave plan= out")
            self.profile = load_profile(profile, {**switches, "plan": plan})
        if auth is None:  # who names a user wants to be asked for him
            auth = self.profile.settings.setup.auth or user is not None or password is not None
        choosing.refuse_what_is_not_there(self.profile, auth=auth, onboarded=onboarded)
        choice = choosing.chosen(
            self.profile, org=org, bucket=bucket, database=database, user=user, password=password, token=token
        )
        #: The state behind the server, another one after reset(); for tests that look deeper than this class does.
        self.world = World(
            self.profile,
            choice=choice,
            auth=auth,
            onboarded=onboarded,
            clock=Clock(clock, tick),
            seed=seed,
        )
        self._host, self._port = arguments.address(host, port)
        self._tls = tls
        self._server: Stationary | None = None
        self._starting = threading.Lock()  # held by the one thread that starts it
        self._ca_file: str | None = None

    # ---------------------------------------------------------------- life

    def start(self) -> Server:
        """Listen. Raises OSError, in one sentence, if the port is taken; RuntimeError if it listens already."""
        alone = self._starting.acquire(blocking=False)
        try:
            if not alone or self._server is not None:
                raise RuntimeError("this server has been started already")
            self._server = self._started()
        finally:
            if alone:
                self._starting.release()
        return self

    def _started(self) -> Stationary:
        self._import_the_rest()
        context = None
        if self._tls:
            from mockflux.server.tls import authority, keep

            hosts = dict.fromkeys((self._host, "localhost", "127.0.0.1", "::1"))
            context, pem = authority(hosts, grpc=self.profile.settings.grpc)
            self._ca_file = keep(pem, self)
        server = Stationary(Application(self.profile, lambda: self.world), self._host, self._port, ssl_context=context)
        try:
            server.start()
        except BaseException:
            self._forget_ca()
            raise
        return server

    def _import_the_rest(self) -> None:
        """Import what every first write imports: in a thread of the server, the end of the interpreter might cut that
        off, and what is imported on the way out would wait for ever for the lock of imports."""
        for module in ("http.probes", "http.writes"):
            import_module(f"mockflux.{module}")
        for rules in self.profile.settings.write.values():
            import_module(f"mockflux.lineprotocol.{rules.grammar}")
        traceback.format_exception(MemoryError())  # has imports of its own (Python 3.15), which need a file descriptor

    def stop(self) -> None:
        """Close port and connections; what is stored can still be looked at. Does nothing if it is not running."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            if server.abroad:
                self._ca_file = None  # its file is the parent's
        self._forget_ca()

    def _forget_ca(self) -> None:
        if self._ca_file is not None:
            from mockflux.server.tls import discard

            discard(self._ca_file)
            self._ca_file = None

    def reset(self) -> None:
        """Back to the fresh world: data, journal, faults and whatever was created are gone, ids are as at the start."""
        self.world = self.world.fresh()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError(
            "a server stays in its process and cannot be copied; hand over its url, token and so on instead"
        )

    def __repr__(self) -> str:
        return f"<mockflux.Server {self.profile.id} {self.url if self._server else 'not running'}>"

    def __str__(self) -> str:
        return self.url if self._server else repr(self)

    # ---------------------------------------------------------------- what a client needs

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``. Raises RuntimeError while the server is not running."""
        # A server that listens on every address is reached at the loopback one.
        host = ANYWHERE.get(self._host, self._host)
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._host

    @property
    def port(self) -> int:
        """The port that it listens on. Raises RuntimeError while the server is not running."""
        if self._server is None:
            raise RuntimeError("this server is not running; call start(), or use it as a context manager")
        return self._server.port

    @property
    def token(self) -> str | None:
        """The set-up's token, which may do everything."""
        return self.world.token.value if self.world.token else None

    @property
    def read_token(self) -> str | None:
        """A token that may read all buckets (of the organization) or databases and write none; None where every token
        may do everything."""
        return self.world.read_token.value if self.world.read_token else None

    @property
    def org(self) -> str | None:
        """The set-up's organization, by name."""
        return self.world.org.name if self.world.org else None

    @property
    def org_id(self) -> str | None:
        """The set-up's organization, by id."""
        return self.world.org.id if self.world.org else None

    @property
    def bucket(self) -> str | None:
        """The set-up's bucket, by name; None where the edition has databases instead."""
        return self.world.target_name if self._has_buckets else None

    @property
    def bucket_id(self) -> str | None:
        """The set-up's bucket, by id."""
        return self.world.bucket.id if self.world.bucket and self._has_buckets else None

    @property
    def database(self) -> str | None:
        """The set-up's database, by name; None where the edition has buckets instead. Where writes make databases,
        it is there from the first write on."""
        return None if self._has_buckets else self.world.target_name

    @property
    def user(self) -> str | None:
        """The set-up's user, by name."""
        return self.world.user.name if self.world.user else None

    @property
    def user_id(self) -> str | None:
        """The set-up's user, by id."""
        return self.world.user.id if self.world.user else None

    @property
    def password(self) -> str | None:
        """The set-up user's password."""
        return self.world.user.password if self.world.user else None

    @property
    def auth_id(self) -> str | None:
        """The id of the set-up's token."""
        return self.world.token.id if self.world.token else None

    @property
    def ca_file(self) -> str | None:
        """The file (PEM) of the certificate authority that clients have to trust; None without TLS."""
        return self._ca_file

    def _offers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in OFFERS}

    def env(self) -> dict[str, str]:
        """Environment variables that clients of this edition read; with TLS also the file of the authority."""
        return access.environment(self.profile, self._offers())

    def client_kwargs(self, name: str) -> dict[str, Any]:
        """Constructor arguments for a client library (``influxdb_client``, ``influxdb`` …).

        Raises ValueError for one that does not fit this edition.
        """
        return access.client_arguments(self.profile, name, self._offers())

    def client(self, name: str) -> Any:
        """A ready client of that library; close it as its documentation says. Raises as :meth:`client_kwargs`, and
        ImportError if the library is not installed."""
        return access.make_client(self.profile, name, self._offers())

    # ---------------------------------------------------------------- looking

    def points(
        self, measurement: str | None = None, *, bucket: str | None = None, database: str | None = None
    ) -> list[Point]:
        """What is stored and can be read now, as :class:`mockflux.Point`, sorted by measurement, time and tags.

        ``bucket`` names the bucket or database, the set-up's for None; where there are databases it may be called
        ``database``. Raises ValueError if there is no such; the set-up's own has no points until a write has made it.
        """
        return self.world.points(self._target(self._name(bucket, database)), measurement)

    def rejected(self) -> list[Rejection]:
        """Every rejection so far: line number, line, reason, its text, and for type conflicts ``got`` and ``want``.

        Bounded by bytes (16 MiB, some ten thousand short lines): beyond that the oldest are forgotten, and
        ``world.rejections.forgotten`` tells how many. An exchange's ``rejected`` counts all of its own.
        """
        self.world.work_off()
        return list(self.world.rejections)

    @property
    def journal(self) -> Journal:
        """The exchanges so far, oldest first: each with request, reply, clause, source and verdict."""
        return self.world.journal

    @property
    def clock(self) -> Clock:
        """The world's time: ``now()`` in ns since the epoch, and ``datetime()``; ``advance()`` by seconds or a
        timedelta; ``freeze()`` here or at a datetime, ``resume()``, ``frozen``."""
        return self.world.clock

    def settle(self) -> None:
        """Do now what is only late (queued work), in order, and what has fallen due."""
        self.world.work_off()
        self.world.due.settle()

    def wait_for(self, *, points: int | None = None, requests: int | None = None, timeout: float = 5.0) -> None:
        """Wait until that many points can be read (all buckets together) and that many requests have been answered.

        Returns as soon as both hold. Raises TimeoutError, with what there is instead, after ``timeout`` seconds;
        ValueError if neither is given.
        """
        if points is None and requests is None:
            raise ValueError("wait_for() needs points= or requests=")
        points, requests = arguments.count("points", points), arguments.count("requests", requests)
        timeout = arguments.seconds("timeout", timeout)

        def reached() -> bool:
            world = self.world  # another one after reset()
            if requests is not None and world.journal.total < requests:
                return False
            return points is None or world.count() >= points

        if not self.world.journal.wait(reached, timeout):
            world = self.world
            wanted = [_counted(n, what) for n, what in ((points, "point"), (requests, "request")) if n is not None]
            last = "".join(f"\n  {exchange.line()}" for exchange in world.journal[-5:])
            raise TimeoutError(
                f"waited {timeout:g} s for {' and '.join(wanted)}; so far {_counted(world.count(), 'point')} "
                f"after {_counted(world.journal.total, 'request')}{':' if last else ''}{last}"
            )

    # ---------------------------------------------------------------- faults

    def fail(
        self,
        status: int | None = None,
        *,
        clause: str | None = None,
        transport: Transport | None = None,
        by: Literal["edition", "proxy"] = "edition",
        times: int | None = 1,
        retry_after: int | None = None,
        delay: float | None = None,
        door: str | None = None,
    ) -> Fault:
        """Plan a fault for the next ``times`` writes (None: for all from now on); several are taken in order.

        ``status`` or ``clause`` is said as this edition says it, or ``by="proxy"`` as a balancer in front would;
        ``retry_after`` is in whole seconds. ``transport`` breaks the transmission: ``reset_before`` the request is
        handled, ``reset_after`` it was, or ``truncate`` the answer. ``delay`` waits that many seconds of real time
        before answering. ``door`` names another kind of request than writes (``ping``, ``v2-resources`` …).

        Raises ValueError, in one sentence that names what there is, for what the edition never says.
        """
        fault = planning.plan_fault(
            self.profile, status, clause=clause, transport=transport, by=by, times=times, retry_after=retry_after,
            delay=delay, door=door,
        )  # fmt: skip
        return self.world.faults.add(fault)

    @property
    def faults(self) -> list[Fault]:
        """Every fault that was planned, in order; ``fault.consumed`` tells whether it has come to pass."""
        return self.world.faults.all()


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
