"""What all tests share."""

from __future__ import annotations

import trustme  # noqa: F401  before any test runs pytest within this process, which forgets what it imported first

pytest_plugins = ["pytester"]  # runs pytest inside a test; only the uppermost conftest may name plugins
