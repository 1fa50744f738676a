"""Query strings as Rust reads them: form_urlencoded takes them apart, serde makes a struct of what it knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.http.params import read_serde, serde_fault
from mockflux.outcomes import PrecisionInvalid, QueryInvalid
from mockflux.profile import load_profile
from mockflux.profile.settings import ParamRules


def rules(**changes: Any) -> ParamRules:
    """Those of /api/v3/write_lp, more or less."""
    chosen: dict[str, Any] = {
        "target": "db", "retention_policy": "", "org": (), "precisions": {"auto": 0, "s": 10**9, "ns": 1},
        "refuse_unknown": True, "cut_default": {}, "style": "serde", "required": ("db",),
        "flags": ("accept_partial", "no_sync"),
    }  # fmt: skip
    return ParamRules(**{**chosen, **changes})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "1"}),
        ("a=&a=2", {"a": ""}),
        ("a", {"a": ""}),
        ("=1", {"": "1"}),
        ("&&a=1&", {"a": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a=x+y%20z", {"a": "x y z"}),
        ("a+b=1", {"a b": "1"}),
        ("a=%2B", {"a": "+"}),
        ("%61=1", {"a": "1"}),
        ("a=%", {"a": "%"}),
        ("a=%2", {"a": "%2"}),
        ("a=%zz", {"a": "%zz"}),
        ("a=%C3%A9", {"a": "é"}),
        ("a=\u00c3\u00a9", {"a": "é"}),
        ("a=%E9", {"a": "\ufffd"}),
        ("%E9=1", {"\ufffd": "1"}),
        ("a=%00", {"a": "\0"}),
        ("A=1&a=2", {"A": "1", "a": "2"}),
    ],
)
def test_taken_apart(query: str, expected: dict[str, str]) -> None:
    assert read_serde(query) == expected


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_query_is_read(query: str) -> None:
    found = read_serde(query)
    for name, value in found.items():
        assert isinstance((name + value).encode(), bytes), "no half of a surrogate pair"
    serde_fault(f"/x?{query}", rules())


@pytest.mark.parametrize(
    "query", ["db=x", "&db=x&", "d%62=x", "db=", "db", "db=x&foo=1&foo=2", "db=x&precision=auto", "db=x&no_sync=true"]
)
def test_no_fault(query: str) -> None:
    assert serde_fault(f"/api/v3/write_lp?{query}", rules()) is None


@pytest.mark.parametrize(
    ("target", "kind", "field"),
    [
        ("/w", "absent", "db"),
        ("/w?", "missing", "db"),
        ("/w?DB=x", "missing", "db"),
        ("/w?precision=s", "missing", "db"),
        ("/w?db=x&db=x", "repeated", "db"),
        ("/w?db=x&d%62=y", "repeated", "db"),
        ("/w?precision=s&precision=h", "repeated", "precision"),
        ("/w?no_sync=1", "flag", "no_sync"),
        ("/w?db=x&no_sync=", "flag", "no_sync"),
        ("/w?db=x&no_sync", "flag", "no_sync"),
        ("/w?db=x&accept_partial=TRUE", "flag", "accept_partial"),
        ("/w?accept_partial=t&db=x&db=x", "flag", "accept_partial"),
        ("/w?db=x&db=x&accept_partial=t", "repeated", "db"),
    ],
)
def test_the_first_fault(target: str, kind: str, field: str) -> None:
    fault = serde_fault(target, rules())
    assert isinstance(fault, QueryInvalid)
    assert (fault.kind, fault.field) == (kind, field)


@pytest.mark.parametrize("precision", ["h", "", "S", "AUTO", "µ"])
def test_a_precision_that_is_none(precision: str) -> None:
    fault = serde_fault(f"/w?precision={precision.encode().decode('latin-1')}&db=x&db=x", rules())
    assert fault == PrecisionInvalid(precision, "auto, s, ns")


def test_only_what_is_known_is_looked_at() -> None:
    at_v2 = rules(target="bucket", required=(), flags=())
    assert serde_fault("/w?org=a&org=b&no_sync=1&accept_partial=x&db=x&db=y", at_v2) is None
    assert serde_fault("/w?", at_v2) is None
    fault = serde_fault("/w?bucket=a&bucket=a", at_v2)
    assert isinstance(fault, QueryInvalid)
    assert fault.field == "bucket"


@pytest.mark.parametrize("edition", ["v3-core", "v3-enterprise"])
def test_what_each_door_knows(edition: str) -> None:
    params = load_profile(edition).settings.params
    assert params["v3-write"].known == {"db", "precision", "accept_partial", "no_sync"}
    assert params["v2-write"].known == {"bucket", "precision"}
    assert params["v1-write"].known == {"db", "rp", "precision"}
