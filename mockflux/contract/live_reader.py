"""What is stored on a live server, read over the wire. Here by InfluxQL; other languages are other readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from mockflux.contract.live_wire import NoAnswer, Wire, ask
from mockflux.contract.vector import StoredPoint, Typed
from mockflux.profile.live import LiveRules

#: What the values of each type are made of, which JSON tells as numbers.
_VALUES: dict[str, Callable[[Any], float | int | str | bool]] = {
    "float": float, "integer": int, "unsigned": int, "string": str, "boolean": bool,
}  # fmt: skip
_NUMBERS = frozenset(("float", "integer"))


class Reader(Protocol):
    """Reads every point of a bucket or database."""

    def points(self, name: str) -> list[StoredPoint]:
        """All points in it; none if there is none of this name. Raises NoAnswer for what cannot be understood."""


class InfluxQL:
    """Reads a database of InfluxDB 1: every retention policy, the default one under the database's own name, others as
    ``database/policy``.

    A field can have one type in each shard; ``SELECT *`` would read them all as one. So each is asked for by type.
    Where an integer can be a float cast, and the other way round, the shard of that time tells by what it can compute.
    """

    def __init__(self, wire: Wire, rules: LiveRules, authorization: str | None) -> None:
        """Raises NoAnswer for a profile that does not say how to read."""
        request = rules.request("read")
        if request is None:
            raise NoAnswer("the profile has no request to read by")
        self._wire, self._request, self._authorization = wire, request, authorization

    def points(self, name: str) -> list[StoredPoint]:
        found = []
        for policy in self._column(name, f"SHOW RETENTION POLICIES ON {quoted(name)}", "name"):
            bucket = name if policy == "autogen" else f"{name}/{policy}"
            for measurement, fields in self._fields(name, policy).items():
                source = f"{quoted(name)}.{quoted(policy)}.{quoted(measurement)}"
                found += list(self._measurement(name, bucket, measurement, source, fields))
        return found

    def _fields(self, name: str, policy: str) -> dict[str, list[tuple[str, str]]]:
        """The fields of each measurement of a policy: key and type, as often as it has types."""
        series = self._series(name, f"SHOW FIELD KEYS ON {quoted(name)} FROM {quoted(policy)}./.*/")
        return {entry["name"]: [(key, kind) for key, kind in entry.get("values", ())] for entry in series}

    def _measurement(
        self, name: str, bucket: str, measurement: str, source: str, fields: list[tuple[str, str]]
    ) -> Iterator[StoredPoint]:
        doubtful = {key for key, kind in fields if {k for f, k in fields if f == key} >= _NUMBERS}
        columns = ", ".join(f"{quoted(key)}::{kind}" for key, kind in fields)
        for entry in self._series(name, f"SELECT {columns} FROM {source} GROUP BY *"):
            tags = {key: value for key, value in entry.get("tags", {}).items() if value}
            for time, *values in entry["values"]:
                typed: dict[str, Typed] = {}
                for (key, kind), value in zip(fields, values, strict=True):
                    if value is None:
                        continue
                    if key in doubtful and kind in _NUMBERS and kind != self._number(name, source, key, time):
                        continue
                    typed[key] = (kind, _VALUES[kind](value))
                if typed:
                    yield StoredPoint(bucket, measurement, tags, typed, time)

    def _number(self, name: str, source: str, key: str, time: int) -> str:
        """Which of the two types a field has in the shard of a time: bits are no matter of floats."""
        query = f"SELECT {quoted(key)} & 1 FROM {source} WHERE time >= {time} AND time <= {time}"
        return "float" if "error" in self._result(name, query) else "integer"

    def _column(self, name: str, query: str, column: str) -> list[str]:
        found = []
        for entry in self._series(name, query):
            place = entry["columns"].index(column)
            found += [row[place] for row in entry.get("values", ())]
        return found

    def _series(self, name: str, query: str) -> list[dict[str, Any]]:
        result = self._result(name, query)
        error = result.get("error", "")
        if error.startswith(("database not found", "retention policy not found")):
            return []
        if error:
            raise NoAnswer(f"what is stored cannot be read: {query}: {error}")
        return list(result.get("series", ()))

    def _result(self, name: str, query: str) -> dict[str, Any]:
        told = ask(self._wire, self._request, {"name": name, "query": query}, self._authorization)
        try:
            data = json.loads(told.answer.body)
            if "error" in data:
                return dict(data)
            return dict(data["results"][0])
        except (ValueError, LookupError, TypeError):
            raise NoAnswer(f"what is stored cannot be read: {query}: {told}") from None


def quoted(name: str) -> str:
    """An identifier of InfluxQL in its quotes."""
    text = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


#: The readers by the name that a profile has for them.
READERS: dict[str, Callable[[Wire, LiveRules, str | None], Reader]] = {"influxql": InfluxQL}
