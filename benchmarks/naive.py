"""The baseline: what one writes to have an InfluxDB in one's tests, a Flask handler on werkzeug's server.

It does the naive job: look at the token and the bucket, go through the body character by character, keep each point as
a dict. It knows nothing of types, conflicts, errors by line, journals, or wrong numbers.
"""

from __future__ import annotations

import re
from typing import Any

TOKEN, BUCKET = "my-token", "my-bucket"


def application(points: list[dict[str, Any]]) -> Any:
    """A Flask app that appends what is written to ``points``."""
    import flask

    app = flask.Flask(__name__)

    @app.get("/ping")
    def ping() -> Any:
        return "", 204

    @app.post("/api/v2/write")
    @app.post("/write")
    def write() -> Any:
        if flask.request.headers.get("Authorization") != f"Token {TOKEN}":
            return flask.jsonify(code="unauthorized", message="unauthorized access"), 401
        bucket = flask.request.args.get("bucket") or flask.request.args.get("db")
        if bucket != BUCKET:
            return flask.jsonify(code="not found", message=f'bucket "{bucket}" not found'), 404
        try:
            points.extend(parse(flask.request.get_data(as_text=True)))
        except ValueError as error:
            return flask.jsonify(code="invalid", message=f"unable to parse: {error}"), 400
        return "", 204

    return app


def parse(text: str) -> list[dict[str, Any]]:
    """The points of a body, each a dict. Raises ValueError for what it does not understand."""
    return [_point(line) for line in _cut(text, "\n") if line.strip() and not line.startswith("#")]


def _cut(text: str, separator: str) -> list[str]:
    """A text cut where the separator is neither escaped nor within quotes."""
    parts, part, quoted, escaped = [], "", False, False
    for char in text:
        if escaped:
            part, escaped = part + char, False
        elif char == "\\":
            part, escaped = part + char, True
        elif char == '"':
            part, quoted = part + char, not quoted
        elif char == separator and not quoted:
            parts.append(part)
            part = ""
        else:
            part += char
    parts.append(part)
    return parts


def _point(line: str) -> dict[str, Any]:
    parts = _cut(line, " ")
    if len(parts) not in (2, 3):
        raise ValueError(line)
    measurement, *tags = _cut(parts[0], ",")
    return {
        "measurement": _plain(measurement),
        "tags": {_plain(key): _plain(value) for key, value in map(_pair, tags)},
        "fields": {_plain(key): _value(value) for key, value in map(_pair, _cut(parts[1], ","))},
        "time": int(parts[2]) if len(parts) == 3 else None,
    }


def _pair(text: str) -> tuple[str, str]:
    parts = _cut(text, "=")
    if len(parts) != 2:
        raise ValueError(text)
    return parts[0], parts[1]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "\\" in text else text


def _value(text: str) -> Any:
    if text.startswith('"'):
        return _plain(text[1:-1])
    if text in ("t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"):
        return text[0] in "tT"
    return int(text[:-1]) if text[-1:] in "iu" and text else float(text)
