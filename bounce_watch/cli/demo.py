"""`demo` runs the main job on a made-up mailbox: poll, records, list, report. No server, no settings."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bounce_watch.cli.export import Wanted, write_list
from bounce_watch.cli.poll import take_in, tell
from bounce_watch.cli.report import drawn
from bounce_watch.cli.talk import how_started, out, say
from bounce_watch.errors import DataError

if TYPE_CHECKING:
    from bounce_watch.demo.generate import DemoFiles
    from bounce_watch.mailboxes.specs import PathSpec
    from bounce_watch.records.account import Account

ZONE = ZoneInfo("Europe/London")
_MORNING_AFTER = timedelta(days=1, hours=6, minutes=30)

_SETTINGS = """\
[ledger]
url = "sqlite:///bounce-watch.sqlite"

[report]
time_zone = "{zone}"

[accounts.{name}]
marketplaces = {marketplaces}
addresses = {addresses}
authserv_ids = {authserv_ids}
"""


def demo(
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to put it; a temporary folder if left out.")
    ] = None,
) -> None:
    """Show the whole line on a made-up mailbox of three months: poll, records, list, report.

    Example: bounce-watch demo
    """
    from bounce_watch.demo.generate import make_demo
    from bounce_watch.flow import import_sent
    from bounce_watch.notices.catalogue import load_catalogue
    from bounce_watch.sent_log.detect import read_sent_file
    from bounce_watch.store.ledger import open_ledger
    from bounce_watch.suppression.preset import load_preset
    from bounce_watch.upkeep.report import asked, report_contents

    place = folder or Path(tempfile.mkdtemp(prefix="bounce-watch-demo-"))
    if place.is_dir() and any(place.iterdir()):
        raise DataError(f"{place} is not empty.", "Name an empty folder, or one that is not there yet.")
    files = make_demo(place)
    account = _account(files)
    (place / "settings.toml").write_text(_settings(files, account), "utf-8")
    last_day = datetime.combine(files.last_day, time.min, tzinfo=UTC)

    def clock() -> datetime:
        """The morning after the demo's last day, so that the demo never grows old."""
        return last_day + _MORNING_AFTER

    say(
        f"1 of 4  A made-up mailbox of {files.truth.mails:,} mails and a log of {files.truth.sends:,} messages sent."
    )
    with open_ledger(f"sqlite:///{place / 'bounce-watch.sqlite'}") as opened:
        say("2 of 4  Reading the mailbox and the sent log.")
        known = load_catalogue()
        tell(take_in(account, _mailbox(files), known, opened, command="poll", clock=clock), as_json=False)
        log = read_sent_file(files.sent_log, account=account.name, time_zone=ZONE, seen_at=clock())
        import_sent(log, opened, account=account, clock=clock)
        say("3 of 4  Writing the list for the dispatch tool.")
        wanted = Wanted(output=place / "suppressions.txt")
        write_list([account], opened, load_preset(wanted.preset), wanted, at=clock(), zone=ZONE)
        say("4 of 4  The report of the last seven days:")
        polled = [account.name]
        week = asked("week", files.last_day, ZONE, now=clock())
        out(drawn(report_contents(opened, [account], week, now=clock(), polled=polled)))
    say("")
    say(f"Everything lies in {place}.")
    more = f"--config {place}/settings.toml report --period month --date {files.last_day}"
    say(f"Go on with: {how_started()} {more}")


def _account(files: DemoFiles) -> Account:
    from bounce_watch.records.account import Account, Trust

    return Account(
        name="demo",
        marketplaces=files.marketplaces,
        addresses=files.addresses,
        trust=Trust(authserv_ids=files.authserv_ids),
    )


def _mailbox(files: DemoFiles) -> PathSpec:
    from bounce_watch.mailboxes.specs import PathSpec

    return PathSpec(path=files.mailbox)


def _settings(files: DemoFiles, account: Account) -> str:
    """Settings with which every other command can be tried on the demo."""
    import json

    return _SETTINGS.format(
        zone=ZONE.key,
        name=account.name,
        marketplaces=json.dumps(files.marketplaces),
        addresses=json.dumps(files.addresses),
        authserv_ids=json.dumps(files.authserv_ids),
    )
