"""What all tests share."""

from __future__ import annotations

import hypothesis
import trustme  # noqa: F401  before any test runs pytest within this process, which forgets what it imported first

pytest_plugins = ["pytester"]  # runs pytest inside a test; only the uppermost conftest may name plugins

# How quick a machine is says nothing about the code.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")
