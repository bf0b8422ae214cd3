"""The program `bounce-watch`: commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn

import typer

from bounce_watch.cli import (
    alerts,
    check,
    check_message,
    daily,
    db,
    decide,
    demo,
    doctor,
    export,
    health,
    history,
    import_list,
    inspect,
    listing,
    poll,
    presets,
    purge,
    rebuild,
    report,
    reprocess,
    review,
    runs,
    scrub,
    sent,
    sent_coverage,
    sent_poll,
)
from bounce_watch.cli.context import Config, name_config
from bounce_watch.cli.talk import guard_streams, out, say
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
alerts_app = typer.Typer(help="Tell somebody what needs a person.", no_args_is_help=True)
db_app = typer.Typer(help="The ledger itself: is it whole, and a copy of it.", no_args_is_help=True)
review_app = typer.Typer()
sent_app = typer.Typer(help="What you sent: the denominator of every rate.", no_args_is_help=True)
suppressions_app = typer.Typer(help="Whom not to write to.", no_args_is_help=True)

app.command("demo")(demo.demo)
app.command("poll")(poll.poll)
app.command("import")(poll.import_)
app.command("inspect")(inspect.inspect)
app.command("check-message")(check_message.check_message)
app.command("report")(report.report)
app.command("daily")(daily.daily)
app.command("doctor")(doctor.doctor)
app.command("health")(health.health)
app.command("scrub")(scrub.scrub)
app.command("history")(history.history)
app.command("reprocess")(reprocess.reprocess)
app.command("purge")(purge.purge)
app.command("rebuild")(rebuild.rebuild)
app.command("runs")(runs.runs)
app.command("undo")(runs.undo)
app.command("redo")(runs.redo)
alerts_app.command("check")(alerts.check)
alerts_app.command("test")(alerts.send_test)
db_app.command("check")(db.check)
db_app.command("backup")(db.backup)
sent_app.command("import")(sent.import_)
sent_app.command("coverage")(sent_coverage.coverage)
sent_app.command("poll")(sent_poll.poll)
suppressions_app.command("export")(export.export)
suppressions_app.command("list")(listing.list_)
suppressions_app.command("add")(decide.add)
suppressions_app.command("release")(decide.release)
suppressions_app.command("allow")(decide.allow)
suppressions_app.command("import")(import_list.import_)
suppressions_app.command("check")(check.check)
suppressions_app.command("presets")(presets.presets)
suppressions_app.command("exports")(export.exports)
review_app.callback(invoke_without_command=True)(review.review)
review_app.command("accept")(review.accept)
review_app.command("dismiss")(review.dismiss)
review_app.command("reopen")(review.reopen)
app.add_typer(alerts_app, name="alerts")
app.add_typer(db_app, name="db")
app.add_typer(review_app, name="review")
app.add_typer(sent_app, name="sent")
app.add_typer(suppressions_app, name="suppressions")

VERBOSE_VARIABLE = "BOUNCE_WATCH_TRACEBACK"


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            out(f"bounce-watch {version('bounce-watch')}\n")
        except PackageNotFoundError:
            out("bounce-watch of a source folder that is not installed\n")
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
    os.umask(0o077)  # whatever we write is for this user alone
    # Python prints what nobody handles on standard error; the libraries' warnings may repeat anything.
    logging.getLogger().addHandler(logging.NullHandler())
    guard_streams()
    try:
        app()
    except BounceWatchError as error:
        _explain(error.message, error.advice)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the top: everything becomes a sentence
        _explain_crash(error)
        sys.exit(1)
    sys.exit(0)


def _explain(message: str, advice: str) -> None:
    with suppress(BounceWatchError):  # where nobody can hear it, the exit code still says it
        say(message)
        say(advice)


def _explain_crash(error: Exception) -> None:
    """Where it happened only if that is asked for: even places are of no use to a seller."""
    advice = f"Set {VERBOSE_VARIABLE}=1 and run it again to see where, then report it."
    if os.environ.get(VERBOSE_VARIABLE):
        from bounce_watch.cli.crash import places

        for line in places(error):
            say(line)
        advice = "Report it with the lines above; they hold no password and nothing of a mail."
    _explain(
        f"Something went wrong inside bounce-watch ({type(error).__name__}); what was filed before is safe.",
        advice,
    )


def _terminated(signum: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + signum)
