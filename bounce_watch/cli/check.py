"""`suppressions check` says for scripts and tools whether mail may go to a buyer, or about an order."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, ledger, now, settings
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.errors import ATTENTION, ON_THE_LIST, PARTLY, DataError, UsageError
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from bounce_watch.records.facts import FactsWithAge
    from bounce_watch.settings import Settings
    from bounce_watch.upkeep.check import Checked, ListCheck

_A_YEAR_H = 366 * 24
_NOT_UNDERSTOOD = DataError.exit_code


def check(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME…", help="Order ids and buyers' addresses, or - for lines of them."),
    ],
    max_age: Annotated[
        int | None,
        typer.Option(
            metavar="HOURS",
            min=1,
            max=_A_YEAR_H,
            help="How old the last complete poll may be; else as in the settings.",
        ),
    ] = None,
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Say who is on the list: ends with 10 if somebody is, with 0 if nobody is. Changes nothing.

    Example: bounce-watch suppressions check 203-1234567-7654321
    """
    found = settings(config)
    with _asked(found, account, timedelta(hours=max_age) if max_age else found.max_age) as asked:
        if names == ["-"]:
            code = _answer_lines(asked, as_json=as_json)
        elif "-" in names:
            raise UsageError(
                "- and names exclude each other.", "Give names, or pipe them in and give - alone."
            )
        else:
            code = _answer_all(asked, names, found, as_json=as_json)
    raise typer.Exit(code)


@contextmanager
def _asked(found: Settings, account: str | None, max_age: timedelta) -> Iterator[ListCheck]:
    from bounce_watch.records.ids import MARKETPLACES
    from bounce_watch.upkeep.check import ListCheck

    one = found.account(account)
    with _opened(found) as opened:
        yield ListCheck(
            ledger=opened,
            account=one.account,
            marketplaces=MARKETPLACES | frozenset(found.marketplaces),
            has_mailbox=one.imap is not None,
            max_age=max_age,
        )


@contextmanager
def _opened(found: Settings) -> Iterator[FactsWithAge]:
    from bounce_watch.store.glance import open_glance

    glance = open_glance(found.ledger_url, key_file=found.ledger_key)
    if glance is None:
        with ledger(found, create=False) as opened:
            yield opened
    else:
        with closing(glance):
            yield glance


def _answer_all(asked: ListCheck, names: list[str], found: Settings, *, as_json: bool) -> int:
    from bounce_watch.upkeep.check import State, as_item, in_words

    at = now()
    answers = asked.answers(names, at=at)
    if as_json:
        out("".join(json_text(as_item(each, account=asked.account.name)) for each in answers))
    else:
        out_lines(in_words(answers, at=at, zone=found.time_zone))
    states = {each.state for each in answers}
    if answers[0].stale:
        _say_stale(asked)
    if State.LISTED in states:
        return ON_THE_LIST
    if State.UNKNOWN in states:
        return _NOT_UNDERSTOOD
    return ATTENTION if answers[0].stale else 0


def _answer_lines(asked: ListCheck, *, as_json: bool) -> int:
    """Answer until the input ends, or nobody reads the answers any more."""
    from bounce_watch.upkeep.check import State, as_item, as_line, questions_in

    def line(answer: Checked) -> str:
        return json_text(as_item(answer, account=asked.account.name)) if as_json else as_line(answer)

    not_understood = stale = False
    for questions in questions_in(_standard_input()):
        answers = asked.answers(questions, at=now())
        if answers[0].stale and not stale:
            _say_stale(asked)
        stale = answers[0].stale
        not_understood = not_understood or any(each.state is State.UNKNOWN for each in answers)
        if not out("".join(map(line, answers))):
            break
    return PARTLY if not_understood else ATTENTION if stale else 0


def _say_stale(asked: ListCheck) -> None:
    name = asked.account.name
    if asked.has_mailbox:
        say(
            f"The mailbox of {name} was not read to its end lately, so who opted out since then may be missing."
        )
        say("Read it: bounce-watch poll")
    else:
        say(f"{name}: no mail was ever read, so nobody can be on its list by a notice.")
        say("Poll or import first, or correct --config and --account.")


def _standard_input() -> Callable[[int], bytes]:
    """Reads what waits there, or waits for some."""
    stream = getattr(sys.stdin, "buffer", None)
    if not isinstance(stream, io.BufferedIOBase):
        raise UsageError("There is no standard input.", "Pipe lines into the command, or give it names.")

    def read(size: int) -> bytes:
        try:
            return stream.read1(size)
        except OSError as error:
            raise DataError(
                f"Standard input can't be read ({error.strerror}).", "Pipe lines of text into the command."
            ) from error

    return read
