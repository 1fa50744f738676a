"""What can happen in an edition: which outcomes of a step, and which reasons for refusing a point, its settings leave
possible at a door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mockflux.profile.settings import Settings
from mockflux.reasons import Reason
from mockflux.writing.rules import GIVES, WriteRules

#: When an outcome (``outcome`` or ``outcome:kind``) is possible, for those that are not always.
_IF: Mapping[str, Callable[[Settings, str], bool]] = {
    "write_empty": lambda settings, door: any(rules.empty == "refuse" for rules in settings.every_rules(door)),
    "database_not_found": lambda settings, door: any(r.creates_target == "never" for r in settings.every_rules(door)),
    "body_unreadable:trailing": lambda settings, door: any(r.gzip != "flate2" for r in settings.every_rules(door)),
    "body_unreadable:empty": lambda settings, door: any(r.gzip == "httpd" for r in settings.every_rules(door)),
    "query_invalid:missing": lambda settings, door: bool(settings.params[door].required),
    "query_invalid:flag": lambda settings, door: bool(settings.params[door].flags),
    "too_many_requests": lambda settings, door: bool(
        settings.limits.deletes
        if door == "v2-delete"
        else settings.limits.window_requests or settings.limits.window_bytes
    ),
    "options_listed": lambda settings, door: settings.router_options or door == "http",
    "deletes_unsupported": lambda settings, _: settings.storage.deletes == "refused",
    "points_deleted": lambda settings, _: settings.storage.deletes != "refused",
    "cardinality_exceeded": lambda settings, door: (
        bool(settings.limits.cardinality) and any(rules.queued for rules in settings.every_rules(door))
    ),
    "too_many_databases": lambda settings, _: bool(settings.limits.databases),
    # Where tokens are for everything, one that exists may do what it asks for.
    "permission_denied:write": lambda settings, _: settings.setup.scoped_tokens,
    "path_moved": lambda settings, door: settings.slash.get(door) == "moved",
    "precision_invalid": lambda settings, door: settings.params[door].refuse_unknown,
    # Where look-ups show the token's organization, a name that is not there finds nothing.
    "bucket_not_found:name": lambda settings, door: door != "v2-resources" or not settings.buckets.own_org,
    "bucket_refused:rules_missing": lambda settings, _: settings.buckets.retention_on_change,
    "bucket_refused:short": lambda settings, _: settings.buckets.shortest_name > 0,
    "bucket_refused:shards_long": lambda settings, _: settings.buckets.shard_groups,
    "bucket_refused:shards_long_change": lambda settings, _: settings.buckets.shard_groups,
    "bucket_refused:expiry_long": lambda settings, _: bool(settings.limits.retention),
    "bucket_refused:quota": lambda settings, _: bool(settings.limits.buckets),
}

#: The path without which an outcome is not possible, be it of any kind.
_ONLY_AT: Mapping[str, str] = {
    "json_invalid:schema": "/api/v2/buckets/{id}/schema/measurements",
    "schema_shown": "/api/v2/buckets/{id}/schema/measurements",
    "schema_not_found": "/api/v2/buckets/{id}/schema/measurements/{id}",
    "schema_refused": "/api/v2/buckets/{id}/schema/measurements",
    "usage_found": "/api/v2/orgs/{id}/usage",
    "parameter_invalid:start": "/api/v2/orgs/{id}/usage",
    "parameter_invalid:stop": "/api/v2/orgs/{id}/usage",
    "parameter_invalid:raw": "/api/v2/orgs/{id}/usage",
}

#: The kinds of ``name_invalid`` that each rule of names can give.
_NAME_KINDS: Mapping[str, tuple[str, ...]] = {
    "namespace": ("length", "character"),
    "database": ("empty", "too_long", "unusable", "start", "policy"),
}


def possible(says: tuple[str, ...], settings: Settings, door: str) -> Iterator[str]:
    """Those of a step's outcomes that are possible at a door."""
    for said in says:
        name, _, kind = said.partition(":")
        if name == "points_rejected":
            kinds = {kind: None for rules in settings.every_rules(door) for kind in _rejected_kinds(settings, rules)}
            yield from (f"{said}:{kind}" for kind in kinds)
        elif name == "name_invalid":
            if any(kind in _NAME_KINDS[rule] for rule in settings.params[door].name_rules):
                yield said
        elif (said not in _IF or _IF[said](settings, door)) and _reachable(settings, name, said):
            yield said


def _reachable(settings: Settings, name: str, said: str) -> bool:
    path = _ONLY_AT.get(said) or _ONLY_AT.get(name)
    return path is None or bool(settings.methods.get(path))


def _rejected_kinds(settings: Settings, rules: WriteRules) -> Iterator[str]:
    """The kinds of ``points_rejected`` that can occur where a batch is judged by these rules."""
    spoiling = (rules.malformed, rules.unfit)
    for reason in _reasons_of(settings, rules, told=True):
        kept = ("partial", "all") * ("keep_good" in spoiling and reason not in rules.spoils)
        atomic = "reject_batch" in spoiling or bool(rules.spoils)
        yield from (f"{reason}.{how}" for how in (("atomic",) * atomic + kept))


def possible_reasons(settings: Settings, door: str, how: str = "remembered") -> list[str]:
    """The reasons for which a point can be refused at a write door; ``told``: those that a client hears of."""
    found = {r for rules in settings.every_rules(door) for r in _reasons_of(settings, rules, told=how == "told")}
    return [name for name in Reason.CATALOGUE if name in found]


def _reasons_of(settings: Settings, rules: WriteRules, *, told: bool) -> list[str]:
    """The reasons for which a point can be refused by these rules; ``told``: those that a client hears of."""
    late, limits = settings.storage.late_points, settings.limits
    impossible = {
        "outside_retention": late == "store" or (told and late == "drop"),
        "string_too_long": rules.string_limit == 0,
        "reserved_name": not (rules.reserved_fields or rules.reserved_tags),
        "too_many_columns": limits.columns == 0,
        "too_many_fields": limits.family_fields == 0,
        "too_many_tables": limits.tables == 0,
    }
    named = {"malformed", *(reason for objection in rules.asked for reason in GIVES[objection])}
    if rules.order == "shard":
        named.add("type_contradiction")
    if told:  # what is found after the reply is in no reply
        named -= rules.queued
    return [name for name in Reason.CATALOGUE if name in named and not impossible.get(name)]
