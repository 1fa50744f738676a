"""Every vector of every profile, by every way it can go."""

from __future__ import annotations

import pytest

from mockflux.contract.vector import load_all
from mockflux.profile import concrete


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"vector", "way"} <= set(metafunc.fixturenames):
        cases = [(vector, way) for vector in load_all() for way in vector.ways]
        ids = [f"{vector.profile}-{vector.id}-{way}" for vector, way in cases]
        metafunc.parametrize(("vector", "way"), cases, ids=ids)
    elif "profile" in metafunc.fixturenames:
        metafunc.parametrize("profile", concrete())
