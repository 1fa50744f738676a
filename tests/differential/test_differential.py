"""mockflux's ``v1-oss-1.6`` and a live influxd 1.6.7 are told the same, and must say and hold the same.

    MOCKFLUX_DIFFERENTIAL=10000 pytest -p no:randomly -n 0 tests/differential

The environment variable is the number of conversations for each of the two generators, 30 if it is not set. Where one
of them differs, the smallest one that was found is shown, with what differed. Hypothesis prints a line
``@reproduce_failure(…)`` beside it: put above the test, it plays that conversation alone. ``--hypothesis-seed=N`` draws
the same conversations again, whatever came of them; without it each run draws others.

Times are those of the clock in both servers. What chance decides is met twice: a difference counts if it comes again
in a fresh database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from differential_batches import Write, conversations, real_conversations
from differential_conversation import Difference, differences
from differential_known import KNOWN, Known
from differential_talk import Pair
from hypothesis import HealthCheck, Phase, given, settings

EXAMPLES = int(os.environ.get("MOCKFLUX_DIFFERENTIAL") or 30)
#: So often a difference by chance may stay away before it counts as gone.
TRIES = 200

_budget: Callable[[Any], Any] = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # In every run of the suite the same few, others where more are asked for.
    derandomize="MOCKFLUX_DIFFERENTIAL" not in os.environ,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    # To explain takes as many conversations as to shrink.
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


def lasting(pair: Pair, writes: Sequence[Write]) -> list[Difference]:
    """What differs each time: two servers may be asked on two sides of a second."""
    found, _ = differences(pair, writes)
    if not found:
        return []
    again = {(own.part, own.exchange.ask.label) for own in differences(pair, writes)[0]}
    return [own for own in found if (own.part, own.exchange.ask.label) in again]


def compare(pair: Pair, writes: Sequence[Write]) -> None:
    found = lasting(pair, writes)
    if found:
        raise AssertionError("\n".join(map(str, found[:3])))


@_budget
@pytest.mark.timeout(120 + EXAMPLES)  # seconds; it takes a tenth
@given(writes=conversations())
def test_both_say_and_hold_the_same(pair: Pair, writes: tuple[Write, ...]) -> None:
    compare(pair, writes)


@_budget
@pytest.mark.timeout(120 + EXAMPLES)  # seconds; it takes a tenth
@given(writes=real_conversations())
def test_both_say_and_hold_the_same_of_real_data(pair: Pair, writes: tuple[Write, ...]) -> None:
    compare(pair, writes)


@pytest.mark.parametrize("own", KNOWN, ids=lambda own: own.name)
def test_a_known_difference_is_still_there(pair: Pair, own: Known) -> None:
    """If it is not, the server or mockflux has changed: take it out of the list."""
    for _ in range(TRIES if own.by_chance else 1):
        unexplained, expected = differences(pair, own.example)
        assert not unexplained
        if own in expected:
            return
    pytest.fail(f"no longer there: {own.name}")


def test_a_difference_is_seen(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a reply, and of what is stored."""
    send = pair.mockflux.ask

    def otherwise(method: str, target: str, headers: tuple[str, ...] = (), body: bytes = b"") -> Any:
        return send(method, target, headers, body.replace(b"f=1", b"f=2").replace(b"bad", b"worse"))

    monkeypatch.setattr(pair.mockflux, "ask", otherwise)
    assert [own.part for own in lasting(pair, [Write((b"m f=1 1",))])] == ["stored"]
    assert {own.part for own in lasting(pair, [Write((b"m f=3 1", b"bad"))])} == {"body"}
    assert not lasting(pair, [Write((b"m f=3 1",))])
