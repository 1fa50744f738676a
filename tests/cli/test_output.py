"""Output that cannot be written: a sentence, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [["editions"], ["explain", "v2-oss"], ["serve"]]
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_full_disk(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mockflux", *command], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60, env=ENVIRONMENT,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("mockflux: cannot write the output: ")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="the shell that closes stdout is POSIX's")
def test_no_stdout_at_all() -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -m mockflux explain v2-oss >&-', sys.executable],
        stderr=subprocess.PIPE, text=True, timeout=60, env=ENVIRONMENT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
