"""Which permission covers what (influxdb, authz.go)."""

from __future__ import annotations

from typing import get_args

import pytest

from mockflux.storage.permissions import (
    RESOURCE_TYPES,
    Action,
    Permission,
    all_powerful,
    allows,
    for_buckets,
    for_databases,
    operator,
)

ORG, OTHER = "000000000000000a", "000000000000000b"
B1, B2 = "00000000000000b1", "00000000000000b2"


@pytest.mark.parametrize(
    ("permission", "action", "resource", "id", "org_id", "granted"),
    [
        # of one bucket
        (Permission("write", "buckets", B1, ORG), "write", "buckets", B1, ORG, True),
        (Permission("write", "buckets", B1, ORG), "write", "buckets", B2, ORG, False),
        (Permission("write", "buckets", B1), "write", "buckets", B1, ORG, True),
        (Permission("write", "buckets", B1, OTHER), "write", "buckets", B1, ORG, True),  # the id decides
        (Permission("write", "buckets", B1, ORG), "write", "buckets", None, ORG, False),
        # to write is not to read, nor the other way round
        (Permission("write", "buckets", B1, ORG), "read", "buckets", B1, ORG, False),
        (Permission("read", "buckets", B1, ORG), "write", "buckets", B1, ORG, False),
        # of an organization
        (Permission("read", "buckets", None, ORG), "read", "buckets", B2, ORG, True),
        (Permission("read", "buckets", None, ORG), "read", "buckets", None, ORG, True),
        (Permission("read", "buckets", None, ORG), "read", "buckets", B2, OTHER, False),
        (Permission("read", "buckets", None, ORG), "read", "buckets", B2, None, False),
        # of all
        (Permission("read", "buckets"), "read", "buckets", B2, OTHER, True),
        (Permission("read", "buckets"), "read", "buckets", None, None, True),
        # another type
        (Permission("read", "orgs"), "read", "buckets", B1, ORG, False),
        # instance stands for everything, with its action
        (Permission("read", "instance"), "read", "tasks", B1, ORG, True),
        (Permission("read", "instance"), "write", "tasks", B1, ORG, False),
    ],
)
def test_what_a_permission_grants(
    permission: Permission, action: Action, resource: str, id: str | None, org_id: str | None, granted: bool
) -> None:
    assert permission.grants(action, resource, id, org_id) is granted
    assert allows([permission], action, resource, id, org_id) is granted
    assert allows([Permission("read", "labels"), permission], action, resource, id, org_id) is granted


def test_no_permissions_allow_nothing() -> None:
    assert not allows([], "read", "buckets", B1, ORG)


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("resource", RESOURCE_TYPES)
def test_the_operator_may_do_everything_everywhere(action: Action, resource: str) -> None:
    assert allows(operator(), action, resource, B1, OTHER)
    assert allows(operator(), action, resource, None, None)


def test_the_operator_has_each_right_once() -> None:
    assert len(operator()) == len(set(operator())) == 44
    assert [str(permission) for permission in operator()[:4]] == [
        "read:authorizations", "write:authorizations", "read:buckets", "write:buckets",
    ]  # fmt: skip


def test_rights_for_buckets() -> None:
    rights = for_buckets(ORG, read=[B1], write=[B1, B2])
    assert [str(right) for right in rights] == [
        f"read:orgs/{ORG}/buckets/{B1}",
        f"write:orgs/{ORG}/buckets/{B1}",
        f"write:orgs/{ORG}/buckets/{B2}",
    ]
    assert allows(rights, "write", "buckets", B2, ORG)
    assert not allows(rights, "read", "buckets", B2, ORG)


def test_rights_for_databases() -> None:
    rights = for_databases(read=[B1], write=[B2])
    assert [str(right) for right in rights] == [f"read:databases/{B1}", f"write:databases/{B2}"]
    assert allows(rights, "write", "databases", B2, "")
    assert not allows(rights, "write", "databases", B1, "")
    assert not allows(rights, "read", "databases", None, "")
    assert not allows(rights, "write", "buckets", B2, ORG)
    assert allows([Permission("write", "databases")], "write", "databases", B1, ""), "without an id: all of them"


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("resource", ["databases", "buckets", "orgs"])
def test_some_tokens_may_do_everything(action: Action, resource: str) -> None:
    assert allows(all_powerful(), action, resource, B1, ORG)
    assert allows(all_powerful(), action, resource, None, "")


@pytest.mark.parametrize(
    ("permission", "text"),
    [
        (Permission("read", "buckets", B1, ORG), f"read:orgs/{ORG}/buckets/{B1}"),
        (Permission("write", "buckets", None, ORG), f"write:orgs/{ORG}/buckets"),
        (Permission("read", "orgs", ORG), f"read:orgs/{ORG}"),
        (Permission("write", "orgs"), "write:orgs"),
    ],
)
def test_how_messages_write_a_permission(permission: Permission, text: str) -> None:
    assert str(permission) == text
