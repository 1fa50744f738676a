"""From what a user asks of ``fail()`` to a planned fault. What the edition never says is refused here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mockflux import arguments
from mockflux.faults import TRANSPORTS, Fault, Transport
from mockflux.outcomes import PointsRejected
from mockflux.profile import Clause, Profile
from mockflux.profile.clause import Key
from mockflux.profile.steps import BEHIND, CHECKS, REQUESTS

__tracebackhide__ = True  # as in public.py

#: Who may say a clause out of turn.
SPEAKERS = ("edition", "proxy")


def plan_fault(
    profile: Profile,
    status: int | None = None,
    *,
    clause: str | None = None,
    transport: Transport | None = None,
    by: str = "edition",
    times: int | None = 1,
    retry_after: int | None = None,
    delay: float | None = None,
    door: str | None = None,
) -> Fault:
    """A fault as :meth:`mockflux.Server.fail` describes it.

    Raises TypeError or ValueError, in one sentence, for what cannot be.
    """
    if by not in SPEAKERS:
        raise ValueError(f"by={by!r}: expected one of {', '.join(map(repr, SPEAKERS))}")
    if transport is not None and transport not in TRANSPORTS:
        raise ValueError(f"transport={transport!r}: expected one of {', '.join(map(repr, TRANSPORTS))}")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ValueError(f"times={times!r}: expected a whole number from 1, or None for every request")
    if status is not None and (not isinstance(status, int) or isinstance(status, bool)):
        raise TypeError(f"status={status!r}: expected a whole number")
    if clause is not None and not isinstance(clause, str):
        raise TypeError(f"clause={clause!r}: expected the name of a clause")
    if status is None and clause is None and transport is None and delay is None:
        raise ValueError("fail() needs a status, a clause, a transport or a delay")
    if transport == "reset_before" and (status is not None or clause is not None):
        raise ValueError("transport='reset_before' sends nothing, so no status or clause can go with it")
    doors = _doors(profile, door)
    said: Mapping[str, Clause] = {}
    if clause is not None:
        said = _named(profile, clause, by, doors, asked=door is not None)
    elif status is not None:
        said = _of_status(profile, status, by, doors)
    if said and status is not None and (other := next((c for c in said.values() if c.status != status), None)):
        raise ValueError(f"the clause {clause!r} of {profile.id} says {other.status}, not {status}")
    return Fault(
        tuple(said) or doors,
        clauses=said,
        transport=transport,
        delay=0.0 if delay is None else arguments.seconds("delay", delay),
        times=times,
        facts={} if retry_after is None else {"retry_after": _whole_seconds(retry_after, said, profile)},
    )


def _doors(profile: Profile, door: str | None) -> tuple[str, ...]:
    """Where the fault may befall a request."""
    if door is None:
        return profile.settings.faults.doors
    open_doors = _request_doors(profile)
    if door not in open_doors:
        raise ValueError(f"no request comes in by the door {door!r}; {profile.id} has {', '.join(open_doors)}")
    return (door,)


def _request_doors(profile: Profile) -> list[str]:
    return [name for name in profile.doors if name in REQUESTS]


def _whole_seconds(retry_after: int, said: Mapping[str, Clause], profile: Profile) -> int:
    if not isinstance(retry_after, int) or isinstance(retry_after, bool) or not 0 <= retry_after < 2**31:
        raise ValueError(f"retry_after={retry_after!r:.40}: expected whole seconds, 0 or more")
    silent = next((clause for clause in said.values() if "retry_after" not in clause.fact_names), None)
    if silent or not said:
        what = f"{silent.status} [{silent.key}]" if silent else "no status"
        raise ValueError(f"retry_after= goes with a reply that has Retry-After; {profile.id} sends none with {what}")
    return retry_after


# ------------------------------------------------------------------------------------------ which clause


def _named(profile: Profile, name: str, by: str, doors: Sequence[str], *, asked: bool) -> dict[str, Clause]:
    """The clause of that name; at each door as it is said there. One that is a door's own befalls that door alone."""
    if name not in profile.clauses:
        raise ValueError(f"{profile.id} has no clause {name!r}; it has {', '.join(profile.clauses)}")
    key = Key.parse(name)
    if by == "proxy" or key.door == "proxy":
        found = profile.clauses.get(f"{key.outcome}@proxy")
        if found is None:
            raise ValueError(f"a proxy in front of {profile.id} does not say {name!r}; leave by= out")
        return dict.fromkeys(doors, found)
    if key.door:
        if asked and key.door not in doors:
            raise ValueError(f"the clause {name!r} is of the door {key.door!r}, not of {doors[0]!r}")
        return {_doors(profile, key.door)[0]: profile.clauses[name]}
    said = {
        door: found
        for door in _request_doors(profile)
        if (found := _if_said(profile, key.outcome, key.kind or _usual_kind(profile, key.outcome, door), door))
    }
    chosen = {door: said[door] for door in doors if door in said}
    if not chosen:
        elsewhere = f"; with door= it is said at {', '.join(said)}" if said else ", nor at any other door of requests"
        raise ValueError(f"{name!r} is never said at {' or '.join(doors)}{elsewhere}")
    return chosen


def _if_said(profile: Profile, outcome: str, kind: str, door: str) -> Clause | None:
    """The clause for an outcome at a door, if requests there can end so, or if only a fault leads to it."""
    found = profile.find(outcome, kind, door)
    return found if found in list(_sayable(profile, door)) else None


def _of_status(profile: Profile, status: int, by: str, doors: Sequence[str]) -> dict[str, Clause]:
    """The clause of that status which each door would most likely say; doors that never say it are left out."""
    proxied = [clause for clause in profile.clauses.values() if Key.parse(clause.key).door == "proxy"]
    if by == "proxy":
        fitting = [clause for clause in proxied if clause.status == status]
        if not fitting:
            raise ValueError(f"a proxy in front of {profile.id} never says {status}; it says {_statuses(proxied)}")
        return dict.fromkeys(doors, fitting[0])
    sayable = {door: list(_sayable(profile, door)) for door in doors}
    chosen = {}
    for door, clauses in sayable.items():
        fitting = [clause for clause in clauses if clause.status == status >= 400]
        if fitting:
            prefer = profile.settings.faults.prefer
            chosen[door] = min(fitting, key=lambda clause: _rank(clause, prefer))
    if not chosen:
        there = _statuses(clause for clauses in sayable.values() for clause in clauses if clause.status >= 400)
        proxy = f"; with by='proxy' it says {_statuses(proxied)}" if status in {c.status for c in proxied} else ""
        raise ValueError(f"{profile.id} never says {status}; it says {there}{proxy}")
    return chosen


def _sayable(profile: Profile, door: str) -> Iterator[Clause]:
    """The clauses by which requests at a door can end, by themselves or only by a fault; what the door itself says
    before what every request may meet."""
    gate = profile.settings.gate
    area = gate.area(REQUESTS[door][0].partition(" ")[2])
    checks = (*gate.doors.get(door, ()), *(area.before_door if area else ()), *gate.first)
    outcomes = [say for check in checks for say in CHECKS[check].says] + list(BEHIND[door].says)
    for clause in profile.clauses.values():
        if clause.by == "fault" and Key.parse(clause.key).door in ("", door):
            outcomes.append(clause.key.partition("@")[0])
    said = {text.partition(":")[0] for text in outcomes}
    # Kinds that the profile words apart: which of them a request leads to depends on its points and on switches.
    outcomes += [key.partition("@")[0] for key in profile.clauses if ":" in key and Key.parse(key).outcome in said]
    for text in outcomes:
        outcome, _, kind = text.partition(":")
        found = profile.find(outcome, kind or _usual_kind(profile, outcome, door), door)
        if found is not None:
            yield found


def _usual_kind(profile: Profile, outcome: str, door: str) -> str:
    """The kind that stands for an outcome where nobody named one: that of a request with one, malformed line."""
    if outcome != PointsRejected.name:
        return ""
    return "malformed.all" if profile.settings.write[door].malformed == "keep_good" else "malformed.atomic"


def _statuses(clauses: Iterator[Clause] | Sequence[Clause]) -> str:
    return ", ".join(str(status) for status in sorted({clause.status for clause in clauses})) or "nothing"


def _rank(clause: Clause, prefer: Sequence[str]) -> int:
    outcome = Key.parse(clause.key).outcome
    return prefer.index(outcome) if outcome in prefer else len(prefer)
