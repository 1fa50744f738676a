"""The command line: ``mockflux serve``, ``mockflux editions``, ``mockflux explain``, ``mockflux compare``."""

from __future__ import annotations

from mockflux.cli.commands import main as main
