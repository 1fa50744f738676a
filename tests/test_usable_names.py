"""Names of databases that no request could use are refused at once, and a policy alone names nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.profile import ProfileError, load_profile
from mockflux.request import Request


@pytest.mark.parametrize("edition", ["v3-dedicated", "v3-clustered", "v3-core", "v3-enterprise"])
@pytest.mark.parametrize("name", ["a b", "x" * 600])
def test_a_name_that_no_write_can_use(edition: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"{edition} takes no write to a database named"):
        Server(edition, database=name)
    with pytest.raises(ValueError, match="choose another name"):
        Server(edition).create_database(name)


def test_a_name_for_one_door_only_is_fine() -> None:
    assert Server("v3-core").create_database("x" * 100).name == "x" * 100


def test_a_profile_with_such_a_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[edition]\nid = "mine"\nextends = "v3-core"\n[setup]\ndatabase = "a b"\n', encoding="utf-8")
    with pytest.raises(ProfileError, match=r"mine\.toml: setup\.database: no request can name it so"):
        load_profile(path)


@pytest.mark.parametrize("edition", ["v3-serverless", "v3-dedicated", "v3-clustered", "v3-core"])
@pytest.mark.parametrize("query", ["rp=x", "db=&rp=x"])
def test_a_policy_without_a_database_names_nothing(edition: str, query: str) -> None:
    server = Server(edition)
    headers = [("Authorization", f"Bearer {server.token}")]
    reply = front.answer(server.world, Request("POST", f"/write?{query}", headers, b"m v=1"))
    assert reply.status == 400
    assert [bucket.name for bucket in server.world.catalog.buckets() if bucket.name.startswith("/")] == []
