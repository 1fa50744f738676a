"""What a point is asked before it is stored: questions in the order of the profile's, each written once, here.

A bench judges the points of one batch in turn. It remembers the types and columns that its fit points have brought, so
that they count for the points after them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import takewhile

from mockflux.lineprotocol import BadLine, ColumnType, FieldType, Line, LineAsWritten, to_bytes
from mockflux.reasons import (
    ColumnNotInSchema,
    DuplicateField,
    DuplicateTag,
    MeasurementNotInSchema,
    OutsideRetention,
    Reason,
    ReservedName,
    SchemaTypeMismatch,
    StringTooLong,
    TimeOutOfRange,
    TooManyColumns,
    TooManyFields,
    TooManyTables,
    TypeConflict,
)
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing.rules import Room, WriteRules
from mockflux.writing.timing import INT64, Timing

_Objection = Callable[["Bench", Line, int], Reason | None]


class Bench:
    """Judges the points of one batch in turn.

    ``lines`` are all of the batch, for reasons that tell of it as a whole; without them those are not to be told.
    """

    def __init__(
        self,
        lines: Sequence[Line | BadLine],
        timing: Timing,
        data: BucketData,
        write: WriteRules,
        storage: StorageRules,
        room: Room,
    ) -> None:
        self._lines, self._timing, self._data, self._write, self._storage = lines, timing, data, write, storage
        self._room = room
        self._known_types: dict[tuple[Hashable, str], FieldType] = {}
        self._columns: dict[str, dict[str, ColumnType]] = {}
        self._new_tables = 0  # of those in _columns
        # Functions, not bound methods: a bench in a cycle would keep the lines until garbage is collected.
        self._objections: list[_Objection] = [getattr(Bench, f"_{name}") for name in write.objections]
        self._column_objections: list[_Objection] = [getattr(Bench, f"_{name}") for name in write.column_objections]
        #: What refused points leave behind: see :class:`mockflux.writing.judge.Judgement`.
        self.left: list[tuple[Line, int, tuple[str, ...]]] = []

    def objection(self, line: Line, time: int) -> Reason | None:
        """Why the point cannot be stored; None if it can, and then its types count for the points after it."""
        reason = self._first(self._objections, line, time)
        if reason is None:
            self._remember(line, time)
        elif isinstance(reason, TypeConflict):
            self._leave(line, time, reason)
        return reason

    def _first(self, objections: Iterable[_Objection], line: Line, time: int) -> Reason | None:
        """The first of the objections that there is to the line."""
        for objection in objections:
            reason = objection(self, line, time)
            if reason is not None:
                return reason
        return None

    def trimmed(self, line: Line) -> Line:
        """The line without those of its fields that are left out in silence."""
        reserved = self._write.reserved_fields
        if self._write.reserved_beside == "refuse" or not reserved:
            return line
        fields = tuple(field for field in line.fields if field.key not in reserved)
        return line._replace(fields=fields) if fields and len(fields) < len(line.fields) else line

    def _remember(self, line: Line, time: int) -> None:
        scope = self._data.scope(line, time)
        self._known_types.update({(scope, key): type for key, type, _ in line.fields})
        if self._storage.tags_are_columns:
            columns = self._columns.get(line.measurement)
            if columns is None:
                columns = self._columns[line.measurement] = {}
                self._new_tables += not self._data.columns(line.measurement)
            for key, type in self._of(line):
                columns.setdefault(key, type)

    # ---------------------------------------------------------------- time

    def _retention(self, line: Line, time: int) -> Reason | None:
        timing = self._timing
        if time >= timing.bound or not timing.retention or self._storage.late_points == "store":
            return None
        return OutsideRetention(line.measurement, series_key(line), time, timing.bound, timing.retention)

    def _time_range(self, line: Line, time: int) -> Reason | None:
        if time in INT64 or line.time is None:
            return None
        return TimeOutOfRange(line.time, self._timing.precision)

    # ---------------------------------------------------------------- names and values

    def _reserved_names(self, line: Line, time: int) -> Reason | None:
        # A name that is a column already conflicts with it instead.
        known = self._data.columns(line.measurement) or self._columns.get(line.measurement, {})
        for key, _ in line.tags:
            if key in self._write.reserved_tags and key not in known:
                return ReservedName(line.measurement, key, "tag")
        for key, _, _ in line.fields:
            if key in self._write.reserved_fields and key not in known:
                return ReservedName(line.measurement, key)
        return None

    def _string_lengths(self, line: Line, time: int) -> Reason | None:
        limit = self._write.string_limit
        # A value cannot be longer than its line: spares the usual line the look at each field.
        if not limit or len(line.text) <= limit:
            return None
        for key, _, value in line.fields:
            if isinstance(value, str) and (length := len(to_bytes(value))) > limit:
                return StringTooLong(line.measurement, key, length, limit)
        return None

    def _duplicate_tags(self, line: Line, time: int) -> Reason | None:
        seen: set[str] = set()
        for key, _ in line.written:  # empty where no tag key stands twice
            if key in seen:
                return DuplicateTag(line.measurement, key)
            seen.add(key)
        return None

    def _mixed_fields(self, line: Line, time: int) -> Reason | None:
        """A field key that stands twice, with two types."""
        seen: dict[str, FieldType] = {}
        for key, type, _ in line.fields:
            if seen.setdefault(key, type) != type:
                return DuplicateField(line.measurement, key, "other")
        return None

    def _duplicate_fields(self, line: Line, time: int) -> Reason | None:
        """A field key that stands twice, whatever its types."""
        seen: set[str] = set()
        for key, _, _ in line.fields:
            if key in seen:
                return DuplicateField(line.measurement, key)
            seen.add(key)
        return None

    # ---------------------------------------------------------------- explicit schemas

    def _schema(self, line: Line, time: int) -> Reason | None:
        schemas = self._data.schemas
        if schemas is None:
            return None
        schema, first = schemas.measurement(line.measurement), line.fields[0].key
        if schema is None:
            return MeasurementNotInSchema(line.measurement, first)
        for key, _ in line.tags:
            if not schema.is_tag(key):
                return ColumnNotInSchema(line.measurement, first, key, "tag")
        for key, got, _ in line.fields:
            want = schema.field_type(key)
            if want is None:
                return ColumnNotInSchema(line.measurement, key, key)
            if want != got:
                return SchemaTypeMismatch(line.measurement, key, got, want)
        return None

    # ---------------------------------------------------------------- types and columns

    def _types(self, line: Line, time: int) -> Reason | None:
        scope = self._data.scope(line, time)
        stored = self._data.types(line, time)
        own: dict[str, ColumnType] = {}
        if self._storage.tags_are_columns:
            for key, _ in line.written or line.tags:
                want, where = self._column(line.measurement, key)
                if want not in (None, "tag"):
                    return TypeConflict(line.measurement, key, "tag", want, where)
                own[key] = "tag"
        for key, got, _ in line.fields:
            want, where = own.get(key) or self._known_types.get((scope, key)), "batch"
            if want is None:
                want, where = stored.get(key), "stored"
            if want is None and self._storage.tags_are_columns:
                column, where = self._column(line.measurement, key)
                want = column if column in ("tag", "timestamp") else None
            if want is not None and want != got:
                return TypeConflict(line.measurement, key, got, want, where)
            own[key] = got
        return None

    def _types_from_last(self, line: Line, time: int) -> Reason | None:
        """As ``_types``, but fields are looked at from the last one to the first, up to one whose key has stood there
        with another type (iox source, mutable_batch_lp/src/lib.rs)."""
        if self._types(line, time) is None:
            return None
        seen: dict[str, FieldType] = {}
        looked_at = tuple(takewhile(lambda own: seen.setdefault(own.key, own.type) == own.type, reversed(line.fields)))
        return self._types(line._replace(fields=looked_at), time)

    def _column(self, measurement: str, key: str) -> tuple[ColumnType | None, str]:
        """The type of a column of the table, and where it comes from."""
        in_batch = self._columns.get(measurement, {}).get(key)
        return (in_batch, "batch") if in_batch else (self._data.columns(measurement).get(key), "stored")

    def _leave(self, line: Line, time: int, conflict: TypeConflict) -> None:
        """Note what a point leaves behind that is refused for the type of a field: those before it."""
        if self._storage.leaves != "types" or conflict.got == "tag":
            return
        before = list(takewhile(lambda own: own[:2] != (conflict.field, conflict.got), line.fields))
        self._known_types.update({(self._data.scope(line, time), own.key): own.type for own in before})
        self.left.append((line, time, tuple(dict.fromkeys(own.key for own in before))))

    def _each_column(self, line: Line, time: int) -> Reason | None:
        asked = self._column_objections
        reason = self._first(asked, line, time)
        if reason is None:
            return None
        # Whatever is wrong with the beginning of a line is wrong with all of it: the shortest one is sought.
        tags = line.written or line.tags
        lengths = range(1, len(tags) + len(line.fields))
        end = bisect_left(lengths, True, key=lambda n: self._first(asked, _beginning(line, n), time) is not None)
        return self._first(asked, _beginning(line, lengths[end]), time) if end < len(lengths) else reason

    def _column_limit(self, line: Line, time: int) -> Reason | None:
        limit = self._room.columns
        stored, batch = self._data.columns(line.measurement), self._columns.get(line.measurement, {})
        # Where the time is a column, it is in `columns` once there is a row, and may not count.
        extra = int(self._room.time_counts)
        if not limit or len(stored) + len(batch) + len(line.tags) + len(line.fields) + extra <= limit:
            return None
        if self._width({*stored, *batch, *(key for key, _ in self._of(line))}) <= limit:
            return None
        wanted = self._wanted_widths.get(line.measurement, 0)
        return TooManyColumns(line.measurement, self._width(stored.keys()), wanted, limit)

    @cached_property
    def _wanted(self) -> Mapping[str, AbstractSet[str]]:
        """The columns that the batch has, good lines or not, by table. Looked up only once a limit is exceeded."""
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for own in self._lines:
            if isinstance(own, Line):
                wanted[own.measurement].update(key for key, _ in self._of(own))
        return wanted

    @cached_property
    def _wanted_widths(self) -> Mapping[str, int]:
        """How many columns each table of the batch would have, whole."""
        stored = self._data.columns
        return {table: self._width({*stored(table), *columns}) for table, columns in self._wanted.items()}

    @cached_property
    def _wanted_tables(self) -> int:
        """How many tables the batch has that there are not yet."""
        return sum(not self._data.columns(table) for table in self._wanted)

    def _family_limit(self, line: Line, time: int) -> Reason | None:
        limit = self._room.family_fields
        families = dict.fromkeys(family for own in line.fields if (family := _family(own.key))) if limit else {}
        if not families:
            return None
        stored, batch = self._data.columns(line.measurement), self._columns.get(line.measurement, {})
        sizes = Counter(map(_family, {*stored, *batch, *(own.key for own in line.fields)}))
        for family in families:
            if sizes[family] > limit:
                return TooManyFields(line.measurement, family, limit)
        return None

    def _width(self, columns: AbstractSet[str]) -> int:
        """The number of columns of a table, as the limit counts them."""
        own = len(columns - {"time"}) if self._storage.time_column else len(columns)
        return own + int(self._room.time_counts and bool(columns))

    def _table_limit(self, line: Line, time: int) -> Reason | None:
        room = self._room
        if not room.tables or self._data.columns(line.measurement) or line.measurement in self._columns:
            return None
        there = room.elsewhere + self._data.table_count
        if there + self._new_tables < room.tables:
            return None
        return TooManyTables(line.measurement, there, there + self._wanted_tables, room.tables)

    def _of(self, line: Line) -> Iterator[tuple[str, ColumnType]]:
        """The columns that a line brings, tags first, in its own order."""
        for key, _ in line.written or line.tags:
            yield key, "tag"
        for key, type, _ in line.fields:
            yield key, type
        if self._storage.time_column:
            yield "time", "timestamp"


def _beginning(line: Line, columns: int) -> Line:
    """The line with so many of its columns, tags first; its series stays the same."""
    tags = line.written or line.tags
    fields = line.fields[: max(0, columns - len(tags))]
    own = LineAsWritten(line.number, line.text, line.measurement, line.tags, fields, line.time)
    own.written = tags[:columns]
    return own


def _family(key: str) -> str:
    """The family of a field's name, ``family::field``; empty where it has none."""
    family, mark, _ = key.partition("::")
    return family if mark else ""


_KEY_ESCAPES = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})
_NAME_ESCAPES = str.maketrans({",": "\\,", " ": "\\ "})


def series_key(line: Line) -> str:
    """Measurement and tags as line protocol writes them: ``home,room=Living\\ Room``."""
    tags = "".join(f",{key.translate(_KEY_ESCAPES)}={value.translate(_KEY_ESCAPES)}" for key, value in line.tags)
    return line.measurement.translate(_NAME_ESCAPES) + tags
