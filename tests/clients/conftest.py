"""A server, and an excerpt of real-looking data with what it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mockflux import Server

EXCERPT = Path(__file__).parent.parent / "data" / "excerpt.lp"


@pytest.fixture
def server() -> Iterator[Server]:
    """A fresh v2-oss."""
    with Server("v2-oss", seed=1) as server:
        yield server


@pytest.fixture
def excerpt() -> list[str]:
    """160 lines: prices in three currencies, and wind power with fields of every type."""
    return EXCERPT.read_text(encoding="utf-8").splitlines()
