"""Templates, their filters, and times as Go writes them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.profile.template import (
    FILTERS,
    Template,
    first_20_bytes,
    go_duration,
    rfc3339,
    rfc3339nano,
    single_quoted,
)
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
    with pytest.raises(ValueError, match="unknown filter 'x'; expected one of cut20, duration, line, q, quoted"):
        Template("${name:x}")


def test_some_put_in_for_people() -> None:
    template = Template('{"code":$code,"message":$message,"x":"$$"}')
    assert template.put_in({"code": '"invalid"'}) == '{"code":"invalid","message":$message,"x":"$$"}'


# ------------------------------------------------------------------------------------------ filters of InfluxDB 3


@pytest.mark.parametrize(
    ("complaint", "quoted"),
    [
        ("No fields were provided", "No fields were provided"),
        ("Unable to parse timestamp value `12`", "Unable to parse timestamp value '12'"),
        ("Expected tag key, got ``", "Expected tag key, got ''"),
        ("Found trailing content: ` a`b `", "Found trailing content: ' a`b '"),
        ("Found trailing content: `it's`", "Found trailing content: 'it's'"),
        ("one ` alone", "one ` alone"),
        ("", ""),
    ],
)
def test_single_quotes_around_what_a_grammar_quotes(complaint: str, quoted: str) -> None:
    assert single_quoted(complaint) == quoted
    assert Template("${reason:quoted}").fill({"reason": complaint}) == quoted


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", ""),
        ("abcdefghijklmnopqrst", "abcdefghijklmnopqrst"),
        ("abcdefghijklmnopqrstu", "abcdefghijklmnopqrst"),
        ("abcdefghijklmnopqrsé", "abcdefghijklmnopqrs"),
        ("é" * 11, "é" * 10),
        ("a" + "😀" * 6, "a" + "😀" * 4),
    ],
)
def test_twenty_bytes_to_the_end_of_a_character(text: str, cut: str) -> None:
    assert first_20_bytes(text) == cut
    assert Template('{"line":${line:cut20}}').fill({"line": text}, go_json) == f'{{"line":"{cut}"}}'


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=30))
def test_a_cut_text_is_the_longest_beginning_that_fits(text: str) -> None:
    cut = first_20_bytes(text)
    assert text.startswith(cut)
    assert len(cut.encode()) <= 20
    assert cut == text or len(text[: len(cut) + 1].encode()) > 20


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (1_690_715_148_178 * MS, "2023-07-30T11:05:48.178+00:00"),
        (120 * MS, "1970-01-01T00:00:00.120+00:00"),
        (1_500 * US, "1970-01-01T00:00:00.001500+00:00"),
        (1, "1970-01-01T00:00:00.000000001+00:00"),
        (-1, "1969-12-31T23:59:59.999999999+00:00"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807+00:00"),
    ],
)
def test_times_as_rust_writes_them(ns: int, text: str) -> None:
    assert rfc3339(ns) == text
    assert Template("at ${time:rfc3339}").fill({"time": ns}) == f"at {text}"


def test_a_word_with_a_capital() -> None:
    assert Template("precision: ${precision:title}").fill({"precision": "second"}) == "precision: Second"


def test_every_filter_is_known_by_its_name() -> None:
    assert set(FILTERS) >= {"q", "duration", "rfc3339nano", "rfc3339", "quoted", "cut20", "title"}
