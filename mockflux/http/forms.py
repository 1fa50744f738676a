"""Parameters that may come in the body of a form as well as in the URL (Go's net/http, Request.FormValue)."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from mockflux.http.params import read_go
from mockflux.request import Request


def form_values(request: Request, params: Mapping[str, str]) -> dict[str, str]:
    """The values of a request's form, those of its body before those of the URL (``params``)."""
    values = dict(params)
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if request.method not in ("POST", "PUT", "PATCH"):
        return values
    if kind == "application/x-www-form-urlencoded":
        values.update(read_go(request.body.decode("latin-1")))
    elif kind == "multipart/form-data":
        values.update(_multipart(request))
    return values


def _multipart(request: Request) -> dict[str, str]:
    """The parts of a form with several, by name; the query may be a file (influxdb 1.6, serveQuery)."""
    from werkzeug.formparser import parse_form_data

    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": request.header("content-type") or "",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": BytesIO(request.body),
    }
    _, form, files = parse_form_data(environ)
    found = {name: values[0] for name, values in form.lists()}
    if "q" not in found and "q" in files:
        found["q"] = files["q"].read().decode("utf-8", "surrogateescape")
    return found
