"""Templates, their filters, and times as Go writes them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.profile.template import Template, go_duration, rfc3339nano
from mockflux.reply import go_json

US, MS, S = 10**3, 10**6, 10**9


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"), (1, "1ns"), (999, "999ns"), (US, "1µs"), (1_500, "1.5µs"), (MS, "1ms"), (1_000_001, "1.000001ms"),
        (300 * MS, "300ms"), (S - 1, "999.999999ms"), (S, "1s"), (1_500 * MS, "1.5s"), (S + 1, "1.000000001s"),
        (60 * S, "1m0s"), (61 * S, "1m1s"), (3600 * S, "1h0m0s"), (86_400 * S, "24h0m0s"), (168 * 3600 * S, "168h0m0s"),
        (3_661 * S + 500 * MS, "1h1m1.5s"), (-1_500 * MS, "-1.5s"), (-1, "-1ns"), (-3600 * S, "-1h0m0s"),
    ],
)  # fmt: skip
def test_durations(ns: int, text: str) -> None:
    assert go_duration(ns) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_700_000_000 * S, "2023-11-14T22:13:20Z"),
        (1_700_000_000 * S + 120 * MS, "2023-11-14T22:13:20.12Z"),
        (1_700_000_000 * S + 10, "2023-11-14T22:13:20.00000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (-S, "1969-12-31T23:59:59Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807Z"),
        (-(2**63), "1677-09-21T00:12:43.145224192Z"),
    ],
)
def test_times(ns: int, text: str) -> None:
    assert rfc3339nano(ns) == text


@settings(deadline=None, max_examples=50)
@given(st.integers(-(2**63), 2**63 - 1))
def test_times_keep_every_nanosecond(ns: int) -> None:
    text = rfc3339nano(ns)
    fraction = text[:-1].partition(".")[2]
    assert int(fraction.ljust(9, "0") or 0) == ns % S
    assert not fraction.endswith("0")


def test_placeholders() -> None:
    template = Template("bucket ${bucket:q} of $org costs $$5 after ${time:rfc3339nano}${span:duration}")
    assert template.names == {"bucket", "org", "time", "span"}
    facts = {"bucket": 'a"b', "org": "o", "time": 0, "span": S}
    assert template.fill(facts) == 'bucket "a\\"b" of o costs $5 after 1970-01-01T00:00:00Z1s'
    assert template.unknown(["bucket", "org"]) == ["span", "time"]


def test_facts_in_a_body_are_encoded_and_text_is_not() -> None:
    template = Template('{"code":$code,"at":${at:duration},"n":$n}')
    assert template.fill({"code": "<\n", "at": S, "n": 5}, go_json) == '{"code":"\\u003c\\n","at":"1s","n":5}'


def test_a_value_is_never_read_as_a_template() -> None:
    assert Template("$a $b").fill({"a": "$b ${b:q} $$", "b": "x"}) == "$b ${b:q} $$ x"


@pytest.mark.parametrize("source", ["costs $5", "$", "${name", "${name:q:q}", "${:q}", "$Name", "a $ b"])
def test_a_lone_dollar_sign(source: str) -> None:
    with pytest.raises(
        ValueError, match=r"a lone \$ in .*: write \$name, \$\{name:filter\}, or \$\$ for a dollar sign"
    ):
        Template(source)


def test_an_unknown_filter() -> None:
    with pytest.raises(ValueError, match="unknown filter 'x'; expected one of cut20, duration, q, quoted, rfc3339"):
        Template("${name:x}")


def test_some_put_in_for_people() -> None:
    template = Template('{"code":$code,"message":$message,"x":"$$"}')
    assert template.put_in({"code": '"invalid"'}) == '{"code":"invalid","message":$message,"x":"$$"}'
