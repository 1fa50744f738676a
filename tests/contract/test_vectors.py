"""The contract: every vector holds, by socket, WSGI and direct call."""

from __future__ import annotations

import pytest

from mockflux.contract.play import play
from mockflux.contract.targets import Simulator
from mockflux.contract.vector import Vector


def test_vector(vector: Vector, way: str) -> None:
    played = play(vector, Simulator(way))
    if played.difference is not None:
        pytest.fail(str(played), pytrace=False)
    assert played.unchecked == []
