"""What holds for every line and every body in the grammar ``iox``, by Hypothesis."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from mockflux import strategies
from mockflux.lineprotocol import BadLine, Field, FieldType, Line, Tags, to_bytes, to_text
from mockflux.lineprotocol.iox import parse, rendered

# Raw bytes that can stand anywhere in a name, a newline excepted; backslashes only before what keeps them.
PLAIN = st.sampled_from(
    [b"a", b"B", b"7", b"_", b"#", b"'", b"\\x", b"\\\t", b"\\\0", b"\r", b'\\"', b"\x01", b"\xff", "日".encode()]
)

Pair = tuple[bytes, bytes]
Made = tuple[bytes, str, Tags, tuple[Field, ...], int | None, Tags]


def escaped(names: bytes, *bare: bytes) -> st.SearchStrategy[Pair]:
    """A name as sent and as meant. ``names``: the bytes that are written with a backslash; ``bare``: the bytes that
    can stand without one here, but not everywhere."""
    special = st.sampled_from([(b"\\" + bytes([byte]), bytes([byte])) for byte in names])
    plain = st.one_of(PLAIN, st.sampled_from(bare)) if bare else PLAIN
    pieces = st.lists(st.one_of(plain.map(lambda raw: (raw, raw)), special), min_size=1, max_size=5)
    joined = pieces.map(lambda drawn: (b"".join(raw for raw, _ in drawn), b"".join(meant for _, meant in drawn)))
    return joined.filter(lambda pair: not pair[1].endswith(b"\\"))


MEASUREMENTS = escaped(b", \\", b"=", b'"').filter(lambda pair: not pair[0].startswith(b"#"))
TAG_KEYS = escaped(b",= \\", b",", b"\0", b'"')
TAG_VALUES = escaped(b",= \\", b"=", b"\0", b'"')
FIELD_KEYS = escaped(b",= \\", b"\0")

STRING_PIECES = st.sampled_from(
    [(b'\\"', b'"'), (b"\\\\", b"\\"), (b"\\x", b"\\x"), (b"\\,", b"\\,"), (b"\n", b"\n")]
    + [(bytes([byte]), bytes([byte])) for byte in b" ,=#a'\r\0\t\xff"]
)


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[bytes, FieldType, float | int | str | bool]:
    kind: FieldType = draw(st.sampled_from(["float", "integer", "unsigned", "string", "boolean"]))
    if kind == "string":
        pieces = draw(st.lists(STRING_PIECES, max_size=6))
        text = b"".join(raw for raw, _ in pieces)
        return b'"' + text + b'"', kind, to_text(b"".join(meant for _, meant in pieces))
    meant = draw(strategies.values(kind))
    if kind == "boolean":
        return draw(st.sampled_from([b"t", b"TRUE", b"True"] if meant else [b"f", b"FALSE", b"False"])), kind, meant
    if kind == "float":
        return repr(meant).encode(), kind, meant
    zeros = b"0" * draw(st.sampled_from([0, 0, 1, 30]))
    assert isinstance(meant, int)
    sign = b"-" if meant < 0 else b""
    return sign + zeros + b"%d" % abs(meant) + kind[:1].encode(), kind, meant


@st.composite
def iox_lines(draw: st.DrawFn) -> Made:
    """A line with escapes in every position, and what it was made of; a tag key may stand twice."""
    measurement = draw(MEASUREMENTS)
    tags = draw(st.lists(st.tuples(TAG_KEYS, TAG_VALUES), max_size=4))
    drawn = draw(st.lists(st.tuples(FIELD_KEYS, typed_values()), min_size=1, max_size=4))
    time = draw(st.none() | st.integers(-(2**63), 2**63 - 1))
    head = b",".join([measurement[0], *(key[0] + b"=" + value[0] for key, value in tags)])
    fields = b",".join(key[0] + b"=" + value[0] for key, value in drawn)
    gap = draw(st.sampled_from([b" ", b"  "]))
    text = head + gap + fields + (b"" if time is None else gap + b"%d" % time + draw(st.sampled_from([b"", b"  "])))
    written = tuple((to_text(key[1]), to_text(value[1])) for key, value in tags)
    ordered = tuple(sorted(dict(written).items(), key=lambda tag: to_bytes(tag[0])))
    return (
        text,
        to_text(measurement[1]),
        ordered,
        tuple(Field(to_text(key[1]), kind, meant) for key, (_, kind, meant) in drawn),
        time,
        () if written == ordered else written,
    )


def _told(line: Line | BadLine) -> Made:
    assert isinstance(line, Line), line
    _, text, measurement, tags, fields, time = line
    return text, measurement, tags, fields, time, line.written


@given(iox_lines())
def test_a_line_means_what_it_was_made_of(made: Made) -> None:
    (line,) = parse(made[0])
    assert line.number == 1
    assert _told(line) == made


@given(st.lists(iox_lines(), max_size=4))
def test_lines_are_cut_where_they_were_joined(made: list[Made]) -> None:
    lines = parse(b"\n".join(line[0] for line in made))
    assert [_told(line) for line in lines] == made
    begins = [1 + sum(line[0].count(b"\n") + 1 for line in made[:index]) for index in range(len(made))]
    assert [line.number for line in lines] == begins


@given(iox_lines())
def test_what_is_rendered_means_the_same(made: Made) -> None:
    """As long as there is no string, whose quotes are gone, and no backslash, which may stand for itself."""
    (line,) = parse(made[0])
    assert isinstance(line, Line)
    anew = rendered(line)
    if b"\\\\" not in made[0] and all(field.type != "string" for field in line.fields):
        (again,) = parse(anew)
        assert _told(again) == (anew, *made[1:])


# Bytes that mean something, so that random bodies get past the first check.
SOUP = st.lists(
    st.sampled_from(
        [
            *(b"m", b"a", b"=", b",", b" ", b"\n", b"\\", b'"', b"1", b"i", b"u", b"e", b"-", b".", b"t", b"#", b"\t"),
            *(
                b"m v=1",
                b"=1",
                b'="',
                b",t=v",
                b" 17",
                b"\\\\=",
                b"time",
                b"\xff",
                b"\0",
                b"\r",
                b"9" * 30,
                b"\xc3\xa9",
            ),
        ]
    ),
    max_size=30,
).map(b"".join)

ENDS = {
    "Invalid measurement was provided",
    "No fields were provided",
    "Measurements, tag keys and values, and field keys may not end with a backslash",
}
QUOTES = re.compile(
    "(?:Could not parse entire line. Found trailing content: `(.+)`"
    "|Tag set malformed: could not find equals sign in `(.+)`"
    "|Expected (?:at least one space character|tag key|tag value), got (?:end of input|`(.+)`)"
    "|Unable to parse (?:integer|unsigned integer|timestamp) value `(-?[0-9]+)`)",
    re.DOTALL,
)


@given(st.one_of(SOUP, st.binary()))
def test_any_bytes_parse(body: bytes) -> None:
    parsed = parse(body)
    physical = body.split(b"\n")
    assert len(parsed) <= len(physical)
    numbers = [line.number for line in parsed]
    assert numbers == sorted(set(numbers))
    for line in parsed:
        assert line.text in body
        assert physical[line.number - 1].lstrip(b" \t").startswith(line.text.split(b"\n")[0])
        assert line.text[:1] not in b" \t\n#"
        if isinstance(line, BadLine):
            assert line.complaint in ENDS or _quotes(line)
        else:
            assert line.measurement
            assert line.fields
            assert list(line.tags) == sorted(line.tags, key=lambda tag: to_bytes(tag[0]))
            assert line.tags == tuple(sorted(dict(line.written or line.tags).items(), key=lambda tag: to_bytes(tag[0])))
            assert line.time is None or -(2**63) <= line.time < 2**63
            assert rendered(line)


def _quotes(line: BadLine) -> bool:
    """The complaint is one that quotes, and what it quotes is on the line."""
    found = QUOTES.fullmatch(line.complaint)
    assert found, line.complaint
    quoted = next((group for group in found.groups() if group is not None), "")
    return to_bytes(quoted.removesuffix("...")) in line.text


@given(SOUP.map(lambda body: re.sub(rb'["\\]', b"", body)))
def test_a_batch_is_its_lines_one_by_one(body: bytes) -> None:
    one_by_one = [
        line._replace(number=number) for number, text in enumerate(body.split(b"\n"), start=1) for line in parse(text)
    ]
    assert parse(body) == one_by_one


@given(SOUP)
@example(b'# ="\nm v="1"\n')
def test_a_line_says_the_same_alone(body: bytes) -> None:
    """The text of a result, parsed by itself, gives that result, if it is on one physical line: else the blanks and
    comments before it, which are left out, can have a say in where it ends."""
    for line in parse(body):
        if b"\n" not in line.text:
            assert parse(line.text) == [line._replace(number=1)]


@given(strategies.batches())
def test_strategies_for_users_are_read_as_they_say(batch: strategies.Batch) -> None:
    lines = parse(batch.body)
    assert [line.text for line in lines] == [line.text for line in batch.lines]
    assert [strategies.Point(*line[2:]) for line in lines if isinstance(line, Line)] == [
        line.point for line in batch.lines
    ]
