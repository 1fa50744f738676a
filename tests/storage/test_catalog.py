"""Organizations, users, buckets, tokens, and which bucket a database stands for."""

from __future__ import annotations

import base64
import contextlib
import re
import threading
from collections.abc import Callable, Iterator

import pytest

from mockflux.storage import Catalog, Org, Permission, StorageRules, make_ids, make_token_value

DAY = 86_400 * 10**9


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(make_ids(1), lambda: 1_700_000_000_000_000_000)


@pytest.fixture
def org(catalog: Catalog) -> Org:
    return catalog.add_org("acme")


def test_an_organization_is_found_by_name_and_id(catalog: Catalog) -> None:
    org = catalog.add_org("acme", description="makes everything")
    assert catalog.org(name="acme") is org
    assert catalog.org(id=org.id) is org
    assert (org.description, org.created, org.updated) == (
        "makes everything",
        1_700_000_000_000_000_000,
        1_700_000_000_000_000_000,
    )
    assert catalog.org(name=org.id) is None
    assert catalog.org(id="acme") is None
    assert catalog.org(name="nobody") is None
    assert catalog.org() is None
    assert catalog.buckets() == []


def test_system_buckets_are_made_when_asked_for(catalog: Catalog) -> None:
    org = catalog.add_org("acme", system_buckets=True)
    catalog.add_bucket(org, "plant")
    assert [(b.name, b.type, b.retention, b.description) for b in catalog.buckets(org.id)] == [
        ("_monitoring", "system", 7 * DAY, "System bucket for monitoring logs"),
        ("_tasks", "system", 3 * DAY, "System bucket for task logs"),
        ("plant", "user", 0, ""),
    ]


def test_buckets_belong_to_their_organization(catalog: Catalog, org: Org) -> None:
    other = catalog.add_org("zenith")
    mine = catalog.add_bucket(org, "b", 30 * DAY, "mine")
    theirs = catalog.add_bucket(other, "b")
    first = catalog.add_bucket(org, "a")
    assert catalog.bucket_named(org.id, "b") is mine
    assert catalog.bucket_named(other.id, "b") is theirs
    assert catalog.bucket_named(other.id, "a") is None
    assert catalog.bucket_by_id(mine.id) is mine
    assert catalog.bucket_by_id("b") is None
    assert catalog.buckets(org.id) == [first, mine]
    assert catalog.buckets() == [first, mine, theirs]
    assert (mine.retention, mine.description, mine.org_id) == (30 * DAY, "mine", org.id)


def test_buckets_store_by_the_rules_of_the_catalog() -> None:
    rules = StorageRules(type_scope="table")
    catalog = Catalog(make_ids(1), lambda: 0, rules)
    bucket = catalog.add_bucket(catalog.add_org("acme"), "plant")
    assert bucket.data.rules is rules


def test_users_and_tokens_are_found(catalog: Catalog, org: Org) -> None:
    user = catalog.add_user("alice", "password1")
    assert catalog.user(name="alice") is user
    assert catalog.user(id=user.id) is user
    assert catalog.user(name="bob") is None
    rights = (Permission("read", "buckets"),)
    token = catalog.add_token("secret==", rights, org_id=org.id, user_id=user.id, expires=5, status="inactive")
    assert catalog.token("secret==") is token
    assert catalog.token("Secret==") is None
    assert catalog.tokens() == [token]
    assert (token.permissions, token.expires, token.status) == (rights, 5, "inactive")
    assert "secret" not in repr(token)
    assert "password1" not in repr(user)


def test_a_name_that_is_taken_is_refused_in_one_sentence(catalog: Catalog, org: Org) -> None:
    bucket = catalog.add_bucket(org, "plant")
    catalog.add_user("alice")
    catalog.add_token("t", ())
    catalog.add_mapping(bucket, "db", "rp")
    before = catalog.version
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: catalog.add_org("acme"), "there is already an organization named 'acme'"),
        (
            lambda: catalog.add_bucket(org, "plant"),
            "there is already a bucket named 'plant' in the organization 'acme'",
        ),
        (lambda: catalog.add_user("alice"), "there is already a user named 'alice'"),
        (lambda: catalog.add_token("t", ()), "there is already a token with this value"),
        (lambda: catalog.add_mapping(bucket, "db", "rp"), "the database 'db' has already a mapping for 'rp'"),
        (lambda: catalog.add_bucket(org, "x", -1), "a bucket cannot keep its points for -1 ns"),
    ]
    for again, sentence in refused:
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            again()
    assert catalog.version == before


def test_each_change_is_seen_in_the_version(catalog: Catalog, org: Org) -> None:
    def versions() -> Iterator[int]:
        yield catalog.version
        bucket = catalog.add_bucket(org, "plant")
        yield catalog.version
        catalog.add_user("alice")
        yield catalog.version
        token = catalog.add_token("t", ())
        yield catalog.version
        catalog.add_mapping(bucket, "db", "rp")
        yield catalog.version
        token.status = "inactive"
        catalog.changed()
        yield catalog.version

    seen = list(versions())
    assert seen == sorted(set(seen))
    catalog.buckets(), catalog.org(name="acme"), catalog.token("t"), catalog.mapping(org.id, "db", None)
    assert catalog.version == seen[-1]


@pytest.mark.parametrize(
    ("database", "policy", "bucket"),
    [
        # virtual: the name of the bucket
        ("plain", "autogen", "plain"),
        ("plain", None, "plain"),
        ("plain", "", "plain"),
        ("plain", "week", None),
        ("db", "rp", "db/rp"),
        ("db", None, None),  # db/rp is no default
        ("db", "autogen", None),
        ("deep", "a/b", "deep/a/b"),  # the name is cut at the first slash
        ("deep/a", "b", None),
        ("db/rp", None, None),
        ("db/rp", "autogen", None),
        ("named", "autogen", "named/autogen"),
        ("nothing", None, None),
        # explicit: wins over the virtual one of the same name, and over its being the default
        ("over", "autogen", "target"),
        ("over", None, "target"),
        ("beside", "week", "target"),
        ("beside", None, "target"),
        ("beside", "autogen", "beside"),
        ("two", None, "target"),
        ("two", "second", "plain"),
        ("later", None, "plain"),
        ("later", "first", "target"),
    ],
)
def test_which_bucket_a_database_stands_for(
    catalog: Catalog, org: Org, database: str, policy: str | None, bucket: str | None
) -> None:
    for name in ("plain", "db/rp", "deep/a/b", "named/autogen", "over", "beside", "target"):
        catalog.add_bucket(org, name)
    target, plain = catalog.bucket_named(org.id, "target"), catalog.bucket_named(org.id, "plain")
    assert target is not None
    assert plain is not None
    catalog.add_mapping(target, "over", "autogen")
    catalog.add_mapping(target, "beside", "week")
    catalog.add_mapping(target, "two", "first")
    catalog.add_mapping(plain, "two", "second")
    catalog.add_mapping(target, "later", "first")
    catalog.add_mapping(plain, "later", "second", default=True)
    found = catalog.mapping(org.id, database, policy)
    assert (found and found.name) == bucket
    assert catalog.mapping("00000000000000ff", database, policy) is None


def test_a_database_has_one_default(catalog: Catalog, org: Org) -> None:
    bucket = catalog.add_bucket(org, "plant")
    catalog.add_mapping(bucket, "db", "a")
    catalog.add_mapping(bucket, "db", "b")
    catalog.add_mapping(bucket, "db", "c", default=True)
    catalog.add_mapping(bucket, "other", "a")
    assert [(m.database, m.retention_policy, m.default) for m in catalog.mappings(org.id)] == [
        ("db", "a", False), ("db", "b", False), ("db", "c", True), ("other", "a", True),
    ]  # fmt: skip


def test_ids_are_like_those_of_influxdb() -> None:
    new_id = make_ids(7)
    ids = [new_id() for _ in range(1000)]
    assert all(re.fullmatch("[0-9a-f]{16}", id) for id in ids)
    assert len(set(ids)) == 1000
    assert "0" * 16 not in ids


def test_token_values_are_like_those_of_influxdb() -> None:
    value = make_token_value(7)()
    assert len(value) == 88
    assert value.endswith("==")
    assert len(base64.urlsafe_b64decode(value)) == 64


@pytest.mark.parametrize("make", [make_ids, make_token_value])
def test_the_same_seed_makes_the_same(make: Callable[[int], Callable[[], str]]) -> None:
    one, same, other = make(1), make(1), make(2)
    drawn = [one() for _ in range(5)]
    assert drawn == [same() for _ in range(5)]
    assert drawn != [other() for _ in range(5)]


def test_one_of_many_threads_gets_the_name(catalog: Catalog, org: Org) -> None:
    won: list[str] = []

    def make() -> None:
        for number in range(50):
            with contextlib.suppress(ValueError):
                won.append(catalog.add_bucket(org, f"b{number}").name)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == sorted(f"b{number}" for number in range(50))
    assert len(catalog.buckets(org.id)) == 50
