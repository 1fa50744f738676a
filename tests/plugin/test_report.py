"""What a failing test shows of its servers, and that a passing one shows nothing."""

from __future__ import annotations

import re

import pytest

TITLE = r"-+ mockflux -+"


def sections(result: pytest.RunResult) -> list[str]:
    """The sections titled mockflux, each up to the next title."""
    parts = re.split(rf"(?m)^{TITLE}$", result.stdout.str())[1:]
    return [re.split(r"(?m)^(?:=====|_____|-----)", part)[0].strip("\n") for part in parts]


def one_section(result: pytest.RunResult) -> str:
    (section,) = sections(result)
    return section


def test_a_failing_test_tells_the_whole_story(pytester, run):
    pytester.makepyfile(
        r"""
        def test_it(mockflux, send):
            mockflux.fail(503, retry_after=3, times=2)
            mockflux.fail(transport="truncate", times=None)
            send(mockflux, b"m f=1")
            send(mockflux, path="/api/v2/tasks")
            send(mockflux, path="/api/v2/wriet", method="POST")
            mockflux.faults[0].times = 1
            mockflux.reset()
            send(mockflux, b"m f=1\nm f=\nm,t f=2")
            send(mockflux, b"m f=1")
            send(mockflux, b"m f=2i")
            send(mockflux, path="/api/v2/tasks")
            send(mockflux, path="/api/v2/tasks")
            send(mockflux, path="/api/v2/wriet", method="POST")
            mockflux.fail(503, retry_after=3, times=2)
            mockflux.fail(transport="truncate", times=None)
            send(mockflux, b"m f=1")
            mockflux.world.due.add(mockflux.clock.now() + 10**13, lambda at: None, "a write of 3 points")
            assert False
        """
    )
    result = run()
    result.assert_outcomes(failed=1, warnings=1)
    assert one_section(result).count("hint") == 1
    lines = one_section(result).splitlines()
    assert re.fullmatch(r"v2-oss at http://127\.0\.0\.1:\d+ \(fixture mockflux\)", lines[0])
    write = "POST /api/v2/write?org=my-org&bucket=my-bucket"
    pytest.LineMatcher([line.replace("[", "(").replace("]", ")") for line in lines]).fnmatch_lines(
        [
            "requests before reset(): 3, not shown",
            f"1. {write} 18 B -> 400 (points_rejected) 0 accepted, 2 rejected",
            "     source: *documented: *",
            "     sent: m f=1",
            "           m f=",
            "           m,t f=2",
            '     reply: {"code":"invalid","message":"unable to parse \'m f=\': missing field value"}',
            "     line 2 rejected: unable to parse 'm f=': missing field value",
            "     line 3 rejected: unable to parse 'm,t f=2': missing tag value",
            f"2. {write} 5 B -> 204 (accepted) 1 accepted, 0 rejected",
            "     sent: m f=1",
            f"3. {write} 6 B -> 400 *",
            "     line 1 rejected: *type conflict* <- m f=2i",
            "4. GET /api/v2/tasks 0 B -> 404 * NOT SIMULATED",
            "5. GET /api/v2/tasks 0 B -> 404 * NOT SIMULATED",
            "6. POST /api/v2/wriet 0 B -> 404 *",
            "     hint: near: /api/v2/write",
            f"7. {write} 5 B -> 503 (unavailable) (planned fault)",
            "     fault: Fault 503 (unavailable): 1 of 2 times",
            "still queued: a write of 3 points, due in 1e+04 s",
            "planned, but not come to pass: Fault 503 (unavailable): 1 of 2 times",
            "planned, but not come to pass: Fault truncate: every time",
            "not simulated: GET /api/v2/tasks (3 times)",
        ]
    )


def test_what_was_accepted_and_is_still_queued_is_told(pytester, run):
    pytester.makepyfile(
        r"""
        import pytest

        DELETE = b'{"start":"1970-01-01T00:00:00Z","stop":"1970-01-01T00:00:01Z"}'

        @pytest.mark.mockflux("v2-cloud", clock="frozen", queue_delay=90)
        def test_it(mockflux, send):
            send(mockflux, b"m f=1 1")
            mockflux.settle()
            send(mockflux, b"m f=2 1\nm f=3 2")
            mockflux.clock.advance(30)
            send(mockflux, DELETE, path="/api/v2/delete?bucket=my-bucket")
            assert [point.fields["f"] for point in mockflux.points()] == [2.0, 3.0]

        @pytest.mark.mockflux("v2-cloud", clock="frozen")
        def test_many(mockflux, send):
            for n in range(12):
                send(mockflux, b"m f=1 %d" % n)
            assert mockflux.points()

        @pytest.mark.mockflux("v2-cloud", clock="frozen")
        def test_none(mockflux, send):
            send(mockflux, b"m f=1 1")
            mockflux.settle()
            assert not mockflux.points()
        """
    )
    result = run()
    result.assert_outcomes(failed=3)
    few, many, none = sections(result)
    assert re.findall("(?m)^still queued: .*$", few) == [
        "still queued: a write of 2 lines to my-bucket, due in 60 s",
        "still queued: a delete in my-bucket, due in 90 s",
    ]
    queued = "still queued: a write of 1 line to my-bucket, due in 1 s"
    assert re.findall("(?m)^still queued: .*$", many) == [queued] * 10
    assert "\n… and 2 more entries in the queue" in many
    assert "still queued" not in none


def test_a_passing_test_shows_nothing_whatever_was_planned(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        def test_pass(mockflux, send):
            send(mockflux, b"m f=")
            mockflux.fail(503)

        @pytest.mark.xfail
        def test_xfail(mockflux): assert False

        def test_skip(mockflux): pytest.skip()
        """
    )
    result = run("-rA", "--tb=long")
    result.assert_outcomes(passed=1, xfailed=1, skipped=1)
    assert sections(result) == []


def test_failures_in_setup_and_teardown(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def fails_first(mockflux, send):
            send(mockflux, b"up f=1")
            assert False

        @pytest.fixture
        def fails_last(mockflux, send):
            yield
            send(mockflux, b"down f=1")
            assert False

        def test_setup(fails_first): pass

        def test_teardown(fails_last): pass

        def test_both(fails_last): assert False

        @pytest.fixture
        def fails_without_a_word():
            yield
            assert False

        def test_once(mockflux, fails_without_a_word): assert False

        def test_none():
            assert False
        """
    )
    result = run()
    result.assert_outcomes(errors=4, passed=1, failed=3)
    told = sections(result)
    assert sum("up f=1" in section for section in told) == 1
    assert sum("down f=1" in section for section in told) == 2
    assert sum("no request came" in section for section in told) == 2  # test_both, test_once: not again at its teardown
    assert len(told) == 5


def test_only_the_last_ten_and_only_beginnings(pytester, run):
    pytester.makepyfile(
        r"""
        import gzip

        def test_it(mockflux, send):
            for n in range(15):
                send(mockflux, b"turn%02d f=1" % n)
            send(mockflux, gzip.compress(b"".join(b"packed%d f=1\n" % n for n in range(900))), Content_Encoding="gzip")
            send(mockflux, b"not packed", Content_Encoding="gzip")
            send(mockflux, b'long f="%s"' % (b"x" * 5000))
            send(mockflux, b"\n".join(b"bad%d f=" % n for n in range(100)))
            assert False
        """
    )
    section = one_section(run())
    assert "requests: 19, the last 10 of them:\n10. POST" in section
    assert "9. POST" not in re.findall(r"(?m)^9\. POST", section)
    assert "turn08" not in section
    assert "sent: turn09 f=1" in section
    assert re.search(
        r"sent, inflated: packed0 f=1\n +packed1 f=1\n +packed2 f=1\n +packed3 f=1\n +… \(\d+ bytes comp", section
    )
    assert "packed4" not in section
    assert "sent, no gzip (" in section
    assert "x" * 150 in section
    assert "x" * 250 not in section
    assert "… and 95 more rejected" in section
    assert len(section.splitlines()) < 90


def test_a_packed_reply_is_inflated_as_it_came(pytester, run):
    pytester.makepyfile(
        r"""
        import pytest
        from mockflux.http import front
        from mockflux.request import Request

        @pytest.mark.mockflux("v1-oss-1.6")
        def test_it(mockflux):
            for n in range(40):  # some of them have the byte of a tab in them, packed
                mockflux.write(f"m v={n} {n}")
                asked = Request("GET", "/query?db=mydb&q=SELECT+v+FROM+m", [("Accept-Encoding", "gzip")])
                assert front.answer(mockflux.world, asked).status == 200
            assert any(b"\t" in exchange.reply.body for exchange in list(mockflux.journal)[-10:])
            assert False
        """
    )
    section = one_section(run())
    assert section.count("reply, inflated: {") == 10
    assert "no gzip" not in section


def test_tokens_and_passwords_are_masked_wherever_they_stand(pytester, run):
    pytester.makepyfile(
        r"""
        import pytest

        @pytest.mark.mockflux(token="s3cret-of-mine", password="pass-of-mine", user="me")
        def test_it(mockflux, send):
            made = mockflux.create_token(write=mockflux.bucket)
            send(mockflux, f'm f="{made}",g="s3cret-of-mine"'.encode())
            send(mockflux, b"m f=pass-of-mine", path="/write?db=my-bucket&u=me&p=pass-of-mine")
            send(mockflux, b"m f=1", path="/write?db=my-bucket&u=me&p=an-unknown-one")
            print("MADE", made)
            pytest.fail("on purpose")
        """
    )
    result = run()
    made = next(line.split()[1] for line in result.outlines if line.startswith("MADE "))
    section = one_section(result)
    assert 'sent: m f="…' in section
    for secret in ("s3cret", "pass-of", "an-unknown", made, made[:20]):
        assert secret not in section


def test_a_secret_is_masked_before_a_text_is_cut(pytester, run):
    pytester.makepyfile(
        r"""
        import pytest

        SECRET = b"s3cret-of-mine-that-is-long-enough"

        @pytest.mark.mockflux(token=SECRET.decode())
        def test_it(mockflux, send):
            send(mockflux, b"x" * 190 + SECRET + b" f=")  # a line of the body and of a reason
            send(mockflux, b"\n\n" + b"# " * 1990 + b"\n" + b"a" * 5 + SECRET + b" f=1")  # the end of what is looked at
            send(mockflux, b"m f=1", path="/api/v2/write?org=my-org&bucket=" + SECRET.decode())
            assert False
        """
    )
    section = one_section(run())
    assert "s3cre" not in section
    assert "aaaaa…gh" in section


def test_what_the_journal_did_not_keep_counts(pytester, run):
    pytester.makepyfile(
        r"""
        def test_it(mockflux, send):
            mockflux.journal.kept_bytes = 50_000
            send(mockflux, b"m f=\n" * 1_000)
            assert False
        """
    )
    section = one_section(run())
    assert "0 accepted, 1000 rejected" in section
    assert "… (5000 bytes in all)" in section
    assert "… and 995 more rejected" in section


def test_journals_that_a_reset_took_away_are_not_kept(pytester, run):
    pytester.makepyfile(
        r"""
        import gc, weakref

        def test_it(mockflux, send):
            send(mockflux, path="/api/v2/tasks")
            journal = weakref.ref(mockflux.journal)
            mockflux.reset()
            mockflux.reset()
            gc.collect()
            assert journal() is None
            assert False, "all is well"
        """
    )
    result = run()
    result.stdout.fnmatch_lines(["E*all is well"])
    assert "not simulated: GET /api/v2/tasks (once)" in one_section(result)


def test_bytes_that_no_terminal_takes(pytester, run):
    pytester.makepyfile(
        r"""
        def test_it(mockflux, send):
            send(mockflux, b"\xff\xfe\x1b[31mred\x00 f=\r\nm\xc3\xbc f=1")
            assert False
        """
    )
    section = one_section(run())
    assert r"sent: \xff\xfe\x1b[31mred\x00 f=\r" in section
    assert "mü f=1" in section
    assert all(char.isprintable() or char == "\n" for char in section)


def test_a_report_that_cannot_be_written_does_not_stop_the_run(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken(mockflux):
            due = mockflux.world.due
            mockflux.world.due = None
            yield
            mockflux.world.due = due

        def test_it(broken): assert False

        def test_next(mockflux): assert False
        """
    )
    result = run()
    result.assert_outcomes(failed=2)
    first, second = sections(result)
    assert first.startswith("mockflux could not write this report; please report this bug.\nTraceback")
    assert second.endswith("no request came")


# ------------------------------------------------------------------------------------------ exceptions inside mockflux

BREAK = """
    import pytest

    class Bug(Exception): pass

    def bug(*_): raise Bug("of my-token")

    @pytest.fixture
    def broken(mockflux, monkeypatch):
        monkeypatch.setattr(mockflux.world, "note", bug)
        return mockflux
"""


def test_an_exception_inside_mockflux_fails_a_passing_test(pytester, run):
    pytester.makepyfile(
        BREAK
        + """
    def test_pass(broken, send):
        assert send(broken, b"m f=1") == 500

    def test_next(mockflux, send):
        assert send(mockflux, b"m f=1") == 204
    """
    )
    result = run()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_pass _*",
            "mockflux met an exception of its own, so its answer cannot be trusted; please report this bug.",
            "*- inside mockflux -*",
            "1. POST /api/v2/write* -> 500 *",
            "Traceback (most recent call last):",
            "*Bug: of …en",
            "*- mockflux -*",
            "1. POST *",
            "*short test summary*",
            "FAILED *::test_pass*",
        ]
    )
    assert result.stdout.str().count("Traceback") == 1


def test_it_shows_in_a_failing_test_and_is_not_hidden_by_an_expected_failure(pytester, run):
    pytester.makepyfile(
        BREAK
        + """
    def test_fail(broken, send):
        send(broken, b"m f=1")
        assert False

    @pytest.mark.xfail
    def test_xfail(broken, send):
        assert send(broken, b"m f=1") == 204

    @pytest.fixture
    def late(broken, send):
        yield
        send(broken, b"m f=1")

    def test_late(late): pass

    @pytest.fixture
    def early(broken, send):
        send(broken, b"m f=1")
        broken.reset()

    def test_early(early): pass

    @pytest.fixture
    def early_failure(early): assert False

    def test_early_failure(early_failure): pass
    """
    )
    result = run("-rA")
    result.assert_outcomes(failed=2, xfailed=1, passed=1, errors=3)
    for name, kind in (("xfail", "ERROR"), ("late", "ERROR"), ("early", "FAILED")):
        result.stdout.fnmatch_lines([f"{kind} *::test_{name}*"])
    result.stdout.fnmatch_lines(["ERROR *::test_early_failure - assert False"])
    early, fail = (s for s in sections(result) if "Traceback (most recent call last):" in s)
    assert "requests before reset(): 1, not shown\nno request came after that" in early
    assert "     an exception inside mockflux\n" in fail
    for section in (early, fail):
        assert (
            "\nmockflux met an exception of its own, so its answer cannot be trusted; please report this bug.\n"
            in section
        )
        assert section.endswith("Bug: of …en")
