"""The contract of v1-oss-1.6 against a real InfluxDB 1.6: `mockflux verify`, without and with authentication.

Each server listens on loopback only, on ports of its own, keeps its data in a temporary folder that is removed, and
sends no statistics to anyone (benchmarks/servers.py). Exits 1 if anything differs, if nothing was played, or if the
server is left with something of the run. Where there is no influxd, one line says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.servers import INFLUXD, Influxd

#: The admin that :class:`Influxd` makes.
_USER, _PASSWORD = "admin", "secret"


def verify(port: int, folder: Path, *, auth: bool) -> bool:
    """Verify the server at a port, its report shown; whether all held."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "mockflux", "verify", f"http://127.0.0.1:{port}", "--profile", "v1-oss-1.6"]
    done = subprocess.run(
        [*command, "--json", str(report), *(["--user", _USER] if auth else [])],
        env={**os.environ, **({"MOCKFLUX_PASSWORD": _PASSWORD} if auth else {})},
        check=False,
    )
    if done.returncode:
        return False
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if told["left_behind"]:
        print("left behind:", *told["left_behind"], sep="\n  ")
    return not told["left_behind"]


def main() -> int:
    """0 if all held, or if there is no influxd."""
    if not os.access(INFLUXD, os.X_OK):
        print(f"no influxd: {INFLUXD} is not there; v1-oss-1.6 is not verified against a real server")
        return 0
    held = []
    for auth in (False, True):
        print(f"+ influxd, authentication {'on' if auth else 'off'}", flush=True)
        with tempfile.TemporaryDirectory(prefix="mockflux-live-") as name:
            server = Influxd(name, auth=auth)
            try:
                held.append(verify(server.port, Path(name), auth=auth))
            finally:
                server.close()
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
