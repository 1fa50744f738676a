"""A faulty file of vectors is told in one sentence that names file, vector and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockflux.contract.play import play
from mockflux.contract.targets import Simulator
from mockflux.contract.vector import NoVectors, VectorError, load_tables, load_vectors, patterns
from mockflux.profile import ProfileError

GOOD = """
profiles = ["v2-oss"]

[[vector]]
id = "a.one"
shows = "x"
source = "x"
stored = "nothing"

[[vector.exchange]]
clause = "pong"
request = "GET /ping"
response = "204 No Content"
"""


def load(folder: Path, text: str) -> None:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    patterns(folder)
    load_vectors("v2-oss", folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('shows = "x"', "", "a.toml: vector 'a.one': shows: missing key; expected a string"),
        ('shows = "x"', "shows = 1", "a.toml: vector 'a.one': shows: expected a string, got 1"),
        ('shows = "x"', 'show = "x"', "a.toml: vector 'a.one': show: unknown key; expected one of id, shows"),
        ('id = "a.one"', "", "a.toml: vector 'number 1': id: missing key; expected a string"),
        ('profiles = ["v2-oss"]', "profile = 1", "a.toml: profile: unknown key; expected one of profiles, let, vector"),
        ('"v2-oss"', '"v2-oss", "v9*"', "a.toml: vector 'a.one': profiles: no profile fits 'v9*'; there are"),
        ('["v2-oss"]', "[]", "a.toml: vector 'a.one': profiles: missing key; expected a list of profile ids"),
        ("stored =", 'ways = ["post"]\nstored =', "ways.0: expected one of socket, wsgi, direct, got 'post'"),
        ('"nothing"', '"all"', "a.toml: vector 'a.one': stored: expected one of nothing, unchanged or a list"),
        ('"nothing"', '"unchanged"', "stored: 'unchanged' needs setup.points; expected 'nothing' or a list of points"),
        ('"nothing"', '[{ measurement = "m", time = 1 }]', "vector 'a.one': stored.0.fields: missing key"),
        ('"nothing"', '[{ measurement = "m", fields = { v = [] }, time = 1 }]', "stored.0.fields.v: expected a float,"),
        ("stored =", 'logged = "unchanged"\nstored =', "logged: expected 'nothing' or a list of points"),
        ("clause =", "advance = -1\nclause =", "exchange.0.advance: expected a number of seconds, 0 or more, got -1"),
        ("stored =", "setup = { clock = 1 }\nstored =", "setup.clock: expected a time with its offset"),
        ("stored =", "setup = { faults = [{ stat = 1 }] }\nstored =", "setup.faults.0.stat: unknown key"),
        ("stored =", "let = { x = 1 }\nstored =", "let.x: expected a string, { text, times }, or a table"),
        ('clause = "pong"', "", "exchange 1: clause: missing key; expected the key of the clause that says the reply"),
        ('clause = "pong"', 'clause = { "v3*" = "pong" }', "exchange 1: clause: nothing here fits the profile v2-oss"),
        ('"GET /ping"', '"/ping"', "exchange 1: request: expected 'METHOD target' in the first line, got '/ping'"),
        ('"GET /ping"', '"GET /ping\\nHost"', "exchange 1: request: expected a header 'Name: value', got 'Host'"),
        ('"204 No Content"', '"No Content"', "exchange 1: response: expected 'STATUS Reason' in the first line"),
        ('response = "204 No Content"', "", 'exchange 1: response: expected one, or broken = "reset" instead of it'),
        ("request =", "raw =", 'ways: raw bytes and chunks are for a socket; expected ways = ["socket"]'),
        ("request =", 'raw = "x"\nrequest =', "exchange 1: expected one of request, raw, raw_base64"),
        ("request =", 'chunks = ["x"]\nrequest =', 'raw bytes and chunks are for a socket; expected ways = ["socket"]'),
        (
            "request =",
            'broken = "truncated"\nrequest =',
            'ways: only a socket can break off; expected ways = ["socket"]',
        ),
        ("request =", 'body_base64 = "*"\nrequest =', "exchange 1: body_base64: expected base64"),
        ("request =", 'append_hex = "x"\nrequest =', "exchange 1: append_hex: non-hexadecimal number"),
        ('"GET /ping"', '"GET /ping\\n\\nx"\ngzip = ["y"]', "expected no body in the text beside body_base64, gzip"),
        ("[[vector.exchange]]", "[[vector", "a.toml: TOML: "),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(VectorError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert message in str(caught.value)
    assert str(caught.value).startswith("a.toml: ")
    assert "\n" not in str(caught.value)


def test_an_id_twice(tmp_path: Path) -> None:
    with pytest.raises(VectorError, match=r"a\.toml: vector 'a\.one': id: there is another vector of this id"):
        load(tmp_path, GOOD + GOOD.replace('profiles = ["v2-oss"]', ""))


def test_the_good_one(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (vector,) = load_vectors("v2-oss", tmp_path)
    (exchange,) = vector.exchanges
    assert (vector.id, vector.file, vector.profile, vector.ways) == (
        "a.one",
        "a.toml",
        "v2-oss",
        ("socket", "wsgi", "direct"),
    )
    assert (exchange.ask.method, exchange.ask.target, exchange.ask.headers) == ("GET", "/ping", ())
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.reason, exchange.response.body) == (204, "No Content", "")


def test_a_vector_is_only_for_its_profiles(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    for profile, where in (("v2-cloud", tmp_path / "a.toml"), ("my-own", tmp_path / "a.toml"), ("my-own", tmp_path)):
        with pytest.raises(NoVectors) as caught:
            load_vectors(profile, where)
        assert str(caught.value) == (
            f"{where}: there is no vector for the profile {profile}; its patterns of profiles are 'v2-oss'"
        )
        with pytest.raises(NoVectors):
            load_tables(profile, where)
    assert load_vectors("v2-cloud", tmp_path) == []  # a folder may be for some of our editions


@pytest.fixture
def own(tmp_path: Path) -> str:
    """The path of a profile of one's own, ``my-old-server``."""
    path = tmp_path / "old.toml"
    path.write_text('[edition]\nid = "my-old-server"\ntitle = "Mine"\nextends = "v2-oss"\n', encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("pattern", ["my-old-server", "my-*", "*old.toml", "PATH"])
def test_patterns_fit_the_id_of_a_profile_or_its_path(own: str, tmp_path: Path, pattern: str) -> None:
    file = tmp_path / "vectors.toml"
    file.write_text(GOOD.replace("v2-oss", pattern.replace("PATH", own)), encoding="utf-8")
    (vector,) = load_vectors(own, file)
    assert list(load_tables(own, file)) == ["a.one"]
    assert vector.profile == own
    assert play(vector, Simulator("direct")).said  # its profile can be loaded


def test_a_profile_by_its_path_is_told_with_its_id(own: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(VectorError, match=r"for the profile \S+old\.toml \(its id: my-old-server\); .* 'v2-oss'$"):
        load_vectors(own, tmp_path / "a.toml")


def test_what_depends_on_the_profile_may_tell_its_id_as_well(own: str, tmp_path: Path) -> None:
    file = tmp_path / "vectors.toml"
    text = GOOD.replace('["v2-oss"]', '["*"]')
    text = text.replace('"204 No Content"', '{ my-old-server = "299 Mine", "*" = "204 No" }')
    file.write_text(text, encoding="utf-8")
    replies = [load_vectors(name, file)[0].exchanges[0].response for name in (own, "v2-oss")]
    assert [reply.status for reply in replies if reply] == [299, 204]


def test_a_path_at_which_there_is_no_profile(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    with pytest.raises(ProfileError, match="no such file"):
        load_vectors(str(tmp_path / "none.toml"), tmp_path / "a.toml")


def test_macros(tmp_path: Path) -> None:
    (tmp_path / "let.toml").write_text('[let]\nbuild = { "v2-*" = "X: 1", "*" = "" }\nother = "{{build}}\\nY: 2"\n')
    text = GOOD.replace(
        'profiles = ["v2-oss"]', 'profiles = ["*"]\nlet = { none = "", long = { text = "ab", times = 3 } }'
    )
    text = text.replace('"204 No Content"', '"200 OK\\n{{none}}\\n{{other}}\\n\\n{{long}}{{now}}\\n"')
    load(tmp_path, text)
    (vector,) = load_vectors("v2-oss", tmp_path)
    (other,) = load_vectors("v3-core", tmp_path)
    response, elsewhere = vector.exchanges[0].response, other.exchanges[0].response
    assert response is not None
    assert elsewhere is not None
    assert response.headers == (("X", "1"), ("Y", "2"))
    assert response.body == "ababab{{now}}"
    assert elsewhere.headers == (("Y", "2"),)


def test_the_last_line_end_does_not_count(tmp_path: Path) -> None:
    load(tmp_path, GOOD.replace('"204 No Content"', '"""\n200 OK\n\none\n\n"""'))
    (vector,) = load_vectors("v2-oss", tmp_path)
    assert vector.exchanges[0].response is not None
    assert vector.exchanges[0].response.body == "one\n"


def test_a_numbered_macro_counts_from_one(tmp_path: Path) -> None:
    let = 'let = { many = { text = "f{n}={n},", times = 3, numbered = true } }'
    text = GOOD.replace('profiles = ["v2-oss"]', f'profiles = ["v2-oss"]\n{let}')
    load(tmp_path, text.replace('"204 No Content"', '"200 OK\\n\\n{{many}}"'))
    (vector,) = load_vectors("v2-oss", tmp_path)
    assert vector.exchanges[0].response is not None
    assert vector.exchanges[0].response.body == "f1=1,f2=2,f3=3,"
