"""``benchmarks/`` is not installed: it is found beside ``tests/``, from wherever pytest is run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
