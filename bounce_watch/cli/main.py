"""The program `bounce-watch`: commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from bounce_watch.cli import daily, demo, export, inspect, poll, report, scrub, sent
from bounce_watch.cli.context import Config, name_config
from bounce_watch.errors import BounceWatchError

app = typer.Typer(
    name="bounce-watch",
    help="Reads Amazon's opt-out notices from your mailbox: whom not to write to, and how many opt out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
sent_app = typer.Typer(help="What you sent: the denominator of every rate.", no_args_is_help=True)
suppressions_app = typer.Typer(help="Whom not to write to.", no_args_is_help=True)

app.command("demo")(demo.demo)
app.command("poll")(poll.poll)
app.command("import")(poll.import_)
app.command("inspect")(inspect.inspect)
app.command("report")(report.report)
app.command("daily")(daily.daily)
app.command("scrub")(scrub.scrub)
sent_app.command("import")(sent.import_)
suppressions_app.command("export")(export.export)
app.add_typer(sent_app, name="sent")
app.add_typer(suppressions_app, name="suppressions")

VERBOSE_VARIABLE = "BOUNCE_WATCH_TRACEBACK"


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"bounce-watch {version('bounce-watch')}")
        except PackageNotFoundError:
            typer.echo("bounce-watch of a source folder that is not installed")
        raise typer.Exit


@app.callback()
def main(
    config: Config = None,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Reads Amazon's opt-out notices from your mailbox: whom not to write to, and how many opt out."""
    name_config(config)


def run() -> NoReturn:
    """Run the command line; exits with a code of docs/reference/exit-codes.md, never with a traceback."""
    signal.signal(signal.SIGTERM, _terminated)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a pipe may know ASCII only, a path more
    try:
        app()
    except BounceWatchError as error:
        _explain(error.message, error.advice)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get(VERBOSE_VARIABLE):
            raise
        _explain(
            f"Something went wrong inside bounce-watch ({type(error).__name__}); what was filed before is safe.",
            f"Set {VERBOSE_VARIABLE}=1 and run it again to see where, then report it.",
        )
        sys.exit(1)
    sys.exit(0)


def _explain(message: str, advice: str) -> None:
    from bounce_watch.cli.talk import say

    say(message)
    say(advice)


def _terminated(signum: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + signum)
