"""@pytest.mark.mockflux_editions: one test, one id per profile."""

from __future__ import annotations

import re

import pytest

from mockflux.profile import load_profile
from mockflux.profile.load import concrete


def passed(result: pytest.RunResult) -> list[str]:
    return [match[1] for line in result.outlines if (match := re.search(r"::(\S+) PASSED", line))]


def test_all_are_the_editions_as_documented(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mockflux_editions("all")
        def test_x(mockflux, request):
            assert request.node.name == f"test_x[{mockflux.profile.id}]"
            assert mockflux.profile.standing == "documented"
        """
    )
    editions = [name for name in concrete() if load_profile(name).standing == "documented"]
    assert "v2-oss" in editions
    assert passed(run("-v", "--strict-markers")) == [f"test_x[{name}]" for name in editions]


def test_several_ids_and_paths_each_once(pytester, run, profile):
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.mockflux_editions({profile("own/mine")!r}, "v2-oss", "v2-oss")
        class TestThem:
            @pytest.mark.mockflux(late_points="drop", org="acme")
            def test_switched(self, mockflux):
                assert mockflux.profile.switches["late_points"] == "drop" and mockflux.org == "acme"

            @pytest.mark.parametrize("n", [1, 2])
            def test_n(self, n, mockflux): pass

            def test_without(self): pass
        """
    )
    names = passed(run("-v", "--mockflux-profile=v2-oss"))
    assert [name.removeprefix("TestThem::") for name in names if "test_n" not in name] == [
        "test_switched[mine]",
        "test_switched[v2-oss]",
        "test_without",
    ]
    assert {
        frozenset(re.split(r"[\[\]-]", name.replace("v2-oss", "oss"))[1:3]) for name in names if "test_n" in name
    } == {frozenset((edition, n)) for edition in ("mine", "oss") for n in "12"}


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        (
            '"v2-oss", "v9"',
            "*::test_x: @pytest.mark.mockflux_editions: v9: profile: unknown profile; expected *v2-oss*",
        ),
        ('"gone.toml"', "*::test_x: @pytest.mark.mockflux_editions: gone.toml: profile: no such file"),
        ("", "*::test_x: @pytest.mark.mockflux_editions takes ids of profiles, or 'all'; *"),
        (
            '"all", max_body=3',
            "*::test_x: @pytest.mark.mockflux_editions takes *; switches * go to @pytest.mark.mockflux",
        ),
        ("3", "*::test_x: @pytest.mark.mockflux_editions: *not int"),
    ],
)
def test_what_is_no_profile_is_told_when_tests_are_collected(pytester, run, marker, sentence):
    pytester.makepyfile(f"import pytest\n@pytest.mark.mockflux_editions({marker})\ndef test_x(mockflux): pass\n")
    result = run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*ERROR collecting*", sentence], consecutive=True)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_without_the_fixture(pytester, run):
    pytester.makepyfile("import pytest\n@pytest.mark.mockflux_editions('all')\ndef test_x(): pass\n")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*::test_x: @pytest.mark.mockflux_editions has no effect, since the test does not use*"]
    )


def test_a_profile_in_the_other_marker_is_one_too_many(pytester, run):
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.mockflux("v2-oss")

        @pytest.mark.mockflux_editions("v2-oss")
        def test_x(mockflux): pass

        @pytest.mark.mockflux(org="acme")
        @pytest.mark.mockflux_editions("v2-oss")
        def test_y(mockflux): pass
        """
    )
    result = run()
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_x?v2-oss?*",
            "@pytest.mark.mockflux_editions chooses the profiles of this test, so @pytest.mark.mockflux must not name "
            "one: leave 'v2-oss' out",
        ],
        consecutive=True,
    )
