"""Results of InfluxQL as ``/query`` tells them, in JSON or in MessagePack (influxdb 1.6, services/httpd,
response_writer.go; query/result.go and models/rows.go)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from mockflux.http.gowriting import go_document
from mockflux.influxql.results import Cell, Result, Series
from mockflux.influxql.times import show_time
from mockflux.messagepack import Time, pack

#: ns in a unit of ``epoch``; whatever else is asked for is ns.
_EPOCHS = {"u": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}
#: How many rows a reply may have that does not come in pieces.
_MOST_ROWS = 10_000


def merged(results: Iterable[Result]) -> list[list[Result]]:
    """One document with all results. Of those with the same number the last one is told: so what a failed statement is
    said to have come to is what is said of the statements behind it."""
    return [list({result.statement_id: result for result in results}.values())]


def in_pieces(results: Iterable[Result], rows: int) -> Iterator[list[Result]]:
    """A document for each series and each so many ``rows`` of it, one after the other."""
    for result in results:
        pieces = [[piece] for series in result.series for piece in _pieces(series, rows)] or [[]]
        for number, piece in enumerate(pieces, 1):
            yield [replace(result, series=piece, partial=number < len(pieces))]


def _pieces(series: Series, rows: int) -> Iterator[Series]:
    cells = series.rows
    if cells is None or not series.timed or len(cells) <= rows:
        yield series
        return
    for start in range(0, len(cells), rows):
        yield replace(series, rows=cells[start : start + rows], partial=start + rows < len(cells))


# ------------------------------------------------------------------------------------------ JSON


def as_json(documents: Iterable[list[Result]], *, epoch: str, pretty: bool) -> bytes:
    """Each document in a line or, if it is to be ``pretty``, in several; times as RFC 3339 if ``epoch`` is empty."""
    told = [{"results": [_result(result, epoch) for result in document]} if document else {} for document in documents]
    text = "".join(go_document(one, "    " if pretty else None) + "\n" for one in told)
    return text.encode("utf-8", "surrogateescape")


def _result(result: Result, epoch: str) -> dict[str, Any]:
    told: dict[str, Any] = {"statement_id": result.statement_id}
    if result.series:
        told["series"] = [_series(series, epoch) for series in result.series]
    if result.warning:
        told["messages"] = _messages(result)
    if result.partial:
        told["partial"] = True
    if result.error:
        told["error"] = result.error
    return told


def _messages(result: Result) -> list[dict[str, str]]:
    return [{"level": "warning", "text": result.warning}]


def _series(series: Series, epoch: str) -> dict[str, Any]:
    told = _head(series)
    if series.rows is not None:
        told["values"] = [
            [_time(row[0], epoch, series.zone), *row[1:]] if series.timed else list(row) for row in series.rows
        ]
    if _is_part(series):
        told["partial"] = True
    return told


def _head(series: Series) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if series.name:
        told["name"] = series.name
    if series.tags:
        told["tags"] = dict(sorted(series.tags.items()))
    told["columns"] = list(series.columns)
    return told


def _is_part(series: Series) -> bool:
    return series.partial or (series.rows is not None and len(series.rows) > _MOST_ROWS)


def _time(time: Cell, epoch: str, zone: str) -> int | str:
    assert isinstance(time, int)
    return _since(time, epoch) if epoch else show_time(time, zone=zone)


def _since(time: int, epoch: str) -> int:
    unit = _EPOCHS.get(epoch, 1)
    return -(-time // unit) if time < 0 else time // unit


# ------------------------------------------------------------------------------------------ MessagePack


def as_messagepack(documents: Iterable[list[Result]], *, epoch: str) -> bytes:
    """Each document as a table, one behind the other; times as such if ``epoch`` is empty. A failed statement tells its
    error alone, any other has a list of series, and each series one of rows."""
    return b"".join(pack({"results": [_packed_result(result, epoch) for result in document]}) for document in documents)


def _packed_result(result: Result, epoch: str) -> dict[str, Any]:
    if result.error:
        return {"error": result.error}
    told: dict[str, Any] = {"statement_id": result.statement_id}
    if result.warning:
        told["messages"] = _messages(result)
    told["series"] = [_packed_series(series, epoch) for series in result.series]
    if result.partial:
        told["partial"] = True
    return told


def _packed_series(series: Series, epoch: str) -> dict[str, Any]:
    told = _head(series)
    told["values"] = [
        [_packed_time(row[0], epoch), *row[1:]] if series.timed else list(row) for row in series.rows or ()
    ]
    if _is_part(series):
        told["partial"] = True
    return told


def _packed_time(time: Cell, epoch: str) -> int | Time:
    assert isinstance(time, int)
    return _since(time, epoch) if epoch else Time(time)
