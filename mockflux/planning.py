"""From what a user asks of ``fail()`` to a planned fault. What the edition never says is refused here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mockflux.faults import TRANSPORTS, Fault, Transport
from mockflux.profile import Clause, Profile
from mockflux.profile.clause import Key

__tracebackhide__ = True  # as in public.py

#: Who may say a clause out of turn, and the door whose words are used for it (empty: the request's own).
SPEAKERS = {"edition": "", "proxy": "proxy"}


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
    """A fault as :meth:`mockflux.Server.fail` describes it. Raises ValueError, in one sentence, for what cannot be."""
    if by not in SPEAKERS:
        raise ValueError(f"by={by!r}: expected one of {', '.join(map(repr, SPEAKERS))}")
    if transport is not None and transport not in TRANSPORTS:
        raise ValueError(f"transport={transport!r}: expected one of {', '.join(map(repr, TRANSPORTS))}")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ValueError(f"times={times!r}: expected a whole number from 1, or None for every request")
    if delay is not None and not 0 <= delay < float("inf"):
        raise ValueError(f"delay={delay!r}: expected seconds, 0 or more")
    if door is not None and door not in profile.doors:
        raise ValueError(f"door={door!r}: {profile.id} has the doors {', '.join(profile.doors)}")
    if status is None and clause is None and transport is None and delay is None:
        raise ValueError("fail() needs a status, a clause, a transport or a delay")
    if transport == "reset_before" and (status is not None or clause is not None):
        raise ValueError("transport='reset_before' sends nothing, so no status or clause can go with it")
    doors = (door,) if door else profile.settings.faults.doors
    said = None
    if status is not None or clause is not None:
        said = _choose(profile, status, clause, SPEAKERS[by], doors)
    facts: dict[str, Any] = {}
    if retry_after is not None:
        facts["retry_after"] = _whole_seconds(retry_after, said, profile)
    return Fault(doors, clause=said, transport=transport, delay=delay or 0.0, times=times, facts=facts)


def _whole_seconds(retry_after: int, said: Clause | None, profile: Profile) -> int:
    if not isinstance(retry_after, int) or isinstance(retry_after, bool) or retry_after < 0:
        raise ValueError(f"retry_after={retry_after!r}: expected whole seconds, 0 or more")
    if said is None or "retry_after" not in said.fact_names:
        what = f"{said.status} [{said.key}]" if said else "no status"
        raise ValueError(f"retry_after= goes with a reply that has Retry-After; {profile.id} sends none with {what}")
    return retry_after


def _choose(profile: Profile, status: int | None, name: str | None, speaker: str, doors: Iterable[str]) -> Clause:
    sayable = [c for c in profile.clauses.values() if _can_be_said(c, speaker, doors)]
    if name is not None:
        chosen = profile.clauses.get(name)
        if chosen is None:
            raise ValueError(f"{profile.id} has no clause {name!r}; it has {', '.join(c.key for c in sayable)}")
        if status not in (None, chosen.status):
            raise ValueError(f"the clause {name!r} of {profile.id} says {chosen.status}, not {status}")
        return chosen
    fitting = [clause for clause in sayable if clause.status == status]
    if not fitting:
        statuses = ", ".join(str(s) for s in sorted({c.status for c in sayable if c.status >= 400}))
        who = f"a proxy in front of {profile.id}" if speaker else profile.id
        raise ValueError(f"{who} never says {status}; it says {statuses}")
    prefer = profile.settings.faults.prefer
    return min(fitting, key=lambda c: _rank(c, prefer))


def _rank(clause: Clause, prefer: tuple[str, ...]) -> int:
    outcome = Key.parse(clause.key).outcome
    return prefer.index(outcome) if outcome in prefer else len(prefer)


def _can_be_said(clause: Clause, speaker: str, doors: Iterable[str]) -> bool:
    """Whether a clause is said at one of the doors, or by whoever stands in front of them."""
    door = Key.parse(clause.key).door
    if speaker:
        return door == speaker
    return not door or door in doors
