"""``python -m benchmarks``: measures, prints the table; ``python -m benchmarks compare OLD NEW``."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from benchmarks import expected, results
from benchmarks.figures import Figure
from benchmarks.measures import NAMES, measure_of
from benchmarks.run import Run
from benchmarks.table import table


class Incomparable(click.ClickException):
    """Two files that cannot be compared."""

    exit_code = 2


@click.group(invoke_without_command=True)
@click.option(
    "--short", is_flag=True, help="Less of everything, without influxd, in under a minute; fails on a gross fall."
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Keep the results in this file.")
@click.option("--baseline", is_flag=True, help="Hold the ratios against expected.json, as --short always does.")
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Measure only this subject; may be repeated.")
@click.option("--note", is_flag=True, help="With --short: run twice and note the ratios in expected.json.")
@click.pass_context
def main(
    context: click.Context, short: bool, file: Path | None, baseline: bool, only: tuple[str, ...], note: bool
) -> None:
    """Measure mockflux against a plain Flask handler and, where it is installed, a real influxd 1.6.

    Alternatives take turns round by round within one run; the ratios can be trusted, the absolute figures belong to
    this machine at this moment. See benchmarks/README.md.
    """
    if context.invoked_subcommand is not None:
        if short or file or baseline or only or note:
            raise click.UsageError(f"options of a run do not go with {context.invoked_subcommand}")
        return
    if file is not None and not file.absolute().parent.is_dir():
        raise click.UsageError(f"--json: there is no folder {file.absolute().parent}")
    if note and (not short or only):
        raise click.UsageError("--note goes with --short, and with all subjects")
    signal.signal(signal.SIGTERM, _end)
    subjects, figures = [name for name in NAMES if name in (only or NAMES)], list[Figure]()
    falls: dict[str, str] = {}
    with Run(short=short) as run:
        try:
            for name in subjects:
                figures += _measured(run, name)
            second = [figure for name in subjects if note for figure in _measured(run, name)]
            if baseline or (short and not note):
                falls = expected.falls(figures, expected.noted())
            if falls:  # a neighbour may have done that: what has fallen is measured once more
                again = [name for name in subjects if any(_subject(id) == name for id in falls)]
                repeated = {figure.id: figure for name in again for figure in _measured(run, name)}
                figures = [repeated.get(figure.id, figure) for figure in figures]
                falls = expected.falls(figures, expected.noted())
        finally:  # what was measured before an interruption is worth something, too
            run.say("")
            result = results.results(figures, run.notes, short=short)
            if figures:
                click.echo("\n".join([results.heading(result), *run.notes, "", table(figures)]))
    if file is not None:
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if note:
        expected.note([figures, second])
        click.echo(f"noted in {expected.FILE.name}")
    if falls:
        click.echo("\n" + "\n".join(f"gross fall: {sentence}" for sentence in falls.values()), err=True)
        sys.exit(1)


@main.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False))
@click.argument("new", type=click.Path(exists=True, dir_okay=False))
def compare(old: str, new: str) -> None:
    """How the ratios of two results (--json) differ."""
    try:
        click.echo(results.compare(results.load(old), results.load(new)))
    except ValueError as error:
        raise Incomparable(str(error)) from None


def _measured(run: Run, name: str) -> list[Figure]:
    run.say(f"measuring: {name}")
    return list(measure_of(name)(run))


def _subject(id: str) -> str:
    """The measure that gives a figure, by the beginning of its id."""
    first = id.partition(".")[0]
    return {"write": "writes", "batch": "batches", "file": "files", "error": "errors"}.get(first, first)


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends a run as Ctrl-C does: every server is stopped."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
