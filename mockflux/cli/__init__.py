"""The command line: ``mockflux serve``, ``mockflux editions``, ``mockflux explain``."""

from __future__ import annotations

from mockflux.cli.commands import main as main
