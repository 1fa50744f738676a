"""Presets of ``[write]``, and what one request's own parameter changes (``when``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux.profile import ProfileError, load_profile
from mockflux.profile.presets import spelt_out
from mockflux.writing.rules import PRESETS

Write = Callable[..., Path]

OWN = '[edition]\nid = "mine"\nextends = "v3-core"\n'
ATOMIC = {"malformed": "reject_batch", "unfit": "reject_batch"}
KEEP = {"malformed": "keep_good", "unfit": "keep_good"}


def fates(path: Path | str, door: str, parameter: tuple[str, str] | None = None) -> tuple[str, str]:
    """What malformed and unfit lines do to the others at a door; given a parameter and its value, with them."""
    rules = load_profile(path).settings
    chosen = rules.write[door] if parameter is None else rules.write_when[door][parameter]
    return chosen.malformed, chosen.unfit


# ---------------------------------------------------------------- spelt out


def test_a_name_stands_for_several_settings() -> None:
    assert spelt_out({"write": {"preset": "atomic"}}) == {"write": ATOMIC}
    assert spelt_out({"write": {"preset": "keep_good", "empty": "refuse"}}) == {"write": {**KEEP, "empty": "refuse"}}


def test_what_stands_beside_it_counts_more() -> None:
    assert spelt_out({"write": {"preset": "atomic", "unfit": "keep_good"}}) == {
        "write": {"malformed": "reject_batch", "unfit": "keep_good"}
    }


def test_tables_within_have_their_own() -> None:
    data = {"write": {"preset": "keep_good", "at": {"v3-write": {"when": {"x=1": {"preset": "atomic"}}}}}}
    assert spelt_out(data) == {"write": {**KEEP, "at": {"v3-write": {"when": {"x=1": ATOMIC}}}}}


def test_in_the_values_of_a_switch() -> None:
    data = {
        "switches": {"partial": {"default": True, "values": {"false": {"write": {"preset": "atomic"}}, "true": {}}}}
    }
    spelt = spelt_out(data)
    assert spelt["switches"]["partial"]["values"] == {"false": {"write": ATOMIC}, "true": {}}


def test_elsewhere_a_preset_is_a_word_like_any_other() -> None:
    data = {"storage": {"preset": "atomic"}, "write": {"preset": "nobody knows it"}}
    assert spelt_out(data) == data


def test_what_was_given_stays_as_it_was() -> None:
    data = {"write": {"preset": "atomic", "at": {"v2-write": {"preset": "keep_good"}}}}
    spelt_out(data)
    assert data == {"write": {"preset": "atomic", "at": {"v2-write": {"preset": "keep_good"}}}}


@pytest.mark.parametrize("name", PRESETS)
def test_a_profile_can_use_each(write: Write, name: str) -> None:
    # Settings that the parent does not have need a source of their own.
    more = "".join(f'"write.{key}" = "documented: a test"\n' for key in PRESETS[name].keys() - KEEP.keys())
    path = write(OWN + f'[write]\npreset = "{name}"\n[evidence]\n{more}')
    assert fates(path, "v3-write") == (PRESETS[name]["malformed"], PRESETS[name]["unfit"])
    rules = load_profile(path).settings.write["v3-write"]
    assert (rules.unit, rules.queued) == {
        "atomic": ("line", frozenset()),
        "keep_good": ("line", frozenset()),
        "queued": ("field", frozenset({"type_conflict", "outside_retention"})),
    }[name]


def test_what_a_preset_brings_needs_a_source(write: Write) -> None:
    with pytest.raises(ProfileError, match=r'evidence\."write\.unit": missing key'):
        load_profile(write(OWN + '[write]\npreset = "queued"\n'))


def test_a_childs_preset_beats_its_parents(write: Write) -> None:
    write(OWN.replace("mine", "parent") + '[write]\npreset = "atomic"\n', "parent.toml")
    path = write('[edition]\nid = "child"\nextends = "parent"\n[write]\nmalformed = "keep_good"\n')
    assert fates(path, "v2-write") == ("keep_good", "reject_batch")


def test_a_preset_that_there_is_not(write: Write) -> None:
    with pytest.raises(ProfileError, match=r"write\.preset: expected one of atomic, keep_good, queued, got 'nothing'"):
        load_profile(write(OWN + '[write]\npreset = "nothing"\n'))


# ---------------------------------------------------------------- when


def test_a_parameter_of_the_request_changes_the_rules_of_its_door() -> None:
    assert fates("v3-core", "v3-write") == ("keep_good", "keep_good")
    assert fates("v3-core", "v3-write", ("accept_partial", "false")) == ("reject_batch", "reject_batch")
    rules = load_profile("v3-core").settings
    when = rules.write_when["v3-write"]["accept_partial", "false"]
    assert when.report == {"malformed": "first", "unfit": "first", "together": "first"}
    assert when.objections == rules.write["v3-write"].objections, "the rest is the door's"
    assert ("accept_partial", "false") not in rules.write_when.get("v2-write", {})


def test_when_can_be_for_every_door(write: Write) -> None:
    path = write(OWN + '[write.when."x=1"]\nempty = "accept"\n[evidence]\n"write.when" = "documented: a test"\n')
    settings = load_profile(path).settings
    for door in ("v1-write", "v2-write"):
        assert settings.write[door].empty == "refuse"
        assert settings.write_when[door]["x", "1"].empty == "accept"


def test_a_condition_is_a_parameter_and_its_value(write: Write) -> None:
    with pytest.raises(ProfileError, match="a parameter and its value, such as accept_partial=false"):
        load_profile(write(OWN + '[write.when."Partial"]\npreset = "atomic"\n'))
