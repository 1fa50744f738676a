"""The command line: ``mockflux serve``, ``editions``, ``explain``, ``compare``, ``verify`` and ``record``.

Thin: what the commands do is in the modules beside this one, imported when a command runs.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, BinaryIO

import click

from mockflux._version import VERSION
from mockflux.cli.ending import Ending

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """A group whose complaints are one sentence on stderr, with exit code 2."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """As click's, but for the form of complaints."""
        run: Callable[..., Any] = super().main
        if not standalone_mode:
            return run(*args, standalone_mode=False, **extra)
        for stream in (sys.stdout, sys.stderr):  # a name that the terminal's encoding lacks must not be an exception
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = run(*args, standalone_mode=False, **extra)
        except click.ClickException as error:
            click.echo(f"mockflux: {error.format_message()}", err=True)
            sys.exit(2)
        except click.Abort:  # Ctrl-C
            sys.exit(130)
        except OSError as error:
            _give_up_stdout()
            if error.errno != errno.EPIPE:  # who closes a pipe knows that he did
                click.echo(f"mockflux: cannot write the output: {error.strerror or error}", err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


def _give_up_stdout() -> None:
    """What could not be written is not tried again when the interpreter ends."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def misuse_in_one_sentence() -> Iterator[None]:
    """Turns what mockflux raises for misuse into click's error for it."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(error.strerror or str(error)) from None
    except ValueError as error:  # ProfileError is one
        raise click.UsageError(str(error)) from None


@click.group(cls=Commands, context_settings=_CONTEXT, invoke_without_command=True)
@click.version_option(VERSION, prog_name="mockflux", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """A simulated InfluxDB for tests: answers as the edition you picked would."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


_SWITCHES = click.option(
    "--switch", "switches", multiple=True, metavar="NAME=VALUE",
    help="Set a switch of the profile; may be repeated. 'mockflux explain PROFILE' lists them.",
)  # fmt: skip


@main.command(short_help="Serve editions, one port each, until Ctrl-C or SIGTERM.")
@click.argument("profiles", nargs=-1, metavar="[PROFILE]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=int, default=0, show_default=True,
    help="Port of the first profile; the others get those after it. 0 takes free ones.",
)  # fmt: skip
@click.option("--tls", is_flag=True, help="Serve https, with a certificate authority made for this run.")
@click.option("--org", help="Name of the organization.")
@click.option("--bucket", help="Name of the bucket.")
@click.option("--database", help="Name of the database, in editions that have no buckets.")
@click.option("--user", help="Name of the user.")
@click.option("--password", help="The user's password.")
@click.option("--token", help="The token that may do everything.")
@click.option("--auth/--no-auth", default=None, help="Whether to ask who one is; what is usual with the edition.")
@click.option("--plan", help="The plan, in editions that have plans.")
@_SWITCHES
@click.option(
    "--clock", default="real", show_default=True, metavar="WHEN",
    help="real, frozen, or an ISO time at which it stands.",
)  # fmt: skip
@click.option("--tick", type=float, default=0, help="Seconds by which each request advances the clock.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides ids and tokens.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, a list of servers, instead of text.")
@click.option("--quiet", is_flag=True, help="No request log.")
def serve(
    profiles: tuple[str, ...], host: str, port: int, tls: bool, auth: bool | None, switches: tuple[str, ...],
    clock: str, tick: float, seed: int, as_json: bool, quiet: bool, **options: str | None,
) -> None:  # fmt: skip
    """Serve editions of InfluxDB, one port each, until SIGINT (Ctrl-C) or SIGTERM.

    PROFILE is the id of an edition ('mockflux editions' lists them) or the path of a profile of your own. Without
    one, MOCKFLUX_PROFILE in the environment names it; without that, it is v2-oss.

    The first line on stdout is the URL. After it come token, org and bucket or database, a curl command that writes a
    point, and environment variables that clients read. The request log goes to stderr: a line per request, with the
    clause of the profile that answered it.

    Organization, bucket, user, password and token are, unless given here, those of DOCKER_INFLUXDB_INIT_ORG, _BUCKET,
    _USERNAME, _PASSWORD and _ADMIN_TOKEN, or of the files that DOCKER_INFLUXDB_INIT_ORG_FILE and so on name, as in
    InfluxDB's own container image.
    """
    with Ending() as ending, ExitStack() as stack:
        from mockflux.cli import requestlog, serving
        from mockflux.public import Server

        with misuse_in_one_sentence():
            named = serving.profiles(profiles, os.environ)
            found = [serving.switched(name, switches) for name in named]
            values, editions = serving.set_up(options, os.environ), [profile for profile, _ in found]
            common: dict[str, Any] = {
                "host": host,
                "tls": tls,
                "auth": auth,
                "clock": serving.moment(clock),
                "tick": tick,
                "seed": seed,
            }
            servers = [
                Server(name, port=own, **common, **serving.fitting(profile, editions, values, options) | set_so)
                for name, own, (profile, set_so) in zip(named, serving.ports(port, len(named)), found, strict=True)
            ]
            if not quiet:
                for server in servers:
                    label = server.profile.id if len(servers) > 1 else ""
                    server.journal.on_close = requestlog.observer(sys.stderr, label)
            for note in serving.unheeded(os.environ):
                click.echo(f"mockflux: {note}", err=True)
            try:
                stack.enter_context(serving.running(servers))
            except ImportError as error:
                raise click.UsageError(str(error).replace("tls=True", "--tls")) from None
        if as_json:
            click.echo(json.dumps([serving.facts(server) for server in servers]))
        else:
            click.echo("\n".join(serving.announcement(server) for server in servers), nl=False)
        ending.wait()
        if not quiet:
            for server in servers:
                click.echo(serving.summary(server), err=True)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of a table.")
def editions(as_json: bool) -> None:
    """List the editions that come with mockflux."""
    from mockflux.cli import explaining

    rows = explaining.editions()
    click.echo(json.dumps(rows, indent=2) + "\n" if as_json else explaining.editions_table(rows), nl=False)


@main.command()
@click.argument("profile")
@click.argument("status", type=int, required=False)
@_SWITCHES
@click.option("--json", "as_json", is_flag=True, help="A JSON object instead of text.")
def explain(profile: str, status: int | None, switches: tuple[str, ...], as_json: bool) -> None:
    """Tell what an edition answers, and how that is known.

    Shows the switches of PROFILE, its settings, and its clauses: each with the status line, the body as a template,
    how it is reached, where it comes from (documented, released: seen in a real server, or inferred), and an exchange
    with a server of that profile, made for this, in which it is said (without the reply's Date, and what it calls the
    request). With STATUS, only the clauses that say it. Into a pipe nothing is wrapped, so that grep finds whole
    sentences.
    """
    from mockflux.cli import explaining, serving
    from mockflux.cli.examples import examples

    with misuse_in_one_sentence():
        found = serving.switched(profile, switches)[0]
        shown = examples(profile, found, explaining.chosen(found, status))
        if as_json:
            text = json.dumps(explaining.as_data(found, status, shown), indent=2) + "\n"
        else:
            text = explaining.as_text(found, status, _width(), shown)
    click.echo(text, nl=False)


def _width() -> int | None:
    """Columns for prose on a terminal; None for a pipe, where nothing is wrapped."""
    return min(100, shutil.get_terminal_size().columns) if sys.stdout and sys.stdout.isatty() else None


class _Input(click.File):
    """A file to read, or - for stdin, which may be closed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "-" and sys.stdin is None:
            self.fail("standard input is closed; name a file", param, ctx)
        return super().convert(value, param, ctx)


@main.command(short_help="Show what each edition makes of the same write.")
@click.argument("file", type=_Input("rb"), metavar="FILE")
@click.option("--precision", default="ns", show_default=True, help="Of the file's timestamps: ns, us, ms, s, m or h.")
@click.option(
    "--retention", metavar="DURATION", help="How long points are kept, like 30d or 12h; for ever if not given."
)
@click.option("--now", metavar="TIME", help="The time that it is, as in RFC 3339; it stands. Without it: the present.")
@click.option(
    "--profile", "profiles", multiple=True, metavar="PROFILE",
    help="Ask only this edition, or profile of your own; may be repeated.",
)  # fmt: skip
@click.option(
    "--set", "--switch", "switches", multiple=True, metavar="NAME=VALUE",
    help="Set a switch at each edition that has it; may be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A JSON list, an object for each row, instead of a table.")
def compare(
    file: BinaryIO, precision: str, retention: str | None, now: str | None, profiles: tuple[str, ...],
    switches: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Show what each edition makes of the same write: status line, body, lines kept and lines refused.

    FILE is line protocol, - for stdin. Each edition gets a fresh bucket or database, and the request that its clients
    would send: to /api/v2/write, where it has that, with its own names for parameters, precision and token scheme.
    Editions that answer alike share a row. Lines are numbered by where they begin in FILE; a line that is in neither
    list has no point, or belongs to a batch that was refused whole for others; one in both has some of its fields kept,
    where each field is a point. What an edition refuses after its reply is told as such.
    """
    from mockflux.cli import comparing

    with misuse_in_one_sentence():
        rows = comparing.compare(profiles, comparing.asked(file.read(), precision, retention, now), switches)
    click.echo(
        json.dumps(comparing.as_data(rows), indent=2) + "\n" if as_json else comparing.as_text(rows, _width()), nl=False
    )


def _live_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that speaks with a live server."""
    for option in reversed(
        (
            click.option(
                "--profile", required=True, metavar="PROFILE",
                help="The edition that the server is said to be, or a profile of your own.",
            ),
            click.option("--token", envvar="MOCKFLUX_TOKEN", help="A token that may make what vectors need."),
            click.option("--read-token", help="A token that may only read."),
            click.option("--org", help="The organization, by name."),
            click.option("--user", help="A user; an admin where the server asks who one is."),
            click.option("--password", envvar="MOCKFLUX_PASSWORD", help="The user's password."),
            click.option("--bucket", help="A bucket made to be written to, instead of new ones. Needs --yes."),
            click.option("--database", help="The same, where databases are written to. Needs --yes."),
            click.option("--server-version", help="What the server tells as its version, if its /ping does not."),
            _SWITCHES,
            click.option("--ca", metavar="FILE", help="Certificate of the authority to trust, for https."),
            click.option("--insecure", is_flag=True, help="Trust any certificate."),
            click.option("--yes", is_flag=True, help="What was named may be written to, or overwritten."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@main.command(short_help="Play the contract against a live server, and tell what differs.")
@click.argument("url", required=False)
@_live_options
@click.option("--list", "as_list", is_flag=True, help="Print the ids of the vectors, with what each shows; no URL.")
@click.option("--vectors", type=click.Path(), metavar="PATH", help="A vector file of your own, or a folder of them.")
@click.option("--only", metavar="PATTERN", help="Only vectors whose id fits, such as 'v2-write.*'.")
@click.option("--junit", metavar="FILE", help="Write the report as JUnit's XML, too.")
@click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON, too.")
def verify(
    url: str | None, profile: str, switches: tuple[str, ...], ca: str | None, insecure: bool, yes: bool,
    vectors: str | None, only: str | None, junit: str | None, json_file: str | None, as_list: bool,
    **options: str | None,
) -> None:  # fmt: skip
    """Play the contract vectors of an edition against the live server at URL, and tell what differs.

    For each vector a bucket or database of its own is made, under a name that begins with mockflux, and removed when
    the vector is done, whatever happens. Nothing that was there before is touched. Where an edition makes none over
    HTTP, --database names one that was made for this.

    Prints for each difference the clause of the profile, what was expected and what was got; then what could not be
    played there and why, and the figures. Exit code 1 if anything differed, 2 if it could not be tried. --token and
    --password can be given as MOCKFLUX_TOKEN and MOCKFLUX_PASSWORD in the environment.
    """
    from pathlib import Path

    from mockflux.cli import verifying

    if as_list:
        with misuse_in_one_sentence():
            lines = verifying.listing(profile, Path(vectors) if vectors else None, only)
        click.echo(lines, nl=False)
        return
    if url is None:
        raise click.UsageError("Missing argument 'URL'.")
    with misuse_in_one_sentence():
        access = verifying.named(options)
        found = verifying.expectations(profile, Path(vectors) if vectors else None)[1]
        picked = verifying.chosen(found, only)
        live, set_so = verifying.at_hand(url, profile, switches, access, ca=ca, insecure=insecure, yes=yes)
        report = verifying.run(live, picked, set_so)
        verifying.save(report, junit, json_file)
    click.echo(verifying.text(report), nl=False)
    if report.of("different"):
        sys.exit(1)
    if not report.of("held"):
        raise click.UsageError(f"none of the {len(picked)} vectors can be played on this server")


@main.command(short_help="Keep what a live server answers as vectors of your own.")
@click.argument("url")
@click.argument("vectors")
@_live_options
@click.option("--out", required=True, type=click.Path(), metavar="FILE", help="The vector file to write.")
def record(
    url: str, vectors: str, profile: str, switches: tuple[str, ...], ca: str | None, insecure: bool, yes: bool,
    out: str, **options: str | None,
) -> None:  # fmt: skip
    """Play the requests of VECTORS against the live server at URL, and write its answers as a vector file.

    VECTORS is the path of a vector file, or a pattern of ids such as 'v2-write.*' (in quotes), which 'mockflux verify
    --list --profile PROFILE' prints. What belongs to the run alone (names, ids, dates, versions) is a place in the
    file. It can be played as the expectations of a profile of your own: 'mockflux verify --vectors FILE'. On the server
    the same is made and removed as by verify.
    """
    from pathlib import Path

    from mockflux.cli import recording, verifying

    with misuse_in_one_sentence():
        access = verifying.named(options)
        recording.refuse_to_overwrite(Path(out), yes)
        found, tables = recording.requests(profile, vectors)
        live, set_so = verifying.at_hand(url, profile, switches, access, ca=ca, insecure=insecure, yes=yes)
        text = recording.run(live, found, tables, set_so, Path(out))
    click.echo(text, nl=False)
