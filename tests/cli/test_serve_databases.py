"""``mockflux serve`` for editions with databases, beside those with buckets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockflux import Server
from mockflux.cli import serving
from mockflux.profile import Profile, load_profile

#: An edition with databases.
LAKE = (Path(__file__).parents[1] / "data/lake.toml").read_text(encoding="utf-8")


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """The path of an edition with databases."""
    file = tmp_path / "lake.toml"
    file.write_text(LAKE)
    return str(file)


def test_what_users_are_told(lake: str) -> None:
    with Server(lake) as server:
        lines = serving.announcement(server).splitlines()
        facts = serving.facts(server)
    assert lines[0] == facts["url"]
    assert lines[2:4] == ["  token     my-token", "  database  my-database"]
    assert not any(line.split()[:1] in (["org"], ["bucket"], ["user"], ["password"]) for line in lines)
    assert any("bucket=my-database'" in line for line in lines), "the name of the parameter is the door's"
    assert (facts["database"], facts["token"]) == ("my-database", "my-token")
    assert {name for name, value in facts.items() if value is None} == {
        "org", "org_id", "bucket", "bucket_id", "user", "user_id", "password", "ca_file",
    }  # fmt: skip
    json.dumps(facts)


def test_what_there_is_at_the_end(lake: str, tmp_path: Path) -> None:
    server = Server(lake)
    server.write("m v=1")
    assert serving.summary(server) == "lake: 0 requests; 1 point in my-database"
    (tmp_path / "pond.toml").write_text(
        '[edition]\nid = "pond"\ntitle = "Pond"\nextends = "lake"\n[setup]\nmakes_target = true\n'
    )
    assert serving.summary(Server(tmp_path / "pond.toml")) == "pond: 0 requests; no databases"


@pytest.mark.parametrize(
    ("options", "environ", "buckets", "databases"),
    [
        ({"bucket": "b"}, {}, {"bucket": "b"}, {}),
        ({"database": "d"}, {}, {}, {"database": "d"}),
        ({"token": "t"}, {}, {"token": "t"}, {"token": "t"}),
        ({}, {"DOCKER_INFLUXDB_INIT_ORG": "o", "DOCKER_INFLUXDB_INIT_BUCKET": "b"}, {"org": "o", "bucket": "b"}, {}),
        ({"plan": "free"}, {}, {"plan": "free"}, {"plan": "free"}),  # neither has any: both say so
    ],
)
def test_each_server_gets_what_fits(
    lake: str,
    options: dict[str, str | None],
    environ: dict[str, str],
    buckets: dict[str, str],
    databases: dict[str, str],
) -> None:
    profiles: list[Profile] = [load_profile("v2-oss"), load_profile(lake)]
    values = serving.set_up(options, environ)
    found = [serving.fitting(profile, profiles, values, options) for profile in profiles]
    assert found == [buckets, databases]


def test_an_option_that_fits_none_is_refused_by_the_server(lake: str) -> None:
    for name, options in ((lake, {"bucket": "b"}), ("v2-oss", {"database": "d"})):
        profile, values = load_profile(name), serving.set_up(options, {})
        with pytest.raises(ValueError, match=r"has no (buckets|databases); choose a"):
            Server(name, **serving.fitting(profile, [profile], values, options))  # type: ignore[arg-type]


def test_an_empty_option() -> None:
    for name in ("database", "plan"):
        with pytest.raises(ValueError, match=f"^{name} must not be empty; leave it out for the edition's default$"):
            serving.set_up({name: ""}, {})


def test_serving(lake: str, serve: Callable[..., Any]) -> None:
    served = serve(lake, "v2-oss", "--database", "plant", "--org", "acme", "--json", DOCKER_INFLUXDB_INIT_BUCKET="b")
    first, second = json.loads(served.out.line())
    assert (first["database"], first["org"], first["bucket"]) == ("plant", None, None)
    assert (second["database"], second["org"], second["bucket"]) == (None, "acme", "b")
    assert served.end() == 0
