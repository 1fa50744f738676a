r"""Hypothesis strategies for conversations: several writes to one database, from small pools so that they conflict.

A batch is a list of lines. A line has its measurement, tags, fields and time from a pool each; or it is one of those
that some grammar has stumbled over; or bytes of it have been changed. A time ``@1800@`` stands for so many seconds
from now, and is filled in when the batch is sent: what is in a policy's time depends on when it is asked.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

SECOND = 1_000_000_000
#: The nanoseconds of each precision; what is none is read as nanoseconds.
PRECISIONS = {"": 1, "ns": 1, "n": 1, "us": 1, "d": 1, "u": 1_000, "ms": 1_000_000, "s": SECOND, "m": 60 * SECOND,
              "h": 3600 * SECOND}  # fmt: skip
_COARSE = frozenset(("ms", "s", "m", "h"))

_MEASUREMENTS = [
    b"m", b"m", b"m", b"n", b"n", b"a\\ b", b"x\\,y", b'"q"', b"_i", b"\xc3\xa9", b"e\\=f", b"time", b"m\\",
]  # fmt: skip
_TAG_KEYS = [
    b"t", b"t", b"t", b"u", b"u", b"time", b"_field", b"_measurement", b"k\\ l", b"f", b'"t"', b"k\\,l", b"k\\=l",
    b"\xff", b"T",
]  # fmt: skip
_TAG_VALUES = [
    b"a", b"a", b"b", b"c\\ d", b'"x"', b"\xc3\xbc", b"e\\=f", b"g\\,h", b"=", b"a\\\\b", b"\x01", b"\xfe", b"1i",
]  # fmt: skip
_FIELD_KEYS = [b"f", b"f", b"f", b"g", b"g", b"time", b"_field", b"f\\ g", b"t", b'"f"', b"f\\,g", b"f\\=g", b"F"]
_VALUES = [
    b"1i", b"-5i", b"0i", b"9223372036854775807i", b"-9223372036854775808i", b"1", b"1.5", b"-0", b".5", b"5.",
    b"1e5", b"1E-5", b"1.7976931348623157e308", b"5e-324", b"123456789012345678901", b"0.1", b"1e21", b"1e20",
    b"0.000001", b"1e-7", b'"x"', b'""', b'"a b,c=d"', b'"a\\"b"', b'"a\\\\b"', b'"a\\nb"', b'"a\nb"',
    b'"<&>\xe2\x80\xa8"', b'"\xff"', b'"\x00"', b"true", b"T", b"f", b"False",
]  # fmt: skip
_BAD_VALUES = [
    b"1u", b"9223372036854775808i", b"1e400", b"NaN", b"x", b"", b'"', b'"a"b', b"1i1", b"--1", b"tru", b"0x1",
    b"1e", b"'a'", b"-", b".", b"+1", b"inf", b"1.5i", b"i",
]  # fmt: skip
#: In nanoseconds: three shards, and what lies around them.
_TIMES = [
    b"0", b"1", b"2", b"1000", b"1000", b"-1", b"604800000000000", b"604800000000001", b"1600000000123456789",
    b"1600000000123456789",
]  # fmt: skip
#: In whatever unit is asked for, so that they are in range in most of them.
_SMALL_TIMES = [b"0", b"1", b"2", b"2", b"170", b"400000", b"-1"]
_FAR_TIMES = [b"-9223372036854775806", b"9223372036854775806", b"9200000000000000000", b"-9200000000000000000"]
_BAD_TIMES = [
    b"x", b"1.5", b"+5", b"-", b"9223372036854775807", b"-9223372036854775808", b"99999999999999999999", b"1 2",
    b"5i", b"1\r",
]  # fmt: skip
_RELATIVE = [b"@-60@", b"@-1800@", b"@-1800@", b"@-7200@", b"@3600@", b"@-90000000@", b"@90000000@"]
_ODD_LINES = [
    b"", b" ", b"\t", b"# comment", b" # comment", b"#", b"\r", b"\x00", b"m", b"m ", b"m f", b"m f=", b"m =1",
    b"m,=a f=1", b"m,t= f=1", b"m,t f=1", b"m, f=1", b"m,t=a", b",t=a f=1", b"m,t=a,t=b f=1", b"m,t=a\tf=1",
    b"m f=1,", b"m f=1,,g=2", b"m f=1,g", b"m f=1 1 1", b"m f=1 1000 ", b"m  f=1  1000", b"m\tf=1 1",
    b"m f=1\t1000", b"m f=\"a\\\\\" 1000", b'm f="a', b'# "open', b"m f=1 1000\r", b"m\\ f=1", b"m,t=a\\ f=1 1000",
    b"m f\\=1=2 1000", b"m f==1", b'm "f"="x" 1000', b"m,\x00=a f=1 1000", b"m,\xff=a f=1 1000", b'm f="x"y 1000',
    b"m f=1 =1", b"m,t=a=b f=1 1000", b"m,t==a f=1 1000", b"m a\\\\=1 1000", b'm f="a\\"', b"m f=1 1000,g=2",
    b"m,t=a,u f=1", b"m,t=a,=b f=1", b"m f=1i,f=2 1000", b"m f=1,f=2 1000", b"m time=1 1000", b"m time=1",
    b"m,time=a time=1 1000", b"m,t=z time=1i,f=1 1000", b"n time=1i,time=2 1000",
]  # fmt: skip
#: Just as long as a key may be, with its field and without, and longer.
_LONG_LINES = [b"m,t=%s f=1 1" % (b"a" * length) for length in (65_526, 65_527, 65_531, 65_532)]
_SPLICES = [
    b",", b"=", b" ", b"\\", b'"', b"\n", b"\t", b"\r", b"\x00", b"\xff", b"i", b"0", b"#", b"-", b".", b"u", b"e",
    b",t=a", b"f=1", b" 1000", b"\\,", b"\\ ", b'\\"', b"time", b"\xc3",
]  # fmt: skip
_POLICIES = ["", "", "", "autogen", "hour", "hour", "other", "nope", "no\u00e9\n"]
_CONSISTENCIES = ["", "", "", "", "", "", "any", "ONE", "quorum", "all", "no"]
_BODIES = [
    "plain", "plain", "plain", "plain", "gzip", "gzip members", "gzip cut", "gzip damaged", "gzip and more",
    "not gzip", "GZIP",
]  # fmt: skip


@dataclass(frozen=True)
class Write:
    """A write request: its lines, and what goes with them. ``policy`` None leaves ``rp`` out, and so with the others.

    ``to``: which database it is for: the ``same`` as all the others, one that is ``unknown``, or ``none``.
    """

    lines: tuple[bytes, ...]
    precision: str = ""
    policy: str = ""
    consistency: str = ""
    form: str = "plain"
    to: str = "same"
    pretty: bool = False

    def body(self, now: int) -> bytes:
        """What is sent at a time, in ns."""
        unit = PRECISIONS[self.precision]

        def at(found: re.Match[bytes]) -> bytes:
            return b"%d" % ((now + int(found[1]) * SECOND) // unit)

        plain = b"\n".join([_RELATIVE_TIME.sub(at, line) for line in self.lines])
        return _packed(plain, self.form)


_RELATIVE_TIME = re.compile(rb"@(-?[0-9]{1,10})@")


def _packed(plain: bytes, form: str) -> bytes:
    if form in ("plain", "not gzip"):
        return plain
    packed = gzip.compress(plain, mtime=0)
    match form:
        case "gzip members":
            half = len(plain) // 2
            return gzip.compress(plain[:half], mtime=0) + gzip.compress(plain[half:], mtime=0)
        case "gzip cut":
            return packed[: len(packed) * 2 // 3]
        case "gzip damaged":
            return packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
        case "gzip and more":
            return packed + b"more"
    return packed


def encoding(form: str) -> str | None:
    """The value of ``Content-Encoding`` for a form of body."""
    if form == "plain":
        return None
    return "GZIP" if form == "GZIP" else "gzip"


# ------------------------------------------------------------------------------------------------------------ lines

_measurements, _tag_keys, _tag_values = map(st.sampled_from, (_MEASUREMENTS, _TAG_KEYS, _TAG_VALUES))
_field_keys, _values, _bad_values = map(st.sampled_from, (_FIELD_KEYS, _VALUES, _BAD_VALUES))
_odd_lines, _splices = st.sampled_from(_ODD_LINES + _LONG_LINES), st.sampled_from(_SPLICES)
_one_in_ten = st.sampled_from([False] * 9 + [True])
_one_in_twenty = st.sampled_from([False] * 19 + [True])
_tags = st.lists(st.tuples(_tag_keys, _tag_values), max_size=3)
_fields = st.lists(st.tuples(_field_keys, _values), min_size=1, max_size=3)
_times = {
    "ns": st.sampled_from(_TIMES * 4 + _FAR_TIMES),
    "unit": st.sampled_from(_SMALL_TIMES * 4 + _FAR_TIMES[:1]),
    "relative": st.sampled_from(_RELATIVE),
    "bad": st.sampled_from(_BAD_TIMES),
    "none": st.just(b""),
}
_places = st.integers(0, 1 << 16)


@st.composite
def _lines(draw: st.DrawFn, times: Sequence[str]) -> bytes:
    """One line, its time of one of these kinds."""
    if draw(_one_in_ten):
        return draw(_odd_lines)
    tags = draw(_tags)
    if not draw(_one_in_twenty):  # each key once
        tags = list(dict(tags).items())
    fields = draw(_fields)
    if draw(_one_in_twenty):
        fields = [*fields[:-1], (fields[-1][0], draw(_bad_values))]
    head = b",".join([draw(_measurements), *(key + b"=" + value for key, value in tags)])
    time = draw(_times[draw(st.sampled_from(times))])
    parts = [head, b",".join([key + b"=" + value for key, value in fields]), time]
    line = b" ".join([part for part in parts if part])
    return draw(_mutated(line)) if draw(_one_in_twenty) else line


@st.composite
def _mutated(draw: st.DrawFn, line: bytes) -> bytes:
    """The line with up to two pieces of it changed: something put in, taken out, doubled or replaced."""
    for _ in range(draw(st.integers(1, 2))):
        at = draw(_places) % (len(line) + 1)
        length = draw(st.integers(0, 3))
        match draw(st.sampled_from(["put in", "take out", "replace", "double"])):
            case "put in":
                line = line[:at] + draw(_splices) + line[at:]
            case "take out":
                line = line[:at] + line[at + length + 1 :]
            case "replace":
                line = line[:at] + draw(_splices) + line[at + length + 1 :]
            case "double":
                line = line[: at + length] + line[at:]
    return line


_forms, _policies = st.sampled_from(_BODIES), st.sampled_from(_POLICIES)
_consistencies, _precisions = st.sampled_from(_CONSISTENCIES), st.sampled_from(sorted(PRECISIONS))
_targets = st.sampled_from(["same"] * 30 + ["unknown", "none"])


@cache
def _batches(times: tuple[str, ...]) -> st.SearchStrategy[list[bytes]]:
    return st.lists(_lines(times), max_size=8)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Write, ...]:
    """Several writes to one database."""
    writes: list[Write] = []
    for _ in range(draw(st.integers(1, 4))):
        # Two writes without times within one second, minute or hour are the same point, and a test may just miss that.
        precision = draw(_precisions) if not any(write.precision in _COARSE for write in writes) else "ns"
        policy = draw(_policies)
        if policy == "hour":
            times = ("relative", "relative", "relative", "none", "bad", "ns")
        elif PRECISIONS[precision] == 1:
            times = ("ns",) * 12 + ("none", "relative", "bad")
        else:
            times = ("unit",) * 12 + ("none", "relative", "bad")
        writes.append(
            Write(
                tuple(draw(_batches(times))),
                precision,
                policy,
                draw(_consistencies),
                draw(_forms),
                draw(_targets),
                draw(_one_in_twenty),
            )
        )
    return tuple(writes)


# ------------------------------------------------------------------------------------------------------- real data

_HERE = Path(__file__).parent
_REAL = (_HERE.parents[2] / "shared" / "data", _HERE.parent / "data")


def _real_lines() -> list[bytes]:
    """Some lines of each file of the folder of real data, or else of the excerpt that is always there."""
    found: list[bytes] = []
    for path in sorted(next(folder for folder in _REAL if any(folder.glob("*.lp"))).glob("*.lp")):
        with path.open("rb") as file:
            found += [line.rstrip(b"\n") for line, _ in zip(file, range(6), strict=False) if line.strip()]
    return found


_real = st.deferred(lambda: st.sampled_from(_real_lines()))


@st.composite
def _of_real(draw: st.DrawFn) -> bytes:
    line = draw(_real)
    return draw(_mutated(line)) if draw(st.booleans()) else line


_real_batches = st.lists(_of_real(), min_size=1, max_size=6)


@st.composite
def real_conversations(draw: st.DrawFn) -> tuple[Write, ...]:
    """Several writes of real lines, of which some are changed a little."""
    return tuple(Write(tuple(lines)) for lines in draw(st.lists(_real_batches, min_size=1, max_size=3)))
