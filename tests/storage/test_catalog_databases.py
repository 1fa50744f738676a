"""Databases in the catalog, and what a write makes that names one which is not there."""

from __future__ import annotations

import gc
import re
import threading

import pytest

from mockflux.lineprotocol import Line, go
from mockflux.storage import Bucket, Catalog, Org, make_ids, make_token_value

DAY = 86_400 * 10**9


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(make_ids(1), lambda: 1_700_000_000_000_000_000)


@pytest.fixture
def org(catalog: Catalog) -> Org:
    return catalog.add_org("acme")


def names(catalog: Catalog) -> list[str]:
    return [bucket.name for bucket in catalog.buckets()]


# ---------------------------------------------------------------- databases


def test_a_database_is_a_bucket_of_no_organization(catalog: Catalog, org: Org) -> None:
    bucket, database = catalog.add_bucket(org, "plant"), catalog.add_database("plant", 30 * DAY)
    assert (database.org_id, database.type, database.retention) == ("", "user", 30 * DAY)
    assert (database.resource, bucket.resource) == ("databases", "buckets")
    assert catalog.database("plant") is catalog.bucket_named("", "plant") is database
    assert catalog.bucket_by_id(database.id) is database
    assert catalog.bucket_named(org.id, "plant") is bucket
    assert catalog.database("other") is None
    assert (catalog.buckets(""), catalog.buckets(org.id)) == ([database], [bucket])
    assert catalog.buckets() == [database, bucket], "databases first"
    assert catalog.add_bucket(None, "other").resource == "databases"
    assert catalog.add_database("third", id="00000000000000d1").id == "00000000000000d1"


def test_a_name_that_is_taken(catalog: Catalog) -> None:
    catalog.add_database("plant")
    before = catalog.version
    with pytest.raises(ValueError, match=r"^there is already a database named 'plant'$"):
        catalog.add_database("plant")
    with pytest.raises(ValueError, match=r"^a database cannot keep its points for -1 ns$"):
        catalog.add_database("x", -1)
    assert (catalog.version, names(catalog)) == (before, ["plant"])


@pytest.mark.parametrize(
    ("database", "policy", "found"),
    [("plant", None, "plant"), ("plant", "", "plant"), ("plant", "week", "plant/week"), ("plant", "year", None)],
)
def test_a_retention_policy_is_part_of_a_database_s_name(
    catalog: Catalog, database: str, policy: str | None, found: str | None
) -> None:
    for name in ("plant", "plant/week"):
        catalog.add_database(name)
    bucket = catalog.mapping("", database, policy)
    assert (bucket and bucket.name) == found


# ---------------------------------------------------------------- made by a write


def test_what_a_write_would_make_is_not_there_yet(catalog: Catalog) -> None:
    before = catalog.version
    expected = catalog.expect("", "plant", DAY)
    assert (expected.name, expected.org_id, expected.retention) == ("plant", "", DAY)
    assert catalog.expect("", "plant") is expected
    assert catalog.database("plant") is None
    assert catalog.bucket_by_id(expected.id) is None
    assert catalog.mapping("", "plant") is None
    assert (catalog.buckets(), catalog.version) == ([], before)
    assert catalog.expect("", "other") is not expected


def test_making_it_lists_it_once(catalog: Catalog) -> None:
    expected = catalog.expect("", "plant")
    before = catalog.version
    catalog.make(expected)
    assert catalog.database("plant") is catalog.bucket_by_id(expected.id) is catalog.expect("", "plant") is expected
    made = catalog.version
    assert made > before
    catalog.make(expected)
    assert (catalog.version, catalog.buckets()) == (made, [expected])


def test_what_is_there_is_what_is_expected(catalog: Catalog, org: Org) -> None:
    database, bucket = catalog.add_database("plant"), catalog.add_bucket(org, "plant")
    before = catalog.version
    assert catalog.expect("", "plant") is database
    assert catalog.expect(org.id, "plant") is bucket
    catalog.make(database)
    assert catalog.version == before


def test_it_is_made_when_it_is_made() -> None:
    now = [5]
    catalog = Catalog(make_ids(1), lambda: now[0])
    expected = catalog.expect("", "plant")
    now[0] = 7
    catalog.make(expected)
    assert (expected.created, expected.updated) == (7, 7)
    now[0] = 9
    catalog.make(expected)
    assert expected.created == 7


def test_a_write_that_came_to_nothing_leaves_nothing(catalog: Catalog) -> None:
    first = catalog.expect("", "plant").id
    gc.collect()
    assert catalog.expect("", "plant").id != first
    assert catalog.buckets() == []


def test_who_makes_it_meanwhile_makes_the_same(catalog: Catalog) -> None:
    """A write under way must not end in a bucket that nobody finds."""
    expected = catalog.expect("", "plant", DAY)
    made = catalog.add_database("plant", 7 * DAY, id="00000000000000d1")
    assert made is expected
    assert (made.retention, made.id, catalog.bucket_by_id("00000000000000d1")) == (7 * DAY, "00000000000000d1", made)
    catalog.make(expected)
    assert catalog.buckets() == [expected]


def test_a_mapping_is_made_with_it(catalog: Catalog, org: Org) -> None:
    expected = catalog.expect(org.id, "telegraf/week")
    catalog.make(expected, ("telegraf", "week"))
    (mapping,) = catalog.mappings(org.id)
    assert (mapping.database, mapping.retention_policy, mapping.bucket_id) == ("telegraf", "week", expected.id)
    assert mapping.default
    before = catalog.version
    catalog.make(expected, ("telegraf", "week"))
    assert (len(catalog.mappings()), catalog.version) == (1, before)
    catalog.make(catalog.expect(org.id, "telegraf/day"), ("telegraf", "day"))
    assert [m.default for m in catalog.mappings()] == [True, False]


def test_a_mapping_that_is_there_stays(catalog: Catalog, org: Org) -> None:
    plant = catalog.add_bucket(org, "plant")
    catalog.add_mapping(plant, "telegraf", "week")
    catalog.make(catalog.expect(org.id, "telegraf/week"), ("telegraf", "week"))
    assert catalog.mapping(org.id, "telegraf", "week") is plant


def test_writers_at_once_end_in_one_database(catalog: Catalog) -> None:
    """Each judges and stores under the lock of the data, so all of them see each other's points."""
    start, seen = threading.Barrier(8), list[Bucket]()

    def write(number: int) -> None:
        start.wait(10)
        for turn in range(20):
            bucket = catalog.expect("", f"d{turn}")
            (line,) = go.parse(f"m,w={number} v=1 1".encode(), 1)
            assert isinstance(line, Line)
            with bucket.data.lock:
                bucket.data.commit([(line, 1)])
            catalog.make(bucket)
            seen.append(bucket)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({id(bucket) for bucket in seen}) == len(catalog.buckets()) == 20
    assert [bucket.data.count() for bucket in catalog.buckets()] == [8] * 20


# ---------------------------------------------------------------- tokens


def test_token_values_of_version_3() -> None:
    make = make_token_value(7, "apiv3")
    values = [make() for _ in range(20)]
    assert all(re.fullmatch(r"apiv3_[A-Za-z0-9_-]{86}", value) for value in values)
    assert len(set(values)) == 20
    assert values[0] == f"apiv3_{make_token_value(7)()[:86]}"
