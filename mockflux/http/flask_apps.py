"""One small Flask app per door, built once per process on its first request.

The world comes in through ``environ``. Gate and wording are the profile's, so the apps do no more than Flask is for:
match the path, and call the handler. No automatic OPTIONS or HEAD, no redirects for slashes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import flask

from mockflux.http.passage import Passage
from mockflux.http.routes import SIMULATED, Handler
from mockflux.outcomes import Outcome
from mockflux.profile.steps import METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_PASSAGE, _HANDLER, _OUTCOME = "mockflux.passage", "mockflux.handler", "mockflux.outcome"


def dispatch(passage: Passage, handler: Handler) -> Outcome:
    """The outcome of the handler, called by the view that the door's Flask app finds for the path."""
    environ = _environ(passage)
    environ[_PASSAGE], environ[_HANDLER] = passage, handler
    app = app_for(passage.door)
    with app.request_context(environ):
        app.full_dispatch_request()
    outcome: Outcome = environ[_OUTCOME]
    return outcome


@cache
def app_for(door: str) -> flask.Flask:
    """The Flask app of a door."""
    app = flask.Flask(f"mockflux.{door}", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    for path, route in SIMULATED.items():  # which methods a path has is the gate's to say
        if route.door == door:
            app.add_url_rule(_rule(path), path, _view, methods=METHODS, provide_automatic_options=False)
    return app


def _rule(path: str) -> str:
    """A path of the routes as Flask writes it; each variable part needs a name there."""
    first, *others = path.split("{id}")
    return first + "".join(f"<id_{place}>{other}" for place, other in enumerate(others))


def _view(**ids: str) -> flask.Response:
    environ = flask.request.environ
    passage: Passage = environ[_PASSAGE]
    passage.ids = tuple(ids[f"id_{place}"] for place in range(len(ids)))
    environ[_OUTCOME] = environ[_HANDLER](passage)
    # The profile says the outcome; what Flask would send is not used.
    return flask.Response(status=204)


def _environ(passage: Passage) -> WSGIEnvironment:
    """The least that Flask needs to find its way."""
    request = passage.request
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
    }
    return environ
