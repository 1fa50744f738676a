"""Whether a SELECT makes sense, as far as that can be told without any data (influxdb query/compile.go)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mockflux.influxql.conditions import Range, split
from mockflux.influxql.errors import StatementError
from mockflux.influxql.functions import MATH, CallChecker, Used, check_math
from mockflux.influxql.nodes import (
    LITERALS,
    Binary,
    Call,
    Distinct,
    Duration,
    Expr,
    Field,
    Fill,
    Paren,
    Regex,
    Select,
    String,
    Subquery,
    Time,
    VarRef,
    Wildcard,
    spine,
)
from mockflux.influxql.reduce import reduce
from mockflux.influxql.times import looks_like_time, read_time


@dataclass(frozen=True, slots=True)
class Checked:
    """A SELECT that makes sense: ``select`` with the fields computed as far as possible and no time among them,
    ``condition`` what WHERE says beside time, ``range`` its times, ``interval`` the length of groups in time (ns, 0 for
    none), ``time_name`` what the column of time is called."""

    select: Select
    condition: Expr | None
    range: Range
    interval: int
    time_name: str


def check(select: Select, *, now: int) -> Checked:
    """``now`` (ns) stands for ``now()``. Raises StatementError."""
    checked = _Checker(now).check(select, parent=None)
    for dimension in checked.select.dimensions:  # such an offset passes as a date, and then there is no use for it
        match dimension:
            case Call("time", (_, String() as offset)):
                raise StatementError(f"invalid time dimension offset: {offset}")
    return checked


class _Checker:
    def __init__(self, now: int) -> None:
        self._now = now

    def check(self, select: Select, parent: Used | None, ascending: bool | None = None) -> Checked:
        rest, range = split(select.condition, now=self._now, zone=select.zone)
        if rest is not None:
            _check_condition(rest)
        used = Used(limit=select.paging.limit, target=select.target is not None)
        dimensions = tuple(self._dimension(dimension, select, used) for dimension in select.dimensions)
        interval = used.interval
        if ascending is not None:
            if select.order and select.ascending != ascending:
                raise StatementError("subqueries must be ordered in the same direction as the query itself")
            if parent and parent.interval and not interval:
                used.interval, used.inherited = parent.interval, True
            elif interval and select.fill.option == "null":
                select = replace(select, fill=Fill("none"))
        direction = select.ascending if ascending is None else ascending
        fields = [Field(reduce(field.expr), field.alias) for field in select.fields]
        for field in fields:
            if not _is_time(field.expr):
                _FieldChecker(used).check(field.expr)
        _check_together(select, used, any(not _is_time(field.expr) for field in fields))
        for source in select.sources:
            if isinstance(source, Subquery):
                self.check(source.select, used, direction)
        time_name, kept = _without_time(fields)
        checked = replace(select, fields=tuple(map(_with_calls, kept)), dimensions=dimensions)
        return Checked(checked, rest, range, interval, time_name)

    def _dimension(self, dimension: Expr, select: Select, used: Used) -> Expr:
        dimension = reduce(dimension)
        match dimension:
            case VarRef(name):
                if name.lower() == "time":
                    raise StatementError("time() is a function and expects at least one argument")
            case Call():
                self._time_dimension(dimension, select, used)
            case Wildcard() | Regex():
                pass
            case _:
                raise StatementError("only time and tag dimensions allowed")
        return dimension

    def _time_dimension(self, call: Call, select: Select, used: Used) -> None:
        if call.name != "time":
            raise StatementError("only time() calls allowed in dimensions")
        if not 1 <= len(call.args) <= 2:
            raise StatementError("time dimension expected 1 or 2 arguments")
        if not isinstance(call.args[0], Duration):
            raise StatementError("time dimension must have duration argument")
        if used.interval:
            raise StatementError("multiple time dimensions not allowed")
        used.interval = call.args[0].value
        if len(call.args) == 2:
            _check_offset(call.args[1], select.zone)


def _check_offset(offset: Expr, zone: str) -> None:
    match offset:
        case Duration() | Time():
            return
        case Call("now", args):
            if args:
                raise StatementError("time dimension offset now() function requires no arguments")
            return
        case Call():
            raise StatementError("time dimension offset function must be now()")
        case String(text) if looks_like_time(text):
            try:
                read_time(text, zone)
            except ValueError:
                raise StatementError("invalid timestamp string") from None
            return
    raise StatementError("time dimension offset must be duration or now()")


def _is_time(expr: Expr) -> bool:
    return isinstance(expr, VarRef) and expr.name == "time"


def _without_time(fields: list[Field]) -> tuple[str, list[Field]]:
    """What the column of time is called, and the fields but those of time; a second one right behind one stays."""
    name, kept, passed = "time", [], False
    for field in fields:
        passed = _is_time(field.expr) and not passed
        if passed:
            name = field.alias or "time"
        else:
            kept.append(field)
    return name, kept


def _with_calls(field: Field) -> Field:
    """``DISTINCT name`` as a call, where a call can stand."""
    match field.expr:
        case Distinct():
            return Field(field.expr.call, field.alias)
        case Call(name, args):
            return Field(Call(name, tuple(a.call if isinstance(a, Distinct) else a for a in args)), field.alias)
    return field


def _is_constant(expr: Expr) -> bool:
    """Whether it is a literal, or can be computed from literals."""
    if isinstance(expr, Call):
        return MATH.get(expr.name) == len(expr.args) and all(map(_is_constant, expr.args))
    return isinstance(expr, LITERALS)


class _FieldChecker:
    """Checks one field. Within an operation no ``*`` and no regular expression may stand."""

    def __init__(self, used: Used) -> None:
        self._used = used
        self._wildcards = True

    def check(self, expr: Expr) -> None:
        match expr:
            case VarRef():
                self._used.columns = True
            case Wildcard() | Regex():
                if not self._wildcards:
                    kind = "wildcard" if isinstance(expr, Wildcard) else "regex"
                    raise StatementError(f"unable to use {kind} in a binary expression")
                self._used.columns = True
            case Call(name) if name in MATH and not _is_constant(expr):
                check_math(expr)
                for argument in expr.args:
                    if not _is_constant(argument):
                        self.check(argument)
            case Call(name) if name not in MATH:
                CallChecker(self._used, wildcards=self._wildcards, check=self.check).check(expr)
            case Distinct():
                self._used.calls.append(expr.call)
                CallChecker(self._used, wildcards=self._wildcards, check=self.check).distinct(
                    expr.call.args, nested=False
                )
            case Binary(_, left, right):
                self._wildcards = False
                operands = [side for side in (left, right) if not _is_constant(side)]
                if not operands:
                    raise StatementError("cannot perform a binary expression on two literals")
                for operand in operands:
                    self.check(operand)
            case Paren(inner):
                self.check(inner)
            case _:
                raise StatementError("field must contain at least one variable")


def _check_together(select: Select, used: Used, any_field: bool) -> None:
    """Whether the fields may stand beside each other."""
    if not any_field:
        raise StatementError("at least 1 non-time field must be queried")
    if len(used.calls) > 1 and used.top_bottom:
        raise StatementError(f"selector function {used.top_bottom}() cannot be combined with other functions")
    if not used.calls:
        if select.fill.option in ("none", "linear"):
            raise StatementError(f"{select.fill} must be used with a function")
        if used.interval and not used.inherited:
            raise StatementError("GROUP BY requires at least one aggregate function")
    if used.distinct and (len(used.calls) != 1 or used.columns):
        raise StatementError("aggregate function distinct() cannot be combined with other functions or fields")
    if used.columns and not used.only_selectors:
        raise StatementError("mixing aggregate and non-aggregate queries is not supported")
    if used.columns and len(used.calls) > 1:
        raise StatementError("mixing multiple selector functions with tags or fields is not supported")


def _check_condition(expr: Expr) -> None:
    match expr:
        case Binary():
            first, rest = spine(expr)
            for operand in (first, *(part.right for part in rest)):
                _check_condition(operand)
        case Call(name) if name not in MATH:
            raise StatementError(f"invalid function call in condition: {expr}")
        case Call(name, args):
            expected = 2 if name in ("atan2", "pow") else 1
            if len(args) != expected:
                raise StatementError(f"invalid number of arguments for {name}, expected {expected}, got {len(args)}")
            for argument in args:
                _check_condition(argument)
