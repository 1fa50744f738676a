"""What is kept of a run, the table, two runs compared, and the gross-fall rule."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from benchmarks import bars, expected, results
from benchmarks.__main__ import main
from benchmarks.figures import Figure
from benchmarks.table import number, table


def run_of(*figures: Figure) -> dict:
    return json.loads(json.dumps(results.results(figures, ["a note"], short=True)))


def write(*rounds: float, flask: float = 10.0, **more: float) -> Figure:
    against = {"flask": flask, **{name.replace("_", "-"): value for name, value in more.items()}}
    return Figure(
        "write.mockflux.1.p50",
        "single write",
        "µs",
        list(rounds),
        {name: [v] * len(rounds) for name, v in against.items()},
    )


# ------------------------------------------------------------------------------------------ results


def test_a_result_says_of_what_it_is():
    result = run_of(write(5.0))
    assert set(result) >= {"commit", "changed", "python", "cpus", "date", "short", "notes", "figures"}
    [figure] = result["figures"]
    assert figure["value"] == 5.0
    assert figure["against"]["flask"] == {"value": 10.0, "ratio": 0.5, "rounds": [10.0]}


def test_a_result_is_read_back(tmp_path):
    result = run_of(write(5.0))
    (tmp_path / "one.json").write_text(json.dumps(result))
    assert results.load(tmp_path / "one.json") == result


@pytest.mark.parametrize("text", ["", "[]", "{}", "12"])
def test_another_file_is_no_result(tmp_path, text):
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(ValueError, match=r"one\.json is no result"):
        results.load(tmp_path / "one.json")


def test_a_result_of_another_format_is_told(tmp_path):
    (tmp_path / "one.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="format 99"):
        results.load(tmp_path / "one.json")


# ------------------------------------------------------------------------------------------ comparing


def change(before: Figure, after: Figure) -> str:
    [line] = [line for line in results.compare(run_of(before), run_of(after)).splitlines() if "flask" in line]
    return " ".join(line.split())


def test_the_change_of_a_ratio_is_told():
    assert change(write(5.0), write(10.0)) == "single write flask 0.50 1.00 × 2.00 WORSE"
    assert change(write(5.0), write(2.0)) == "single write flask 0.50 0.20 × 0.40 better"


def test_a_machine_of_another_speed_changes_no_ratio():
    assert change(write(5.0), write(50.0, flask=100.0)) == "single write flask 0.50 0.50 × 1.00"


def test_a_small_change_is_noise():
    assert change(write(5.0), write(5.9)) == "single write flask 0.50 0.59 × 1.18"


def test_of_speeds_more_is_better():
    slow, fast = (Figure("batch.small", "lines", "lines/s", [v], {"flask": [1.0]}, "more") for v in (1.0, 3.0))
    assert change(slow, fast).endswith("better")
    assert change(fast, slow).endswith("WORSE")


@pytest.mark.parametrize(("after", "factor"), [(50.0, "10.00"), (0.5, "0.10")])
def test_tails_are_shown_and_not_judged(after, factor):
    def tail(value):
        return Figure("write.mockflux.1.p99", "single write, p99", "µs", [value], {"flask": [10.0]})

    assert change(tail(5.0), tail(after)) == f"single write, p99 flask 0.50 {number(after / 10)} × {factor}"


def test_another_machine_is_told():
    old, new = run_of(write(5.0)), run_of(write(5.0))
    old["python"] = "CPython 3.10.0"
    assert f"careful: python was CPython 3.10.0 and is {new['python']}" in results.compare(old, new).splitlines()
    assert "careful" not in results.compare(new, new)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (True, False, "careful: old is a --short run, which does less of everything, new is a full run"),
        (False, True, "careful: old is a full run, new is a --short run, which does less of everything"),
        (True, True, None),
        (False, False, None),
    ],
)
def test_a_short_run_beside_a_full_one_is_told(old, new, told):
    one, other = run_of(write(5.0)), run_of(write(5.0))
    one["short"], other["short"] = old, new
    lines = results.compare(one, other).splitlines()
    assert [line for line in lines if line.startswith("careful")] == ([told] if told else [])


def test_what_one_run_only_has_is_told_by_its_label():
    file, stop = (Figure(id, label, "ms", [1.0]) for id, label in (("file.x", "x.lp, once"), ("life.stop", "stop")))
    text = results.compare(run_of(write(5.0), file), run_of(stop, write(5.0)))
    assert text.endswith("\n\nonly in old:\n  x.lp, once\n\nonly in new:\n  stop")
    assert "file.x" not in text
    assert "life.stop" not in text


def test_a_baseline_of_one_run_only_is_told_and_not_compared():
    def batch(*names: str) -> Figure:
        return Figure("batch.small", "5,000 lines", "lines/s", [1.0], {name: [1.0] for name in names}, "more")

    with_disk = batch("flask", "influxd-disk")
    old = run_of(write(5.0, influxd_disk=1.0), with_disk)
    text = results.compare(old, run_of(write(5.0), batch("flask")))
    assert text.endswith("\n\nonly in old:\n  all that is held against influxd-disk")
    assert text.count("influxd-disk") == 1
    text = results.compare(old, run_of(write(5.0), with_disk))
    assert text.endswith("\n\nonly in old:\n  single write ÷ influxd-disk")


def compared(tmp_path, *runs: dict):
    files = [tmp_path / f"{number}.json" for number in range(len(runs))]
    for file, run in zip(files, runs, strict=True):
        file.write_text(json.dumps(run))
    return CliRunner().invoke(main, ["compare", *map(str, files)])


def test_the_command_compares_two_files(tmp_path):
    done = compared(tmp_path, run_of(write(5.0)), run_of(write(10.0)))
    assert done.exit_code == 0
    assert "single write  flask  0.50  1.00  × 2.00  WORSE" in done.output


@pytest.mark.parametrize("other", [Figure("file.x", "x", "lines/s", [1.0]), write(5.0, flask=1.0)])
def test_two_files_with_nothing_in_common_end_in_a_sentence(tmp_path, other):
    """Neither a figure, nor what it is held against."""
    other = Figure(other.id, other.label, other.unit, other.rounds, {"loop": [1.0]})
    done = compared(tmp_path, run_of(write(5.0)), run_of(other))
    assert (done.exit_code, done.output) == (
        2,
        "Error: these two results have nothing in common: no figure is in both, held against the same\n",
    )


def test_a_file_that_is_no_result_ends_in_a_sentence(tmp_path):
    done = compared(tmp_path, {}, run_of(write(5.0)))
    assert done.exit_code == 2
    assert done.output == f"Error: {tmp_path / '0.json'} is no result of `python -m benchmarks --json`\n"


# ------------------------------------------------------------------------------------------ the gross fall


@pytest.mark.parametrize(("after", "fallen"), [(5.0, False), (14.9, False), (15.1, True), (0.1, False)])
def test_a_fall_by_three_is_gross(after, fallen):
    noted = expected.ratios([write(5.0)])
    assert noted == {"write.mockflux.1.p50": {"flask": 0.5}}
    assert bool(expected.falls([write(after)], noted)) is fallen


def test_of_speeds_a_third_is_a_fall():
    def batch(value):
        return Figure("batch.small", "lines", "lines/s", [value], {"flask": [1.0]}, "more")

    noted = expected.ratios([batch(9.0)])
    assert not expected.falls([batch(3.1)], noted)
    assert expected.falls([batch(2.9)], noted) == {
        "batch.small": "lines: 2.90 times flask, noted are 9.00 times, 3.1 times better"
    }


def test_a_slow_moment_is_no_fall():
    assert not expected.falls([write(500.0, flask=1_000.0)], expected.ratios([write(5.0)]))


def test_influxd_and_p99_are_not_noted():
    p99 = Figure("write.mockflux.1.p99", "single write", "µs", [5.0], {"flask": [10.0]})
    assert expected.ratios([write(5.0, influxd_disk=1.0), p99]) == {"write.mockflux.1.p50": {"flask": 0.5}}


def test_what_was_not_noted_or_not_measured_is_no_fall():
    assert not expected.falls([write(500.0)], {})
    assert not expected.falls([write(500.0)], {"other": {"flask": 0.1}, "write.mockflux.1.p50": {"loop": 0.1}})


def test_the_worst_of_what_is_noted_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(expected, "FILE", tmp_path / "expected.json")
    assert expected.noted() == {}
    expected.note([[write(5.0)], [write(6.0)], [write(4.0)]])
    assert expected.noted() == {"write.mockflux.1.p50": {"flask": 0.6}}


def test_the_worst_of_several_runs_is_noted_of_speeds_too(tmp_path, monkeypatch):
    monkeypatch.setattr(expected, "FILE", tmp_path / "expected.json")
    expected.note([[Figure("batch.small", "lines", "lines/s", [v], {"flask": [1.0]}, "more")] for v in (3.0, 2.0, 4.0)])
    assert expected.noted() == {"batch.small": {"flask": 2.0}}


def test_a_disturbed_round_is_no_fall():
    assert not expected.falls([write(500.0, 5.0, 400.0)], expected.ratios([write(5.0)]))


def test_a_lucky_round_of_a_baseline_is_no_fall():
    lucky = Figure("life.stop.v2-oss", "stop", "ms", [0.1, 0.1, 0.1], {"flask": [500.0, 0.4, 500.0]})
    assert not expected.falls([lucky], {"life.stop.v2-oss": {"flask": 0.0002}})


# ------------------------------------------------------------------------------------------ bars, table


def test_bars_are_judged_by_the_ratio_to_their_baseline():
    [(disk, reached), (tmpfs, missed)] = bars.judged(write(5.0, influxd_disk=5.0, influxd_tmpfs=3.0))
    assert (disk.limit, reached) == (1.0, True)
    assert (tmpfs.limit, missed) == (1.3, False)


def test_a_bar_without_its_baseline_is_not_judged():
    assert bars.judged(write(5.0)) == []


def test_a_bar_may_be_an_amount():
    [(bar, reached)] = bars.judged(Figure("memory.small.100.rss", "bytes", "bytes", [31.0]))
    assert (bar.limit, reached) == (30.0, False)


def test_the_table_has_ratios_and_no_empty_columns():
    head, rule, row = table([write(5.0, influxd_disk=4.0)]).splitlines()
    assert head.split("  ")[-1].strip() == "bar"
    assert "÷ disk" in head
    assert "÷ tmpfs" not in head
    assert set(rule) == {"-"}
    assert row.split("  ")[0] == "single write"
    assert "1.25" in row
    assert row.endswith("MISSED ≤ 1 × disk")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (123456.7, "123,457"),
        (99.96, "100.0"),
        (12.34, "12.3"),
        (0.456, "0.46"),
        (-3.2, "-3.20"),
        (0.00028, "0.00028"),
        (0.0, "0.00"),
    ],
)
def test_numbers_have_as_many_digits_as_say_something(value, shown):
    assert number(value) == shown
