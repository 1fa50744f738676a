"""Vectors for editions with databases: their set-up, their places, and what is stored."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from mockflux.contract.play import play
from mockflux.contract.targets import Session, Simulator
from mockflux.contract.vector import StoredPoint, VectorError, load_vectors
from mockflux.storage.permissions import Permission

#: An edition with databases.
LAKE = (Path(__file__).parents[1] / "data/lake.toml").read_text(encoding="utf-8")
VECTORS = """
[[vector]]
id = "a.one"
profiles = ["*"]
shows = "x"
source = "x"
stored = [
    { measurement = "m", fields = { v = 1.0 }, time = 1 },
    { bucket = "{{database}}", measurement = "m", fields = { v = 2.0 }, time = 2 },
    { bucket = "other", measurement = "m", fields = { v = 3.0 }, time = 3 },
]
setup.databases = [{ name = "other", retention = 3600 }]
setup.clock = 1970-01-01T00:00:00Z
setup.points = [
    { lines = "m v=1 1" }, { bucket = "{{bucket}}", lines = "m v=2 2" }, { bucket = "other", lines = "m v=3 3" },
]

[[vector.exchange]]
clause = "pong"
request = "GET /ping?db={{database}}"
response = '''
204 No Content
Vary: Accept-Encoding
X-Influxdb-Build: OSS
X-Influxdb-Version: {{version}}
Date: {{date}}'''
"""


@pytest.fixture(params=[False, True], ids=["there", "made"])
def lake(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The path of an edition with databases; that of the set-up is there, or made by the first write."""
    file = tmp_path / "lake.toml"
    file.write_text(f"{LAKE}makes_target = {str(request.param).lower()}\n")
    return str(file)


def prepared(lake: str, setup: dict[str, Any]) -> Session:
    with Simulator("direct").open(lake, {}, setup) as session:
        return session


def vectors(folder: Path, text: str = VECTORS) -> Path:
    """A folder with this file of vectors."""
    (folder / "vectors").mkdir()
    (folder / "vectors" / "own.toml").write_text(text)
    return folder / "vectors"


@pytest.mark.parametrize("way", ["direct", "wsgi", "socket"])
def test_a_vector(lake: str, tmp_path: Path, way: str) -> None:
    (vector,) = load_vectors(lake, vectors(tmp_path))
    played = play(vector, Simulator(way))
    assert str(played) == f"own.toml: a.one [{way}]: as expected"


def test_what_is_stored_elsewhere_differs(lake: str, tmp_path: Path) -> None:
    (vector,) = load_vectors(lake, vectors(tmp_path, VECTORS.replace('bucket = "other", measurement', "measurement")))
    assert "my-database: m v=3.0 (float) 3" in str(play(vector, Simulator("direct")))


def test_places(lake: str) -> None:
    known = prepared(lake, {}).known
    assert (known["database"], known["bucket"], known["auth"]) == ("my-database", "my-database", "Token my-token")
    assert re.fullmatch("[0-9a-f-]{36}", known["cluster_uuid"])
    assert not {"org", "org_id", "bucket_id", "user", "password"} & known.keys()


def test_no_points_in_a_database_that_is_not_there(lake: str) -> None:
    assert prepared(lake, {}).stored() == []
    stored = prepared(lake, {"points": [{"lines": "m v=1 1"}]}).stored()
    assert stored == [StoredPoint("my-database", "m", {}, {"v": ("float", 1.0)}, 1)]


def test_tokens(lake: str) -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    tokens = [
        {"name": "late", "expires": -1},
        {"name": "some", "read": ["{{bucket}}"], "write": ["other", "{{database}}"], "expires": 60},
    ]
    setup = {"clock": at, "databases": [{"name": "other"}], "tokens": tokens}
    with Simulator("direct").open(lake, {}, setup) as session:
        server = session.server  # type: ignore[attr-defined]
        late, some = (server.world.catalog.token(session.known[f"token.{name}"]) for name in ("late", "some"))
        own, other = server.world.target().id, server.world.target("other").id
    assert (late.permissions, late.expires) == ((), session.now() - 10**9)
    assert some.expires == session.now() + 60 * 10**9
    assert some.permissions == tuple(
        Permission(action, "databases", id) for action, id in (("read", own), ("write", other), ("write", own))
    )


def test_a_database_that_nobody_made(lake: str) -> None:
    for setup in ({"tokens": [{"name": "x", "write": ["nobody"]}]}, {"mappings": [{"bucket": "nobody"}]}):
        with pytest.raises(LookupError, match="no bucket or database 'nobody'; expected one of the set-up"):
            prepared(lake, setup)


@pytest.mark.parametrize(
    ("setup", "problem"),
    [
        ("databases = [{ retention = 1 }]", "setup.databases.0.name: missing key"),
        ('databases = [{ name = "x", org = "y" }]', "setup.databases.0.org: unknown key"),
        ('tokens = [{ name = "x", expires = "soon" }]', "setup.tokens.0.expires: expected"),
    ],
)
def test_set_ups_of_the_wrong_form(tmp_path: Path, setup: str, problem: str) -> None:
    text = VECTORS.replace('setup.databases = [{ name = "other", retention = 3600 }]', f"setup.{setup}")
    with pytest.raises(VectorError, match=re.escape(problem)):
        load_vectors("v2-oss", vectors(tmp_path, text))
