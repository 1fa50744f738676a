"""What all tests share."""

from __future__ import annotations

pytest_plugins = ["pytester"]  # runs pytest inside a test; only the uppermost conftest may name plugins
