"""Statements run one after the other, until one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mockflux.influxql import change_statements as change
from mockflux.influxql import run_changes, run_deletes, run_show
from mockflux.influxql import show_statements as show
from mockflux.influxql.errors import NotSimulated, StatementError
from mockflux.influxql.evaluating import evaluate
from mockflux.influxql.nodes import Select
from mockflux.influxql.results import Result, Series
from mockflux.influxql.statements import Statement
from mockflux.influxql.stored import Stored
from mockflux.influxql.surroundings import Surroundings

_NOT_EXECUTED = "not executed"
#: Statements that change something, and are warned of in a request that should only read.
_CHANGES = (
    change.CreateDatabase, change.CreatePolicy, change.AlterPolicy, change.Drop, change.DropOn,
    change.CreateUser, change.SetPassword, change.Grant, change.GrantAdmin, change.DropShard,
    change.CreateContinuousQuery, change.CreateSubscription, change.DropSubscription,
)  # fmt: skip


def run(queries: Iterable[Statement], around: Surroundings, *, reading: bool) -> list[Result]:
    """What the statements come to, in order. The first that fails is the last that is run; each of the others is told
    not to have been executed, under the number of the one that failed (influxdb 1.6, query/executor.go). ``reading``:
    the request should only read (GET).

    Raises NotSimulated; what came before is done then.
    """
    queries, results = list(queries), []
    for number, statement in enumerate(queries):
        result = Result(number)
        results.append(result)
        try:
            result.series = _run(statement, around)
        except StatementError as error:
            result.error = str(error)
            results += [Result(number, error=_NOT_EXECUTED) for _ in queries[number + 1 :]]
            break
        if reading and _is_change(statement):
            result.warning = (
                f"deprecated use of '{statement}' in a read only context, please use a POST request instead"
            )
    return results


def _is_change(statement: Statement) -> bool:
    if isinstance(statement, change.Remove):
        return statement.what == "DROP SERIES"
    return isinstance(statement, _CHANGES) or (isinstance(statement, Select) and statement.target is not None)


def _run(statement: Statement, around: Surroundings) -> list[Series]:
    match statement:
        case Select():
            return evaluate(statement, Stored(around), database=around.database, now=around.now)
        case show.Show():
            return run_show.listing(statement, around)
        case show.ShowGrants():
            return run_show.grants(statement, around)
        case show.ShowRetentionPolicies():
            return run_show.retention_policies(statement, around)
        case show.ShowMeasurements():
            return run_show.measurements(statement, around)
        case show.ShowSchema():
            return run_show.of_schema(statement, around)
        case show.ShowCardinality():
            return run_show.cardinality(statement, around)
    step = _change(statement, around)
    if step is None:
        raise NotSimulated(str(statement))
    step()
    return []


def _change(statement: Statement, around: Surroundings) -> Callable[[], None] | None:
    match statement:
        case change.CreateDatabase():
            return lambda: run_changes.create_database(statement, around)
        case change.CreatePolicy():
            return lambda: run_changes.create_policy(statement, around)
        case change.AlterPolicy():
            return lambda: run_changes.alter_policy(statement, around)
        case change.Drop(what="DATABASE"):
            return lambda: run_changes.drop_database(statement.name, around)
        case change.Drop(what="USER"):
            return lambda: run_changes.drop_user(statement.name, around)
        case change.Drop(what="MEASUREMENT"):
            return lambda: run_deletes.drop_measurement(statement.name, around)
        case change.Remove():
            return lambda: run_deletes.remove(statement, around)
        case change.KillQuery(host=""):
            return lambda: _kill_query(statement.id)
        case change.DropOn(what="RETENTION POLICY"):
            return lambda: run_changes.drop_policy(statement, around)
        case change.CreateUser():
            return lambda: run_changes.create_user(statement, around)
        case change.SetPassword():
            return lambda: run_changes.set_password(statement, around)
        case change.Grant():
            return lambda: run_changes.grant(statement, around)
        case change.GrantAdmin():
            return lambda: run_changes.grant_admin(statement, around)
    return None


def _kill_query(id: int) -> None:
    """No query runs while another one is asked."""
    raise StatementError(f"no such query id: {id}")
