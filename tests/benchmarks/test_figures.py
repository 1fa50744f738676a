"""How figures come about: medians, ratios, turns, percentiles."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, figure, interleaved, latencies, percentile, rounded


def test_a_value_is_the_median_of_its_rounds():
    assert Figure("f", "a figure", "ms", [3.0, 1.0, 2.0]).value == 2.0


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds():
    # In the second round a neighbour slowed down both: the medians alone would say 10 / 30.
    made = Figure("f", "a figure", "ms", [10.0, 100.0, 9.0], {"flask": [20.0, 200.0, 30.0]})
    assert made.ratio("flask") == 0.5
    assert made.baseline("flask") == 30.0


def test_a_ratio_to_nothing_is_infinite():
    assert Figure("f", "a figure", "ms", [1.0], {"flask": [0.0]}).ratio("flask") == float("inf")


def test_rounds_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="zip"):
        Figure("f", "a figure", "ms", [1.0, 2.0], {"flask": [1.0]}).ratio("flask")


def test_alternatives_take_turns_and_the_first_round_does_not_count():
    calls = []

    def alternative(name):
        return lambda number: calls.append((number, name)) or {"p50": number}

    got = interleaved(2, {"a": alternative("a"), "b": alternative("b"), "c": alternative("c")})
    assert calls == [(0, "a"), (0, "b"), (0, "c"), (1, "b"), (1, "c"), (1, "a"), (2, "c"), (2, "a"), (2, "b")]
    assert got == {"p50": {"a": [1, 2], "b": [1, 2], "c": [1, 2]}}


def test_who_did_not_take_part_is_no_baseline():
    made = figure("f", "a figure", "ms", {"mockflux": [1.0], "flask": [2.0]}, "mockflux", ["flask", "influxd-disk"])
    assert made.against == {"flask": [2.0]}


@pytest.mark.parametrize(("part", "value"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentiles(part, value):
    assert percentile(list(range(100, 0, -1)), part) == value


def test_there_is_no_percentile_of_nothing():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_latencies_are_in_microseconds():
    assert latencies([1_000, 2_000, 3_000]) == {"p50": 2.0, "p99": 3.0}


@pytest.mark.parametrize(("value", "shown"), [(0.123456, 0.1235), (1234567.0, 1235000.0), (0.0, 0.0)])
def test_four_digits_are_kept(value, shown):
    assert rounded(value) == shown
