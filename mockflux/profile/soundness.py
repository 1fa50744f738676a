"""What can only be told of a whole profile: that every request finds its way through the gate, and words at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from mockflux.outcomes import MalformedRequest, Outcome, TooManyRequests
from mockflux.profile.clause import Key, Speaker, candidates
from mockflux.profile.errors import ProfileError, one_of
from mockflux.profile.load import Merged, value_at
from mockflux.profile.possible import possible, possible_reasons
from mockflux.profile.schema import Path, dotted
from mockflux.profile.settings import Area, Settings
from mockflux.profile.steps import (
    ASTERISK,
    BEHIND,
    CHECKS,
    NO_DELETES,
    NOWHERE,
    REQUESTS,
    THINGS,
    WITHOUT_METHODS,
    Step,
    in_api,
)
from mockflux.reasons import Reason
from mockflux.storage.catalog import SYSTEM_BUCKET_NAMES
from mockflux.writing.rules import WriteRules


@dataclass(frozen=True, slots=True)
class Course:
    """The way of some requests to a door: the lists of checks on it, each with the key under which it stands, and
    what answers behind them."""

    door: str
    lists: tuple[tuple[Path, tuple[str, ...]], ...]
    behind: Step

    @property
    def says(self) -> tuple[str, ...]:
        """The outcomes that can end it."""
        checks = (say for _, names in self.lists for check in names for say in CHECKS[check].says)
        return (*checks, *self.behind.says)


def courses(settings: Settings, doors: tuple[str, ...]) -> Iterator[Course]:
    """Every way that a request can take in an edition with these doors."""
    gate = settings.gate
    first = (("gate", "first"), gate.first)
    for door in doors:
        at_door = (("gate", "doors", door), gate.doors.get(door, ()))
        for request in REQUESTS.get(door, ()):
            method, _, path = request.partition(" ")
            area = gate.area(path)
            before = (_before(area),) if area else ()
            yield Course(door, (first, *before, at_door), _behind(settings, door))
            if area and any(open == request or (method == "*" and open.endswith(f" {path}")) for open in area.open):
                opened = (("gate", "area", area.prefix, "open"), ())
                yield Course(door, (first, at_door, opened), _behind(settings, door))
            if in_api(path):  # a path below this one
                yield Course(door, (first, *before), NOWHERE)
    for area in gate.areas:
        everywhere = ("api-other", "other") if area.prefix == "/" else ()
        for unknown in everywhere or ("api-other" if in_api(area.prefix) else "other",):
            yield Course(unknown, (first, _before(area)), NOWHERE)
    for door in ("api-other", "other"):
        yield Course(door, (first,), NOWHERE)
    for path, methods in settings.methods.items():
        if not methods:
            yield Course("api-other" if in_api(path) else "other", (first,), WITHOUT_METHODS)
    if "options" not in gate.first:  # which answers every OPTIONS, that of * too
        yield Course("http", (first,), ASTERISK)


def _behind(settings: Settings, door: str) -> Step:
    """What answers at a door; who refuses whatever comes needs to know nothing of it."""
    return NO_DELETES if door == "v2-delete" and settings.storage.deletes == "refused" else BEHIND[door]


def _before(area: Area) -> tuple[Path, tuple[str, ...]]:
    return ("gate", "area", area.prefix, "before_door"), area.before_door


def check_sound(merged: Merged, settings: Settings, speaker: Speaker, reasons: frozenset[str]) -> None:
    """Raise ProfileError for a gate that leaves a step without what it needs, for an outcome or a reason that can
    occur and has no words, and for a set-up that cannot be made. ``reasons`` are the keys of those with words."""
    _check_setup(merged, settings)
    doors = tuple(merged.data["edition"]["doors"])
    ways = list(dict.fromkeys(courses(settings, doors)))
    for course in ways:
        _check_course(merged, settings, course, speaker)
    _check_reached(merged, settings, speaker, {said.partition(":")[0] for course in ways for said in course.says})
    for door in doors:
        _check_route(merged, settings, door)
        if door in REQUESTS and "points_rejected" in BEHIND[door].says:
            _check_reasons(merged, possible_reasons(settings, door), reasons)
            _check_precisions(merged, settings, door)
            _check_rules(merged, settings, door)
            _check_record(merged, settings, door)


def _check_course(merged: Merged, settings: Settings, course: Course, speaker: Speaker) -> None:
    given: set[str] = set()
    for check in (check for _, checks in course.lists for check in checks):
        step = CHECKS[check]
        _check_needs(merged, course, step, given, f"the check {check}")
        _check_usable(merged, settings, course.door, check)
        given.update(step.gives)
        for said in possible(step.says, settings, course.door):
            _check_said(merged, said, course.door, f"the check {check}", speaker)
    _check_needs(merged, course, course.behind, given, "what answers")
    for said in possible(course.behind.says, settings, course.door):
        _check_said(merged, said, course.door, "what answers", speaker)


def _check_needs(merged: Merged, course: Course, step: Step, given: set[str], who: str) -> None:
    for need in step.needs:
        if need not in given:
            givers = " or ".join(name for name, check in CHECKS.items() if need in check.gives)
            problem = f"{who} at {course.door} needs {THINGS[need]}; expected the check {givers} before it"
            # The last file that had a say in the order is the one that spoilt it.
            path = max(reversed([path for path, _ in course.lists]), key=lambda path: merged.place_of(*path))
            raise ProfileError(merged.file_of(*path), dotted(path), problem)


def _check_usable(merged: Merged, settings: Settings, door: str, check: str) -> None:
    """A check that nobody can pass is a mistake."""
    auth, params = settings.auth[door], settings.params[door]
    path: tuple[str, str] | None = None
    if check == "token" and not (auth.schemes or auth.query or auth.basic):
        path, problem = ("auth", "schemes"), "a way for credentials; expected schemes, query or basic"
    if check == "org" and not params.org:
        path, problem = ("params", "org"), "names of parameters; expected one or more"
    if check == "params" and params.style != "serde":
        path, problem = ("params", "style"), "a query string that serde reads; expected serde"
    if path:
        _refuse(merged, _standing(merged, door, *path), f"the check {check} at {door} needs {problem}")


def _standing(merged: Merged, door: str, section: str, *key: str) -> Path:
    """Where a key stands that counts at the door: under the door's own, or else where it is for all of them."""
    own, general = (section, "at", door, *key), (section, *key)
    return general if value_at(merged.data, own) is None and value_at(merged.data, general) is not None else own


def _refuse(merged: Merged, path: Path, problem: str) -> NoReturn:
    raise ProfileError(merged.file_of(*path), dotted(path), problem)


def _check_route(merged: Merged, settings: Settings, door: str) -> None:
    """A door that no request can reach is a mistake."""
    wanted = [request.split(" ") for request in REQUESTS.get(door, ())]
    if wanted and not any(_has(settings.methods.get(path, ()), method) for method, path in wanted):
        path = ("routes", "methods", wanted[0][1])
        problem = f"the door {door} answers {' or '.join(REQUESTS[door])}; expected a route that has it"
        raise ProfileError(merged.file_of(*path), dotted(path), problem)


def _has(methods: tuple[str, ...], method: str) -> bool:
    return "*" in methods or method in methods or (method == "*" and bool(methods))


def _check_said(merged: Merged, said: str, door: str, who: str, speaker: Speaker) -> None:
    name, _, kind = said.partition(":")
    assert name in Outcome.CATALOGUE
    if speaker.find(name, kind, door) is not None:
        return
    occurs = f"{who} at {door} can give {said}"
    for text in candidates(name, kind, door):
        if text in speaker.absent:
            problem = f"{text!r} cannot be left out: {occurs}"
            raise ProfileError(merged.file_of("edition", "absent"), "edition.absent", problem)
    raise ProfileError(merged.file, f'clause."{said}"', f"missing clause; {occurs}")


def _check_reasons(merged: Merged, possible: list[str], worded: frozenset[str]) -> None:
    for name in possible:
        kinds = [f"{name}:{kind}" for kind in Reason.CATALOGUE[name].KINDS]
        if name not in worded and not (kinds and worded.issuperset(kinds)):
            problem = "missing; a point can be refused for this reason, expected its text"
            raise ProfileError(merged.file, f"reason.{name}", problem)


def _check_precisions(merged: Merged, settings: Settings, door: str) -> None:
    """Only what reads parameters as InfluxDB 3 does knows a unit that each timestamp tells by its size."""
    params = settings.params[door]
    if params.default_precision not in params.precisions:
        _refuse(merged, _standing(merged, door, "params", "default_precision"), one_of(params.precisions))
    for precision, unit in params.precisions.items():
        if unit == 0 and params.style != "serde":
            _refuse(merged, ("params", "precisions", precision), "expected a whole number, 1 or more, got 0")


def _check_record(merged: Merged, settings: Settings, door: str) -> None:
    """An edition that logs rejected points has words for each that it can log."""
    if settings.record is None:
        return
    silent = {"outside_retention"} if settings.storage.late_points == "drop" else set()
    for name in possible_reasons(settings, door):
        kinds = [f"{name}:{kind}" for kind in Reason.CATALOGUE[name].KINDS]
        worded = settings.record.reasons
        if name not in silent and name not in worded and not (kinds and set(kinds) <= set(worded)):
            _refuse(merged, ("record", "reasons", name), "missing key; points can be refused for this reason")
    for key in settings.record.reasons:
        name, _, kind = key.partition(":")
        known = Reason.CATALOGUE.get(name)
        if known is None or (kind and kind not in known.KINDS):
            _refuse(merged, ("record", "reasons", key), f"unknown reason; {one_of(Reason.CATALOGUE)}")


def _check_rules(merged: Merged, settings: Settings, door: str) -> None:
    """What settings of judging ask of each other, in each of the ways in which a batch can be judged at the door."""
    ways: list[tuple[Path, WriteRules]] = [((), settings.write[door])]
    ways += [(("when", f"{name}={value}"), rules) for (name, value), rules in settings.write_when[door].items()]
    for when, rules in ways:
        if rules.grammar == "iox" and "time_range" not in rules.asked:
            # It leaves to judging whether a time, once scaled, can be stored.
            _refuse_rule(merged, door, (*when, "objections"), "the grammar iox needs the objection time_range")
        if rules.quotes == "rendered_or_nth" and rules.grammar != "iox":
            problem = f"the grammar {rules.grammar} renders no lines; expected as_sent"
            _refuse_rule(merged, door, (*when, "quotes"), problem)
        if rules.column_objections and "each_column" not in rules.objections:
            problem = "nothing asks these; expected each_column among the objections"
            _refuse_rule(merged, door, (*when, "column_objections"), problem)
    for name, value in settings.write_when[door]:
        if name in settings.params[door].flags and value not in ("true", "false"):
            problem = f"{name} is a flag; expected {name}=true or {name}=false"
            _refuse_rule(merged, door, ("when", f"{name}={value}"), problem)


def _refuse_rule(merged: Merged, door: str, within: Path, problem: str) -> NoReturn:
    """Raise ProfileError for a key within [write], at the most particular place where it stands."""
    places = [_standing(merged, door, "write", *key) for key in (within, within[-1:])]
    path = next((place for place in places if value_at(merged.data, place) is not None), places[0])
    _refuse(merged, path, f"at {door} {problem}")


def _check_reached(merged: Merged, settings: Settings, speaker: Speaker, said: set[str]) -> None:
    """Raise ProfileError for a clause of the profile's own to which no request can lead and that does not say so; what
    parents say of doors and checks that are gone does no harm. ``said`` are the outcomes that end the way of some
    request; those of bytes that are no request come from below the gate."""
    for text in merged.chain[-1][1].get("clause", {}):
        clause = speaker.clauses[text]
        if clause.by == "request" and Key.parse(text).outcome not in {*said, MalformedRequest.name}:
            place = f'clause."{text}"'
            problem = 'missing key; no request leads to this clause here, expected "fault"'
            raise ProfileError(merged.file_of("clause", text), f"{place}.by", problem)
    limits = settings.limits
    if (limits.window_requests or limits.window_bytes) and TooManyRequests.name not in said:
        key = "window_requests" if limits.window_requests else "window_bytes"
        problem = "no gate asks for it; expected the check quota at a write door"
        raise ProfileError(merged.file_of("limits", key), f"limits.{key}", problem)
    if limits.body and limits.body_as_sent:
        problem = "limits.sent holds for what is inflated as well (body_as_sent); set that, or its switch"
        raise ProfileError(merged.file_of("limits", "body"), "limits.body", problem)


def _check_setup(merged: Merged, settings: Settings) -> None:
    setup = settings.setup
    system = setup.bucket if setup.system_buckets and setup.bucket in SYSTEM_BUCKET_NAMES else None
    mistakes = (
        ("database", not setup.bucket and not setup.database, "missing key; expected a database, or bucket and org"),
        ("database", setup.bucket and setup.database, 'there is a bucket; expected one of them, the other as ""'),
        (
            "database",
            setup.database and not settings.usable(setup.database),
            "no request can name it so; expected a name that the rules of names ([params] name_rules) allow",
        ),
        ("org", setup.bucket and not setup.org, "missing key; expected the organization of the bucket"),
        ("org", setup.database and setup.org, 'databases belong to no organization; expected ""'),
        ("system_buckets", setup.database and setup.system_buckets, "there are no buckets; expected false"),
        ("makes_target", setup.bucket and setup.makes_target, "there is a bucket; expected false, or a database"),
        ("user", setup.password and not setup.user, "missing key; expected the user whose password there is"),
        ("password", setup.user and not setup.password, "missing key; expected the password of the user"),
        (
            "read_token",
            setup.token and setup.token == setup.read_token,
            "the same as setup.token; expected another value",
        ),
        ("scoped_tokens", setup.read_token and not setup.scoped_tokens, "there is a read_token; expected true"),
        (
            "token",
            not setup.token and not setup.retention_policies,
            "expected visible ASCII characters without blanks, got ''",
        ),
        ("read_token", setup.read_token and not setup.token, 'there is no token beside it; expected ""'),
        (
            "retention_policies",
            setup.retention_policies and (setup.bucket or setup.makes_target),
            "only a database that is there can have them; expected false",
        ),
        ("without_auth", not setup.auth and not setup.without_auth, "auth is false; expected true"),
        ("bucket", system, f"{system} is a system bucket; expected another name, or system_buckets = false"),
    )
    for key, wrong, problem in mistakes:
        if wrong:
            raise ProfileError(merged.file_of("setup", key), f"setup.{key}", problem)
