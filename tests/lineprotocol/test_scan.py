"""What a pattern takes, both grammars take in the same way."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from mockflux import strategies
from mockflux.lineprotocol import BadLine, FieldValue, Line, go, iox, to_bytes
from mockflux.lineprotocol.scan import (
    Fields,
    behind_nothing,
    converted,
    head_end,
    pattern,
    plain_fields,
    plain_head,
    whole,
)

GRAMMARS = [go, iox]

PIECES = st.sampled_from(
    [b"a", b"b", b"time", b"_field", b"\\ ", b"\\,", b"\\=", b"\\\\", b'"', b'\\"', b"\\", b"=", b",", b".", b"\t",
     b"\r", b"\x00", b"\xff", b"\xc2\xa0", "é".encode(), b"#", b"-", b"+", b"'"]
)  # fmt: skip
SIMPLE = st.sampled_from([b"a", b"b", b"c", b"d\\ e", b"f\\,", b"\xc3\xa9"])
NAMES = st.one_of(SIMPLE, SIMPLE, SIMPLE, st.lists(PIECES, min_size=1, max_size=3).map(b"".join))
STRINGS = st.lists(
    st.sampled_from([b"a", b'\\"', b"\\\\", b"\\", b"\\n", b"\n", b" ", b",", b"=", b"\x00", b"\r", b"\xff", b'"']),
    max_size=5,
).map(lambda pieces: b'"' + b"".join(pieces) + b'"')
NUMBERS = st.lists(
    st.sampled_from([b"1", b"0", b"9" * 10, b".", b"-", b"+", b"e", b"E5", b"i", b"u", b"_"]), max_size=5
)
GOOD = st.sampled_from([b"1", b"-2.5", b"3e5", b"17i", b"-1i", b"4u", b'"s"', b"true", b"f"])
VALUES = st.one_of(
    GOOD,
    GOOD,
    NUMBERS.map(b"".join),
    STRINGS,
    st.sampled_from([b"t", b"T", b"true", b"True", b"TRUE", b"f", b"FALSE", b"tru", b"tRUE", b"nan", b"inf", b"1e400"]),
    st.floats().map(lambda value: repr(value).encode()),
    st.integers(-(2**70), 2**70).map(lambda value: b"%di" % value),
)
TIMES = st.sampled_from(
    [b"", b" 1", b" -1", b"  1", b" 1 ", b" 1i", b" 9999999999999999999", b" 007", b"\n", b" 1\n", b"\r"]
)


@st.composite
def alike(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two lines with the same head and keys, and whatever values."""
    head = draw(NAMES) + b"".join(
        b"," + key + b"=" + value for key, value in draw(st.lists(st.tuples(NAMES, NAMES), max_size=2))
    )
    keys = draw(st.lists(NAMES, min_size=1, max_size=3))

    def line(values: st.SearchStrategy[bytes]) -> bytes:
        return head + b" " + b",".join(key + b"=" + draw(values) for key in keys) + draw(TIMES)

    first = line(GOOD)
    return first, draw(st.sampled_from([first, line(GOOD), line(VALUES)]))


def the_line(grammar: ModuleType, text: bytes) -> Line | None:
    """The line that a text is by a grammar; None if it is none, or several."""
    parsed = grammar.parse(text)
    return parsed[0] if len(parsed) == 1 and isinstance(parsed[0], Line) else None


def check(first: bytes, second: bytes) -> bool:
    """Whether a pattern learned from the first line, by either grammar, takes the second; both must agree then."""
    taken = False
    for teacher in GRAMMARS:
        line = the_line(teacher, first)
        if line is None or (head := plain_head(line)) is None or (fields := plain_fields(line)) is None:
            continue
        if not second.startswith(head) or head_end(second, 0) != len(head):
            continue
        match = pattern(fields)(second, len(head))
        if match is None:
            continue
        taken = True
        *raw, stamp = match.groups()
        values = [read(type, text) for (_, type), text in zip(fields, raw, strict=True)]
        for grammar in GRAMMARS:
            entry, after = grammar.parse_next(second, 0)
            if isinstance(entry, BadLine) and too_great(entry.complaint):
                continue  # beyond 64 bits: told when the column is converted
            assert isinstance(entry, Line), (grammar.__name__, entry)
            assert (entry.measurement, entry.tags) == (line.measurement, line.tags)
            assert [field[:2] for field in entry.fields] == list(fields)
            assert [field.value for field in entry.fields] == values
            assert [type(field.value) for field in entry.fields] == list(map(type, values))
            assert entry.time == (None if stamp is None else int(stamp))
            assert min(after, len(second)) == match.end()
    return taken


def too_great(complaint: str) -> bool:
    return any(word in complaint for word in ("out of range", "outside range", "Unable to parse"))


def read(type: str, raw: bytes) -> FieldValue:
    try:
        (value,) = converted(type, [raw])  # type: ignore[arg-type]
    except OverflowError:
        return int(raw)
    return bool(value) if type == "boolean" else value  # type: ignore[no-any-return]


@settings(max_examples=500)
@given(alike())
@example((b"m v=1", b"m v=1e99 1\n"))
@example((b"m v=1i", b"m v=9999999999999999999i"))
@example((b'm\\ x,t\\,u=a\\=b f\\ g="a"', b'm\\ x,t\\,u=a\\=b f\\ g="\\"\\\\\n, =" 5\n'))
@example((b"m,t=a,t=b v=1", b"m,t=a,t=b v=2"))
@example((b"m,time=a v=1", b"m,time=a v=2"))
def test_a_pattern_takes_what_both_grammars_read_alike(lines: tuple[bytes, bytes]) -> None:
    event("taken" if check(*lines) else "left to the grammars")


@given(strategies.lines(), strategies.lines())
def test_valid_lines(first: strategies.Written, second: strategies.Written) -> None:
    check(first.text, first.text + b"\n" + second.text)
    check(first.text, second.text)


@pytest.mark.parametrize(
    "line",
    [
        b"m v=1", b"m v=1.5 17", b"m,t=a v=-0.25e-3,w=2i,x=3u,y=t,z=\"s\" 1\n", b'm s="a\\"b\\\\",t="a\nb" 1\nn v=1',
        b"m\\ n,t\\,a=b\\=c f\\=g=1 2", "meß,ö=ü ä=\"日\" 1".encode(), b"m,b=1,a=2 v=FALSE", b"m\\,n v=1",
        b"m#,t#=&#36; v#=1 2",
    ],
)  # fmt: skip
def test_usual_lines_are_taken(line: bytes) -> None:
    assert check(line.partition(b"\nn")[0], line)


@pytest.mark.parametrize(
    "line",
    [
        b"m  v=1", b"m v=1 ", b"m v=1\r\n", b'm v="a\\n"', b"m v=1,v=2", b"m,time=1 v=1", b"m,t=a,t=b v=1",
        b"m v=1e400",
        b"m v=.5", b"m v=+1", b"m v=1_0", b"m v=nan", b"m v=0x1", b"m\\x v=1", b'm"n v=1', b"m v=1 1i",
        b"m,t=%b v=1" % (b"a" * 1100), b"m %b=1" % (b"a" * 1100), b"m\\\\ v=1", b"m v=%b" % (b"1" * 30),
    ],
)  # fmt: skip
def test_what_is_for_the_grammars(line: bytes) -> None:
    assert not check(line, line)


@given(
    st.lists(st.sampled_from([b"\n", b"#", b"# x", b" ", b'"', b"\\", b"m v=1", b"\t", b"\n\n"]), max_size=8).map(
        b"".join
    )
)
def test_nothing_is_skipped_that_a_grammar_would_read(body: bytes) -> None:
    behind = behind_nothing(body, 0)
    for grammar in GRAMMARS:
        read = [(entry[1], entry[2:]) for entry in grammar.parse(body)]
        assert [(entry[1], entry[2:]) for entry in grammar.parse(body[behind:])] == read


@given(strategies.batches(max_size=4))
def test_one_line_after_the_other_is_the_whole(batch: strategies.Batch) -> None:
    for grammar in GRAMMARS:
        position, entries = 0, []
        while position < len(batch.body):
            entry, position = grammar.parse_next(batch.body, position)
            if entry is not None:
                entries.append(entry[1:])
        assert entries == [entry[1:] for entry in grammar.parse(batch.body)]


def test_names_are_those_of_the_line() -> None:
    (line,) = go.parse(b"m\\ n,a\\,b=c d\\=e=1 1")
    assert isinstance(line, Line)
    assert plain_head(line) == b"m\\ n,a\\,b=c"
    assert plain_fields(line) == (("d=e", "float"),)
    assert to_bytes(line.measurement) == b"m n"


# ---------------------------------------------------------------- a body at once


def one_by_one(fields: Fields, body: bytes) -> list[tuple[bytes, ...]] | None:
    """What reading a body at once has to find: line after line by the pattern, as long as no head has an escape."""
    position, found = 0, []
    while position < len(body):
        end = body.find(b" ", position)
        match = pattern(fields)(body, end) if end > position else None
        head = body[position:end]
        if match is None or b"\\" in head or b"\n" in head:
            return None
        *values, stamp = match.groups()
        found.append((head, *values, stamp or b""))
        position = match.end()
    return list(zip(*found, strict=True)) or None


@settings(max_examples=300)
@given(st.lists(alike(), min_size=1, max_size=4), st.booleans())
@example([(b"m v=1", b"m v=2")], True)
@example([(b'm v=1i,s="a" 1', b'm v=2i,s="a\nm v=3i,s=\\"b" 1')], False)
@example([(b"m v=1", b"x\nm v=2")], True)
@example([(b"m v=1", b"m v=2 x m v=3")], True)
def test_a_body_at_once_is_its_lines_one_by_one(pairs: list[tuple[bytes, bytes]], ended: bool) -> None:
    for grammar in GRAMMARS:
        line = the_line(grammar, pairs[0][0])
        fields = plain_fields(line) if line else None
        if fields is not None:
            body = b"\n".join(second.rstrip(b"\n") for _, second in pairs) + b"\n" * ended
            expected = one_by_one(fields, body)
            event("at once" if expected else "not")
            assert whole(fields).columns(body) == expected


@given(st.data())
def test_lines_of_one_kind_are_read_at_once(data: st.DataObject) -> None:
    kinds = {"float": "1.5", "integer": "-7i", "unsigned": "7u", "string": '"a \\" b"', "boolean": "true"}
    types = data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=4))
    fields = tuple((f"f {n}", type) for n, type in enumerate(types))
    text = ",".join(f"f\\ {n}={kinds[type]}" for n, type in enumerate(types))
    stamps = data.draw(st.lists(st.sampled_from(["", " 1", " -17"]), min_size=1, max_size=5))
    body = "\n".join(f"m,t={n} {text}{stamp}" for n, stamp in enumerate(stamps)).encode()
    for sent in (body, body + b"\n"):
        columns = whole(fields).columns(sent)  # type: ignore[arg-type]
        assert columns is not None
        assert columns[0] == tuple(b"m,t=%d" % n for n in range(len(stamps)))
        assert columns[-1] == tuple(stamp.strip().encode() for stamp in stamps)


@pytest.mark.parametrize(
    "piece",
    [b"\0", b"x", b"m ", b"a\n", b'm s="\n', b'm s="a",t="b\n', b'm s="\\\\\\"\n', b'm s="a\n', b'm s="\\"', b"m v=1,"],
)
def test_time_grows_as_the_body_does(piece: bytes) -> None:
    """With the square of it, these would take minutes."""
    body = b'm s="a",t="b"\n' + piece * (2**21 // len(piece))
    for fields in ((("v", "float"),), (("s", "string"),), (("s", "string"), ("t", "string"))):
        assert whole(fields).columns(body) is None  # type: ignore[arg-type]
