"""Where the request wants to write: organization, bucket or database."""

from __future__ import annotations

from mockflux.http.params import id_fault, id_of
from mockflux.http.passage import Passage
from mockflux.outcomes import (
    BucketNotFound,
    DatabaseNotFound,
    MappingNotFound,
    NameInvalid,
    OrgIdInvalid,
    OrgMissing,
    OrgNotFound,
    Outcome,
    PermissionDenied,
    RetentionPolicyNotFound,
    TargetMissing,
    TooManyDatabases,
)
from mockflux.storage import names
from mockflux.storage.catalog import Bucket, Org
from mockflux.storage.permissions import Permission, allows


def target_given(passage: Passage) -> Outcome | None:
    """The request says where to write."""
    return None if passage.params.get(passage.param_rules.target) else TargetMissing()


def name(passage: Passage) -> Outcome | None:
    """The target's name follows the rules of names."""
    target = passage.target_name
    for rule in passage.param_rules.name_rules:
        fault = names.RULES[rule](target)
        if fault is not None:
            which, position = fault
            return NameInvalid(which, target, position)
    return None


def org(passage: Passage) -> Outcome | None:
    """The organization is named, by id or by name, and exists."""
    for name in passage.param_rules.org:
        asked = passage.params.get(name)
        if asked:
            found = find_org(passage, asked, only_id=name.endswith("ID"))
            if isinstance(found, Outcome):
                return found
            passage.org = found
            return None
    return OrgMissing()


def org_given(passage: Passage) -> Outcome | None:
    """The organization is named, whichever it is."""
    return None if any(passage.params.get(name) for name in passage.param_rules.org) else OrgMissing()


def own_org(passage: Passage) -> Outcome | None:
    """The organization is the token's."""
    granted = passage.token
    passage.org = passage.world.catalog.org(id=granted.org_id) if granted and granted.org_id else passage.world.org
    return None


def find_org(passage: Passage, asked: str, *, only_id: bool) -> Org | Outcome:
    """The organization of that id or name, or the outcome that says why there is none. A name that spells an id is
    taken for one; blanks around a name do not count (influxdb http/requests.go)."""
    catalog, id = passage.world.catalog, id_of(asked)
    if id is not None:
        return catalog.org(id=id) or OrgNotFound("id", asked)
    if only_id:
        return OrgIdInvalid(id_fault(asked), asked)
    return catalog.org(name=asked.strip()) or OrgNotFound("name", asked)


def target(passage: Passage) -> Outcome | None:
    """The bucket exists: by id, of whichever organization, or by name in this one."""
    asked = passage.params[passage.param_rules.target]
    bucket = named(passage, passage.org.id, asked) if passage.org is not None else None
    if bucket is None:
        return BucketNotFound("name", asked)
    passage.bucket = bucket
    return None


def mapping(passage: Passage) -> Outcome | None:
    """Database and retention policy stand for a bucket that the token may at least see."""
    rules, granted = passage.param_rules, passage.token
    database, policy = passage.params.get(rules.target, ""), passage.params.get(rules.retention_policy, "")
    if granted is not None and granted.org_id is not None:
        bucket = passage.world.catalog.mapping(granted.org_id, database, policy)
        if bucket is not None and any(
            allows(granted.permissions, action, "buckets", bucket.id, bucket.org_id) for action in ("read", "write")
        ):
            passage.bucket = bucket
            return None
    return MappingNotFound(database, policy or rules.default_policy)


def mapping_by_right(passage: Passage) -> Outcome | None:
    """Database and retention policy stand for a bucket. That they do not is told to a token that may make buckets: so
    nobody learns what is there that does not concern him."""
    missing, granted = mapping(passage), passage.token
    org_id = (granted.org_id if granted else None) or ""
    if missing is None or granted is None or allows(granted.permissions, "write", "buckets", None, org_id):
        return missing
    return PermissionDenied("write", str(Permission("write", "buckets", org_id=org_id)))


def mapping_or_new(passage: Passage) -> Outcome | None:
    """Database and retention policy stand for a bucket, or the write will make one, if the token may make buckets."""
    missing, granted = mapping_by_right(passage), passage.token
    if not isinstance(missing, MappingNotFound) or granted is None:
        return missing
    database, policy, org_id = missing.database, missing.retention_policy, granted.org_id or ""
    retention = passage.write_rules.new_retention * 10**9
    passage.bucket = passage.world.catalog.expect(org_id, f"{database}/{policy}", retention)
    passage.new_mapping = database, policy
    return None


def database(passage: Passage) -> Outcome | None:
    """The database exists, or the write may make it."""
    catalog, asked, rules = passage.world.catalog, passage.target_name, passage.write_rules
    found = catalog.database(asked)
    if found is None and rules.creates_target != "never":
        found = catalog.expect("", asked, rules.new_retention * 10**9)
    if found is None:
        return DatabaseNotFound(asked)
    passage.bucket = found
    return None


def policy_database(passage: Passage) -> Outcome | None:
    """The database exists; which retention policy is meant is another question."""
    asked = passage.params.get(passage.param_rules.target, "")
    passage.database = passage.world.databases.find(asked)
    return DatabaseNotFound(asked) if passage.database is None else None


def policy(passage: Passage) -> Outcome | None:
    """The retention policy, or the database's default one, is where the points go. That there is none is told only of a
    batch that can be parsed. Points of a batch that is answered otherwise go nowhere."""
    assert passage.database is not None
    asked = passage.params.get(passage.param_rules.retention_policy, "")
    found = passage.database.policy(asked)
    if found is not None and passage.instead is None:
        passage.bucket = found.bucket
        return None
    passage.bucket = passage.world.catalog.nowhere(passage.database.name)
    if passage.instead is None:
        passage.instead = RetentionPolicyNotFound(asked or passage.database.default)
    return None


def database_limit(passage: Passage) -> Outcome | None:
    """The write makes no database too many."""
    catalog, limit, bucket = passage.world.catalog, passage.world.settings.limits.databases, passage.bucket
    if bucket is None or not limit or len(catalog.buckets("")) < limit:
        return None
    # Looked for after counting: another write may have made it meanwhile, as the last that there may be.
    return TooManyDatabases(limit) if catalog.database(bucket.name) is None else None


def named(passage: Passage, org_id: str, asked: str) -> Bucket | None:
    """The bucket with that id, of whichever organization, or of that name in this one."""
    catalog, id = passage.world.catalog, id_of(asked)
    by_id = catalog.bucket_by_id(id) if id and org_id else None
    return by_id or catalog.bucket_named(org_id, asked)
