"""What a call of a function in SELECT has to be like (influxdb query/compile.go)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mockflux.influxql.durations import show_duration
from mockflux.influxql.errors import StatementError
from mockflux.influxql.nodes import Call, Distinct, Duration, Expr, Integer, Number, Regex, VarRef, Wildcard

#: Functions of one column.
SELECTORS = frozenset(("max", "min", "first", "last"))
AGGREGATES = frozenset(("count", "sum", "mean", "median", "mode", "stddev", "spread"))
#: Functions of the values of one point, with the number of their arguments.
MATH = {
    **dict.fromkeys(("abs", "sin", "cos", "tan", "asin", "acos", "atan", "exp", "ln", "log2", "log10", "sqrt"), 1),
    **dict.fromkeys(("floor", "ceil", "round"), 1),
    **dict.fromkeys(("atan2", "pow", "log"), 2),
}
#: What computes with neighbours in time: the fewest and the most arguments.
_TRANSFORMATIONS = {
    "derivative": (1, 2),
    "non_negative_derivative": (1, 2),
    "elapsed": (1, 2),
    "difference": (1, 1),
    "non_negative_difference": (1, 1),
    "cumulative_sum": (1, 1),
    "moving_average": (2, 2),
}
_GO_TYPES = {"Integer": "IntegerLiteral", "Number": "NumberLiteral", "String": "StringLiteral", "Regex": "RegexLiteral"}
_GO_TYPES |= {"Boolean": "BooleanLiteral", "Binary": "BinaryExpr", "Paren": "ParenExpr", "Unsigned": "UnsignedLiteral"}
_GO_TYPES |= {"Duration": "DurationLiteral", "Time": "TimeLiteral"}


@dataclass(slots=True)
class Used:
    """What the fields of a SELECT have been found to use. ``interval``: the length of its groups in time (ns), which
    may be that of the query around it (``inherited``)."""

    interval: int = 0
    inherited: bool = False
    limit: int = 0
    target: bool = False
    calls: list[Call] = field(default_factory=list)
    only_selectors: bool = True
    distinct: bool = False
    columns: bool = False
    top_bottom: str = ""


class CallChecker:
    """Checks the calls of one field; ``wildcards``: whether it may contain ``*``, which no operation may."""

    def __init__(self, used: Used, *, wildcards: bool, check: Callable[[Expr], None]) -> None:
        """``check`` checks an argument that is an expression of its own."""
        self._used, self._wildcards, self._check = used, wildcards, check

    def check(self, call: Call) -> None:
        """Raises StatementError."""
        self._used.calls.append(call)
        name = call.name
        if name == "distinct":
            self.distinct(call.args, nested=False)
        elif name in SELECTORS or name in AGGREGATES:
            self._simple(call)
        elif name in _TRANSFORMATIONS:
            self._transformation(call)
        elif name in _OTHERS:
            _OTHERS[name](self, call)
        else:
            raise StatementError(f"undefined function {name}()")

    def _simple(self, call: Call) -> None:
        if call.name in AGGREGATES:
            self._used.only_selectors = False
        _count(call, 1)
        argument = call.args[0]
        if call.name == "count":
            inner = argument.call if isinstance(argument, Distinct) else argument
            if isinstance(inner, Call) and inner.name == "distinct":
                return self.distinct(inner.args, nested=True)
        self._column(call.name, argument)

    def distinct(self, args: tuple[Expr, ...], *, nested: bool) -> None:
        """``distinct()``, on its own or within another function."""
        if not args:
            raise StatementError("distinct function requires at least one argument")
        if len(args) > 1:
            raise StatementError("distinct function can only have one argument")
        if not isinstance(args[0], VarRef):
            raise StatementError("expected field argument in distinct()")
        self._used.distinct |= not nested
        self._used.only_selectors = False

    def _column(self, name: str, argument: Expr) -> None:
        match argument:
            case VarRef():
                return
            case Wildcard() | Regex():
                if not self._wildcards:
                    kind = "wildcard" if isinstance(argument, Wildcard) else "regex field"
                    raise StatementError(f"unsupported expression with {kind}: {name}()")
                self._used.only_selectors = False
            case _:
                raise StatementError(f"expected field argument in {name}()")

    def _nested(self, call: Call) -> None:
        if call.name == "distinct":
            self.distinct(call.args, nested=True)
        else:
            self._check(call)

    def _transformation(self, call: Call) -> None:
        name, args = call.name, call.args
        fewest, most = _TRANSFORMATIONS[name]
        if fewest != most:
            _count_between(call, fewest, most)
            if len(args) == 2:
                _positive_duration(args[1], f"second argument to {name} must be a duration, got {_go_type(args[1])}")
        else:
            _count(call, most)
        if name == "moving_average":
            window = args[1]
            if not isinstance(window, Integer):
                shown = _go_type(window)
                raise StatementError(f"second argument for moving_average must be an integer, got {shown}")
            if window.value <= 1:
                raise StatementError(f"moving_average window must be greater than 1, got {window.value}")
        self._used.only_selectors = False
        if isinstance(args[0], Call):
            if not self._used.interval:
                raise StatementError(f"{name} aggregate requires a GROUP BY interval")
            return self._nested(args[0])
        if self._used.interval and not self._used.inherited:
            raise StatementError(f"aggregate function required inside the call to {name}")
        self._column(name, args[0])

    def _percentile(self, call: Call) -> None:
        _count(call, 2)
        if not isinstance(call.args[1], (Integer, Number)):
            raise StatementError("expected float argument in percentile()")
        self._column("percentile", call.args[0])

    def _sample(self, call: Call) -> None:
        _count(call, 2)
        size = call.args[1]
        if not isinstance(size, Integer):
            raise StatementError("expected integer argument in sample()")
        if size.value <= 0:
            raise StatementError(f"sample window must be greater than 1, got {size.value}")
        self._column("sample", call.args[0])

    def _integral(self, call: Call) -> None:
        _count_between(call, 1, 2)
        if len(call.args) == 2:
            _positive_duration(call.args[1], "second argument must be a duration")
        self._used.only_selectors = False
        self._column("integral", call.args[0])

    def _holt_winters(self, call: Call) -> None:
        name, args = call.name, call.args
        _count(call, 3)
        predictions, season = args[1], args[2]
        if not isinstance(predictions, Integer):
            raise StatementError(f"expected integer argument as second arg in {name}")
        if predictions.value <= 0:
            raise StatementError(f"second arg to {name} must be greater than 0, got {predictions.value}")
        if not isinstance(season, Integer):
            raise StatementError(f"expected integer argument as third arg in {name}")
        if season.value < 0:
            raise StatementError(f"third arg to {name} cannot be negative, got {season.value}")
        self._used.only_selectors = False
        if not isinstance(args[0], Call):
            raise StatementError(f"must use aggregate function with {name}")
        if not self._used.interval:
            raise StatementError(f"{name} aggregate requires a GROUP BY interval")
        self._nested(args[0])

    def _top_bottom(self, call: Call) -> None:
        name, args, used = call.name, call.args, self._used
        if used.top_bottom:
            raise StatementError(f"selector function {used.top_bottom}() cannot be combined with other functions")
        if len(args) < 2:
            raise StatementError(f"invalid number of arguments for {name}, expected at least 2, got {len(args)}")
        limit = args[-1]
        if not isinstance(limit, Integer):
            raise StatementError(f"expected integer as last argument in {name}(), found {limit}")
        if limit.value <= 0:
            raise StatementError(f"limit ({limit.value}) in {name} function must be at least 1")
        if 0 < used.limit < limit.value:
            bound = f"can not be larger than the LIMIT ({used.limit}) in the select statement"
            raise StatementError(f"limit ({limit.value}) in {name} function {bound}")
        if not isinstance(args[0], VarRef):
            raise StatementError(f"expected first argument to be a field in {name}(), found {args[0]}")
        for tag in args[1:-1]:
            if not isinstance(tag, VarRef):
                raise StatementError(f"only fields or tags are allowed in {name}(), found {tag}")
            used.columns |= not used.target
        used.top_bottom = name


_OTHERS: dict[str, Callable[[CallChecker, Call], None]] = {
    "percentile": CallChecker._percentile,
    "sample": CallChecker._sample,
    "integral": CallChecker._integral,
    "holt_winters": CallChecker._holt_winters,
    "holt_winters_with_fit": CallChecker._holt_winters,
    "top": CallChecker._top_bottom,
    "bottom": CallChecker._top_bottom,
}


def _count(call: Call, expected: int) -> None:
    if len(call.args) != expected:
        got = len(call.args)
        raise StatementError(f"invalid number of arguments for {call.name}, expected {expected}, got {got}")


def _count_between(call: Call, fewest: int, most: int) -> None:
    if not fewest <= len(call.args) <= most:
        expected = f"at least {fewest} but no more than {most}"
        got = len(call.args)
        raise StatementError(f"invalid number of arguments for {call.name}, expected {expected}, got {got}")


def _positive_duration(argument: Expr, complaint: str) -> None:
    if not isinstance(argument, Duration):
        raise StatementError(complaint)
    if argument.value <= 0:
        raise StatementError(f"duration argument must be positive, got {show_duration(argument.value)}")


def _go_type(expr: Expr) -> str:
    name = type(expr).__name__
    return f"*influxql.{_GO_TYPES.get(name, name)}"


def check_math(call: Call) -> None:
    """Raises StatementError if it has not as many arguments as it needs."""
    _count(call, MATH[call.name])
