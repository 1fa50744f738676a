"""The fixture mockflux, its marker, and where it takes its profile from."""

from __future__ import annotations

import pytest


def test_each_test_gets_a_fresh_world(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_write(mockflux, send, turn):
            assert mockflux.points() == [] and len(mockflux.journal) == 0
            assert send(mockflux, b"m f=1") == 204
            assert len(mockflux.points()) == 1
        """
    )
    run("--strict-markers").assert_outcomes(passed=2)


def test_the_server_is_stopped_after_the_test(pytester, run):
    pytester.makepyfile(
        """
        import socket
        import pytest

        addresses = []

        def test_one(mockflux):
            addresses.append((mockflux.host, mockflux.port))
            socket.create_connection(addresses[0]).close()

        def test_two():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(addresses[0])
        """
    )
    run().assert_outcomes(passed=2)


def test_the_fixture_and_the_package_have_one_name_and_get_along(pytester, run):
    pytester.makepyfile(
        """
        import mockflux
        import pytest
        from mockflux import Server

        @pytest.mark.mockflux("v2-oss")
        def test_both(mockflux: mockflux.Server):
            assert isinstance(mockflux, Server)

        def test_package():
            assert mockflux.Server is Server
        """
    )
    run().assert_outcomes(passed=2)


def test_the_marker_takes_what_server_takes(pytester, run, profile):
    pytester.makepyfile(
        f"""
        from datetime import datetime, timezone
        import pytest

        THEN = datetime(2020, 2, 2, tzinfo=timezone.utc)

        @pytest.mark.mockflux({profile("mine")!r}, late_points="drop", max_body=7, token="t0", org="acme", clock=THEN)
        def test_all(mockflux, send):
            assert (mockflux.profile.id, mockflux.org, mockflux.token) == ("mine", "acme", "t0")
            assert mockflux.profile.switches == {{"date_header": "real", "late_points": "drop", "max_body": 7}}
            assert mockflux.clock.now() == THEN.timestamp() * 10**9
            assert send(mockflux, b"m f=1234") == 413

        @pytest.mark.mockflux(clock=THEN, tick=1.5, date_header="clock")
        def test_tick(mockflux, send):
            send(mockflux, b"m f=1")
            send(mockflux, b"m f=2")
            assert mockflux.clock.now() - THEN.timestamp() * 10**9 == 3 * 10**9
            assert mockflux.journal[-1].reply.header("Date") == "Sun, 02 Feb 2020 00:00:03 GMT"

        @pytest.mark.mockflux(profile="mine.toml")
        def test_profile_by_name(mockflux):
            assert mockflux.profile.id == "mine"

        @pytest.mark.mockflux(tls=True)
        def test_tls(mockflux):
            assert mockflux.url.startswith("https://")

        @pytest.mark.mockflux(bucket="outer")
        class TestClosest:
            def test_outer(self, mockflux):
                assert mockflux.bucket == "outer"

            @pytest.mark.mockflux(org="inner")
            def test_inner(self, mockflux):
                assert (mockflux.org, mockflux.bucket) == ("inner", "my-bucket")
        """
    )
    run("--strict-markers").assert_outcomes(passed=6)


def test_a_frozen_test(pytester, run):
    pytester.makepyfile(
        """
        from datetime import datetime, timezone
        import freezegun, pytest, time_machine

        AT = datetime(2031, 5, 6, tzinfo=timezone.utc)

        def check(mockflux, send):
            assert send(mockflux, b"m f=1") == 204
            assert [point.time for point in mockflux.points()] == [int(AT.timestamp()) * 10**9]
            assert mockflux.journal[-1].reply.header("Date") == "Tue, 06 May 2031 00:00:00 GMT"

        @freezegun.freeze_time(AT)
        def test_freezegun(mockflux, send):
            check(mockflux, send)

        @time_machine.travel(AT, tick=False)
        def test_time_machine(mockflux, send):
            check(mockflux, send)
        """
    )
    run().assert_outcomes(passed=2)


PRINT = """
    import pytest
    def test_plain(mockflux): print("plain", mockflux.profile.id)
    @pytest.mark.mockflux("v2-oss")
    def test_marked(mockflux): print("marked", mockflux.profile.id)
    @pytest.mark.mockflux(org="acme")
    def test_marked_without(mockflux): print("without", mockflux.profile.id)
    def test_factory(mockflux_server_factory):
        print("factory", mockflux_server_factory().profile.id)
        print("argument", mockflux_server_factory("v2-oss").profile.id)
"""


@pytest.mark.parametrize(
    ("environment", "ini", "option", "wins", "by"),
    [
        (False, False, False, "v2-oss", None),
        (True, False, False, "e", "MOCKFLUX_PROFILE"),
        (True, True, False, "i", "ini option mockflux_profile"),
        (True, True, True, "o", "--mockflux-profile"),
    ],
)
def test_precedence(pytester, run, profile, monkeypatch, environment, ini, option, wins, by):
    pytester.makepyfile(PRINT)
    if environment:
        monkeypatch.setenv("MOCKFLUX_PROFILE", profile("e"))
    if ini:
        pytester.makeini(f"[pytest]\nmockflux_profile = {profile('i')}\n")
    result = run("-rA", *(["--mockflux-profile", profile("o")] if option else []))
    result.assert_outcomes(passed=4)
    said = {f"plain {wins}", "marked v2-oss", f"without {wins}", f"factory {wins}", "argument v2-oss"}
    assert said <= set(result.outlines)
    header = [line for line in result.outlines if line.startswith("mockflux: profile")]
    assert header == ([f"mockflux: profile {pytester.path / wins}.toml ({by})"] if by else [])


def test_an_empty_environment_variable_chooses_nothing(pytester, run, monkeypatch):
    monkeypatch.setenv("MOCKFLUX_PROFILE", "")
    pytester.makepyfile("def test_default(mockflux): assert mockflux.profile.id == 'v2-oss'")
    run().assert_outcomes(passed=1)


def test_the_path_of_a_profile_does_not_depend_on_where_a_test_goes(pytester, run, profile, monkeypatch):
    """In the ini file it is relative to that file, on the command line to the directory of the command."""
    profile("shared/mine")
    profile("below/other")
    pytester.makeini("[pytest]\nmockflux_profile = shared/mine.toml\n")
    (pytester.path / "below" / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.fixture(autouse=True)\n"
        "def elsewhere(tmp_path, monkeypatch): monkeypatch.chdir(tmp_path)\n"
        "def test_it(elsewhere, mockflux): print('it is', mockflux.profile.id)\n"
    )
    monkeypatch.chdir(pytester.path / "below")
    assert "it is mine" in run("-rA").outlines
    assert "it is other" in run("-rA", "--mockflux-profile=./other.toml").outlines


# ------------------------------------------------------------------------------------------ misuse


@pytest.mark.parametrize("by", ["--mockflux-profile", "ini option mockflux_profile"])
@pytest.mark.parametrize("wrong", ["v9", "v2-base", "nowhere/mine.toml"])
def test_a_wrong_profile_for_the_run_is_told_at_once(pytester, run, by, wrong):
    pytester.makepyfile("def test_nothing(): pass")
    if by.startswith("ini"):
        pytester.makeini(f"[pytest]\nmockflux_profile = {wrong}\n")
    result = run(*([f"{by}={wrong}"] if by.startswith("--") else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.strip()]
    assert line.startswith(f"ERROR: {by}: ")
    assert wrong in line


def one_error(result: pytest.RunResult) -> str:
    """The text between the title of the only error and the next one."""
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if " ERROR at setup of " in line)
    end = next(i for i, line in enumerate(lines) if i > start and line.startswith("==="))
    return "\n".join(lines[start + 1 : end])


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        (
            '"v9"',
            "@pytest.mark.mockflux: v9: profile: unknown profile; expected a path to a .toml file or one of *v2-oss*",
        ),
        (
            "colour=3",
            "@pytest.mark.mockflux: v2-oss has no switch 'colour'; its switches are: date_header='real', *",
        ),
        ('late_points="no"', "@pytest.mark.mockflux: switch late_points='no': expected one of reject, drop, store"),
        ('"v2-oss", "v2-cloud"', "@pytest.mark.mockflux takes one profile, not 2; *@pytest.mark.mockflux_editions"),
        ('"v2-oss", profile="v2-oss"', "@pytest.mark.mockflux takes one profile, not 2; *"),
        ("17", "@pytest.mark.mockflux: *not int*"),
        ("port=99999", "@pytest.mark.mockflux: port=99999: expected one up to 65535*"),
    ],
)
def test_a_wrong_marker_fails_its_test_with_one_sentence(pytester, run, marker, sentence):
    pytester.makepyfile(
        f"""
        import pytest
        @pytest.mark.mockflux({marker})
        def test_wrong(mockflux): pass
        def test_right(mockflux): pass
        """
    )
    result = run()
    result.assert_outcomes(errors=1, passed=1)
    error = one_error(result)
    assert "\n" not in error
    pytest.LineMatcher([error]).fnmatch_lines([sentence.replace("[", "[[]")])


def test_a_wrong_profile_of_the_environment_concerns_only_those_who_use_it(pytester, run, monkeypatch):
    monkeypatch.setenv("MOCKFLUX_PROFILE", "v9")
    pytester.makepyfile(
        """
        import pytest
        def test_a(mockflux): pass
        def test_b(): pass
        @pytest.mark.mockflux("v2-oss")
        def test_c(mockflux): pass
        """
    )
    result = run()
    result.assert_outcomes(errors=1, passed=2)
    assert one_error(result).startswith("MOCKFLUX_PROFILE: v9: profile: unknown profile; ")


def test_a_marker_without_the_fixture_fails_the_test(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mockflux("v2-oss")
        def test_forgotten(): pass

        @pytest.mark.mockflux("v2-oss")
        def test_asked_for_late(request):
            request.getfixturevalue("mockflux")

        @pytest.mark.mockflux("v2-oss")
        @pytest.mark.usefixtures("mockflux")
        def test_used(): pass

        @pytest.mark.mockflux("v2-oss")
        class TestSome:
            def test_with(self, mockflux): pass
            def test_without(self): pass
        """
    )
    result = run()
    result.assert_outcomes(failed=1, passed=4)
    result.stdout.fnmatch_lines(
        [
            "*_ test_forgotten _*",
            "@pytest.mark.mockflux has no effect, since the test does not use the fixture mockflux; *",
            "*short test summary*",
            "FAILED *::test_forgotten*",
        ]
    )


def test_an_empty_option_is_no_profile(pytester, run):
    pytester.makepyfile("def test_nothing(): pass")
    result = run("--mockflux-profile=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --mockflux-profile: *unknown profile*v2-oss*"])
