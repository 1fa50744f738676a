"""What holds for every line and every body, by Hypothesis."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from mockflux import strategies
from mockflux.lineprotocol import BadLine, Field, FieldType, Line, Tags, to_bytes, to_text
from mockflux.lineprotocol.go import parse

# Raw bytes that can stand anywhere in a name, a newline excepted; backslashes only before what keeps them.
PLAIN = st.sampled_from(
    [b"a", b"B", b"7", b"_", b"#", b"'", b"\\x", b"\\\\x", b"\t", b"\r", b"\0", b"\xff", "日".encode()],
)


def escaped(names: bytes) -> st.SearchStrategy[tuple[bytes, bytes]]:
    """A name as sent and as meant. ``names``: the bytes that are written with a backslash."""
    special = st.sampled_from([(b"\\" + bytes([byte]), bytes([byte])) for byte in names])
    pieces = st.lists(st.one_of(PLAIN.map(lambda raw: (raw, raw)), special), min_size=1, max_size=5)
    joined = pieces.map(lambda drawn: (b"".join(raw for raw, _ in drawn), b"".join(meant for _, meant in drawn)))
    # At its front, a measurement would lose a blank or become a comment by a hash; here no name begins with one.
    return joined.filter(lambda pair: pair[0][:1] not in b"\t\0#" and pair[1] not in RESERVED)


RESERVED = {b"time", b"_field", b"_measurement", b"\0", b"\xff"}

STRING_PIECES = st.sampled_from(
    [(b'\\"', b'"'), (b"\\\\", b"\\"), (b"\\x", b"\\x"), (b"\\,", b"\\,"), (b"\n", b"\n")]
    + [(bytes([byte]), bytes([byte])) for byte in b" ,=#a'\r\0\xff"]
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
def go_lines(draw: st.DrawFn) -> tuple[bytes, str, Tags, tuple[Field, ...], int | None]:
    """A line with escapes in every position, and what it was made of."""
    measurement = draw(escaped(b', "='))
    tags = draw(st.lists(st.tuples(escaped(b", ="), escaped(b", =")), max_size=4, unique_by=lambda tag: tag[0][1]))
    drawn = draw(st.lists(st.tuples(escaped(b', "='), typed_values()), min_size=1, max_size=4))
    time = draw(st.none() | st.integers(-(2**63) + 2, 2**63 - 2))
    head = b",".join([measurement[0], *(key[0] + b"=" + value[0] for key, value in tags)])
    fields = b",".join(key[0] + b"=" + value[0] for key, value in drawn)
    gap = draw(st.sampled_from([b" ", b"  ", b" \t", b" \0 "]))
    text = head + gap + fields + (b"" if time is None else gap + b"%d" % time + draw(st.sampled_from([b"", b"  "])))
    return (
        text,
        to_text(measurement[1]),
        tuple((to_text(key), to_text(value)) for key, value in sorted((key[1], value[1]) for key, value in tags)),
        tuple(Field(to_text(key[1]), kind, meant) for key, (_, kind, meant) in drawn),
        time,
    )


@given(go_lines())
def test_a_line_means_what_it_was_made_of(made: tuple[bytes, str, Tags, tuple[Field, ...], int | None]) -> None:
    assert parse(made[0]) == [Line(1, *made)]


@given(st.lists(go_lines(), max_size=4))
def test_lines_are_cut_where_they_were_joined(
    made: list[tuple[bytes, str, Tags, tuple[Field, ...], int | None]],
) -> None:
    lines = parse(b"\n".join(line[0] for line in made))
    assert [line[1:] for line in lines] == made
    begins = [1 + sum(line[0].count(b"\n") + 1 for line in made[:index]) for index in range(len(made))]
    assert [line.number for line in lines] == begins


# Bytes that mean something, so that random bodies get past the first check.
SOUP = st.lists(
    st.sampled_from(
        [
            *(b"m", b"a", b"=", b",", b" ", b"\n", b"\\", b'"', b"1", b"i", b"u", b"e", b"-", b".", b"t", b"#", b"\t"),
            *(b"m v=1", b"=1", b'="', b",t=v", b" 17", b"\\\\=", b"time", b"\xff", b"\0", b"\r", b"9" * 30),
        ]
    ),
    max_size=30,
).map(b"".join)


@given(st.one_of(SOUP, st.binary()), st.sampled_from([1, 1_000, 1_000_000, 1_000_000_000]))
def test_any_bytes_parse(body: bytes, multiplier: int) -> None:
    parsed = parse(body, multiplier)
    physical = body.split(b"\n")
    assert len(parsed) <= len(physical)
    numbers = [line.number for line in parsed]
    assert numbers == sorted(set(numbers))
    for line in parsed:
        assert line.text in body
        assert physical[line.number - 1].lstrip(b" \t\0").startswith(line.text.split(b"\n")[0])
        if isinstance(line, BadLine):
            assert line.complaint
        else:
            assert line.measurement
            assert line.fields
            assert list(line.tags) == sorted(line.tags, key=lambda tag: to_bytes(tag[0]))
            assert line.time is None or abs(line.time * multiplier) <= 2**63 - 2


@given(SOUP.map(lambda body: re.sub(rb'["\\]', b"", body)))
def test_a_batch_is_its_lines_one_by_one(body: bytes) -> None:
    one_by_one = [
        line._replace(number=number) for number, text in enumerate(body.split(b"\n"), start=1) for line in parse(text)
    ]
    assert parse(body) == one_by_one


@given(SOUP)
@example(b' 17="\nm')
def test_a_line_says_the_same_alone(body: bytes) -> None:
    """The text of a result, parsed by itself, gives that result: messages quote all there is to know.

    But the newline at the end of a string that is open to the end of the body would be cut off once more; and a blank
    before the line, which messages leave out, lets quotes open a string over several lines.
    """
    for line in parse(body):
        if not line.text.endswith(b"\n"):
            leads = (b"", b" ") if b"\n" in line.text else (b"",)
            assert [line._replace(number=1)] in [parse(lead + line.text) for lead in leads]


@given(strategies.batches())
def test_strategies_for_users_are_read_as_they_say(batch: strategies.Batch) -> None:
    lines = parse(batch.body)
    assert [line.text for line in lines] == [line.text for line in batch.lines]
    assert [strategies.Point(*line[2:]) for line in lines if isinstance(line, Line)] == [
        line.point for line in batch.lines
    ]
