"""What is written: three kinds of lines, made from a seed, and the files of ../shared/data where they are there.

* small: 1 value, 59 bytes or so;
* typical: as telegraf sends them, 4 measurements of 25 hosts, 5 tags, 10 fields, 318 bytes or so;
* nasty: escapes in every place, quoted strings with commas, spaces, newlines and quotes, comments, blank lines.

InfluxDB 1.6 knows no unsigned integers: what it takes part in is written with ``i`` instead of ``u``.
"""

from __future__ import annotations

import random
from pathlib import Path

BATCH = 5_000
#: 2023-11-14T22:13:20Z
_START = 1_700_000_000_000_000_000
_SECOND = 1_000_000_000
_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
#: The files that are used, with the precision of their timestamps.
FILES = {"bay-area-weather.lp": "", "bitcoin.lp": "", "eu-wind-data.lp": "s", "random-numbers.lp": ""}
_FREE_TEXT = (
    "plain", "two words", "a,b,c", "k=v", 'he said \\"no\\"', "first line\nsecond line", "back\\\\slash", "", "ünïcödé",
    "# no comment",
)  # fmt: skip


def small(seed: int, lines: int = BATCH) -> bytes:
    """Lines of one float, in 100 series."""
    chance = random.Random(seed)
    return "".join(
        f"cpu,host=server{n % 100:02},region=eu value={chance.uniform(0, 100):.2f} {_time(seed, n, lines)}\n"
        for n in range(lines)
    ).encode()


def typical(seed: int, lines: int = BATCH) -> bytes:
    """Lines as telegraf sends them: full-precision floats, integers, a boolean, a string."""
    chance = random.Random(seed)
    return "".join(
        f"{('cpu', 'disk', 'memory', 'network')[n % 4]},arch=x64,datacenter=eu-central-1a,host=host_{n // 4 % 25:02},"
        f"rack={n // 4 % 25 % 7},service=web-frontend "
        f"usage_user={chance.uniform(0, 100)!r},usage_system={chance.uniform(0, 100)!r},"
        f"usage_idle={chance.uniform(0, 100)!r},load1={chance.uniform(0, 8)!r},total={chance.randrange(2**34)}i,"
        f"used={chance.randrange(2**33)}i,free={chance.randrange(2**33)}i,uptime={n + seed}i,active={n % 3 > 0},"
        f'status="{("ok", "degraded", "rebooting")[n % 3]}" {_time(seed, n, lines)}\n'
        for n in range(lines)
    ).encode()


def nasty(seed: int, lines: int = BATCH, *, unsigned: bool = False) -> bytes:
    """Lines that a simple parser gets wrong; about one in twenty is a comment or blank."""
    chance, suffix, out = random.Random(seed), "u" if unsigned else "i", []
    for n in range(lines):
        if n % 40 == 0:
            out.append('# a comment, with=equals and "quotes"\n')
        elif n % 40 == 20:
            out.append("  \n" if n % 80 == 20 else "\n")
        else:
            out.append(
                f"my\\ mea\\,surement,tag\\ key=va\\ lue\\,{n % 50},tag\\=two=x\\=y "
                f"field\\ one={chance.uniform(-9, 9):.5f},"
                f'text="{chance.choice(_FREE_TEXT)}",count={chance.randrange(2**40)}{suffix},flag={chance.choice("tTfF")},'
                f"exp={chance.uniform(1, 9):.3f}e-{chance.randrange(1, 9)} {_time(seed, n, lines)}\n"
            )
    return "".join(out).encode()


def singles(count: int, start: int = 0) -> list[bytes]:
    """Bodies of one point each, all of one series and of one length, at times that nobody has written before."""
    return [b"cpu,host=server01,region=eu value=0.64 %d" % (_START + (start + n) * 1_000) for n in range(count)]


def files() -> dict[str, bytes]:
    """The shared files that are there, by name."""
    return {name: (_SHARED / name).read_bytes() for name in FILES if (_SHARED / name).is_file()}


def points_in(text: bytes) -> int:
    """How many lines of a shared file are points (none of them has a newline within a string)."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.startswith(b"#"))


def _time(seed: int, n: int, lines: int) -> int:
    """Its own for each line of each seed, so that nothing is written twice."""
    return _START + (seed * lines + n) * _SECOND // 100
