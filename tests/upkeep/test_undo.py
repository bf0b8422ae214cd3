"""Undo and redo: the property on random histories, and cases worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bounce_watch.errors import UsageError
from bounce_watch.records.decision import Action
from bounce_watch.records.filed import Filed, RunContents
from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import WhyNotOurs
from bounce_watch.records.sent import Origin
from bounce_watch.upkeep.undo import Change, met_again, redo, told, undo
from tests.store.makers import ACCOUNT, HOUR, NOON, buyer, coverage, link, log, messages_ever, order, send
from tests.upkeep.histories import UK, Mail, Played, Step, played
from tests.upkeep.undo_property import Check, any_run, export_goes_on, last_run, stays_undone, with_examples

AT = datetime(2026, 3, 3, tzinfo=UTC)

PROPERTY = [
    *((last_run, number) for number in range(2)),
    *((check, 0) for check in (any_run, stays_undone, export_goes_on)),
]
"""Four histories each; docs/explanation/undo.md has the long run."""


@pytest.mark.parametrize(("check", "number"), PROPERTY)
def test_the_property(check: Check, number: int) -> None:
    with_examples(check, 4, number=number)()


@pytest.fixture
def one() -> Iterator[Played]:
    """Order 1 and buyer 1 opted out in run 1; run 2 is another notice of order 2, unproven."""
    with played([poll(1, alias=buyer(1)), poll(2, verdict="unproven")]) as found:
        yield found


def poll(number: int, *, alias: Alias | None = None, verdict: str = "genuine", kind: str = "poll") -> Step:
    return Step(kind, (Mail(number, "opt_out", alias, verdict),))


def act(one: Played, run: int, action: Action = Action.UNDO, *, dry_run: bool = False) -> Change:
    decide = undo if action is Action.UNDO else redo
    return decide(one.ledger, UK, run, actor="ann", note="wrong file", at=AT, dry_run=dry_run)


def lines(one: Played, preset: str = "orders") -> list[str]:
    return str(one.exports()[preset]).splitlines()


def test_what_goes_with_a_poll(one: Played) -> None:
    change = act(one, 1)
    assert change.contents == RunContents(mails=1, readings=1, verdicts=1)
    assert (change.notices_less, change.notices_more) == (1, 0)
    assert (change.went, change.came) == ((str(buyer(1)), str(order(1))), ())
    assert lines(one) == []
    back = act(one, 1, Action.REDO)
    assert (back.went, back.came) == ((), (str(buyer(1)), str(order(1))))
    assert lines(one) == [str(order(1))]


def test_who_decided_when_and_why(one: Played) -> None:
    act(one, 1)
    (decision,) = one.ledger.decisions(ACCOUNT, Action.UNDO)
    assert (decision.subject, decision.actor, decision.note) == ("1", "ann", "wrong file")
    assert decision.decided_at == AT


def test_what_goes_with_a_sent_log(one: Played) -> None:
    """Its send makes order 2 known, so the unproven notice counts; without it the notice waits again."""
    third = Step(
        "sent import",
        log=log(
            [send(2, sent_at=NOON - HOUR, alias=buyer(2))], whole=coverage(NOON - timedelta(days=2), NOON)
        ),
    )
    one.play(third)
    assert lines(one) == [str(order(1))]  # a send to an alias alone does not name the order
    one.play(Step("sent import", log=log([send(2)], [link(order(2), buyer(2))])))
    assert lines(one) == [str(order(1)), str(order(2))]
    change = act(one, 4)
    assert (change.contents.sends, change.contents.links, change.covered_days) == (1, 1, 0)
    assert (change.notices_less, change.notices_more) == (1, 0)
    assert change.went == (str(buyer(2)), str(order(2)))
    assert act(one, 3).covered_days == 2


def test_undo_of_a_link_brings_an_order_in_the_place_of_an_alias(one: Played) -> None:
    one.play(Step("sent import", log=log(links=[link(order(1), buyer(2))])))
    one.play(Step("sent import", log=log(links=[link(order(0), buyer(1))])))
    assert lines(one) == [str(order(0)), str(order(1))]
    assert act(one, 4).went == (str(order(0)),)
    assert lines(one, "addresses") == [str(buyer(1))]


def test_a_dry_run_says_the_same_and_decides_nothing(one: Played) -> None:
    dry = act(one, 1, dry_run=True)
    assert one.ledger.decisions(ACCOUNT) == []
    assert lines(one) == [str(order(1))]
    assert dry == act(one, 1)
    dry = act(one, 1, Action.REDO, dry_run=True)
    assert lines(one) == []
    assert dry == act(one, 1, Action.REDO)


@pytest.mark.parametrize(
    ("run", "action", "why"),
    [
        (7, Action.UNDO, "has no run 7"),
        (7, Action.REDO, "has no run 7"),
        (2, Action.UNDO, "undone already"),
        (1, Action.REDO, "is not undone"),
    ],
)
def test_what_can_not_be_undone_or_redone(one: Played, run: int, action: Action, why: str) -> None:
    act(one, 2)
    with pytest.raises(UsageError, match=why) as failed:
        act(one, run, action)
    assert "bounce-watch runs" in failed.value.advice
    assert len(one.ledger.decisions(ACCOUNT)) == 1


def test_a_run_of_another_account_is_not_ours(one: Played) -> None:
    other = one.ledger.start_run("de", "poll", at=AT)
    with pytest.raises(UsageError, match=f"uk has no run {other}"):
        act(one, other)


def test_a_reprocess_can_be_undone() -> None:
    """A mail that nobody understood is an opt-out since run 2; undone, it waits again."""
    unknown = Step("poll", (Mail(1, "unrecognised", None, "genuine"),))
    with played([unknown, poll(1, kind="reprocess")]) as one:
        assert lines(one) == [str(order(1))]
        change = act(one, 2)
        assert (change.contents.mails, change.contents.readings) == (0, 1)
        assert lines(one) == []
        assert [mail.result for mail in one.ledger.waiting(ACCOUNT)] == ["unrecognised"]


def test_a_later_verdict_can_be_undone() -> None:
    """A forged mail, then the same one proven; undo of the second leaves the forged one."""
    with played([poll(1, verdict="forged"), poll(1)]) as one:
        assert lines(one) == [str(order(1))]
        assert act(one, 2).contents == RunContents(verdicts=1)
        assert lines(one) == []
        again = one.meet_all_again(mend=False, seed=1)
        assert again == Filed(duplicates=2, undone=((2, 1),))
        assert lines(one) == []


def test_a_rebuild_does_not_bring_it_back(one: Played) -> None:
    act(one, 1)
    filed = one.meet_all_again(mend=True, seed=1)
    assert filed == Filed(duplicates=2, undone=((1, 1),))
    assert lines(one) == []
    act(one, 1, Action.REDO)
    assert one.meet_all_again(mend=True, seed=1) == Filed(duplicates=2)
    assert lines(one) == [str(order(1))]


def test_the_cursor_stays_as_it_is(one: Played) -> None:
    from tests.store.makers import cursor

    run = one.ledger.start_run(ACCOUNT, "poll", at=AT)
    one.ledger.file(run, [Mail(3, "opt_out", None, "genuine").finding], cursor=cursor(9), read=1, passed=0)
    act(one, run)
    assert one.ledger.cursors(ACCOUNT)["INBOX"].next_uid == 9


def test_a_sent_log_met_again_is_counted_by_its_undone_run(one: Played) -> None:
    """Two sends of which one is a link as well, an order report's link, and the coverage: five facts."""
    given = log(
        [send(1), send(2, order_id=order(2), alias=buyer(2))],
        [link(order(1), buyer(1), origin=Origin.ORDER_REPORT)],
        coverage(NOON - timedelta(days=1), NOON),
    )
    step = Step("sent import", log=given)
    run = one.play(step)
    assert run is not None
    act(one, run)
    again = one.ledger.start_run(ACCOUNT, "sent import", at=AT)
    assert one.ledger.file_sent_log(again, given) == Filed(duplicates=2, undone=((run, 5),))
    assert messages_ever(one.ledger) == 0
    assert one.ledger.coverages(ACCOUNT) == []
    act(one, run, Action.REDO)
    assert one.ledger.file_sent_log(again, given) == Filed(duplicates=2)


def test_sums_of_what_was_met_again() -> None:
    total = Filed(new=1, undone=((1, 2), (4, 1))) + Filed(undone=((4, 3),)) + Filed(duplicates=5)
    assert total == Filed(new=1, duplicates=5, undone=((1, 2), (4, 4)))
    assert list(met_again(total)) == [
        "Known already: 2 of it belong to run 1, which is undone; `bounce-watch redo 1` brings them back.",
        "Known already: 4 of it belong to run 4, which is undone; `bounce-watch redo 4` brings them back.",
    ]
    assert list(met_again(Filed(new=9))) == []


def test_in_words(one: Played) -> None:
    said = list(told(act(one, 1, dry_run=True), zone=UTC, dry_run=True))
    assert said[0].startswith("uk: run 1 (poll of 2 Mar 2026 00:00) would be undone")
    assert said[1] == "With it go 1 mail and 1 verdict."
    assert said[2] == "Notices: 1 count no more, 0 count now. The list: 2 names off it, 0 onto it."
    assert "the cursor stays as it is" in said[3]
    assert "`bounce-watch redo 1`" in said[3]
    assert "forgotten by the next poll" in said[4]
    assert said[5] == "Nothing was changed."
    act(one, 1)
    said = list(told(act(one, 1, Action.REDO), zone=UTC, dry_run=False))
    assert said[0].endswith("is redone.")
    assert said[1] == "With it come 1 mail and 1 verdict."
    assert len(said) == 3


def test_an_empty_run_has_nothing_to_take_back(one: Played) -> None:
    run = one.play(Step("poll", (Mail(1, "foreign", None, "genuine"),)))
    assert run is not None
    change = act(one, run)
    assert change.contents == RunContents()
    assert "It filed nothing new." in told(change, zone=UTC, dry_run=False)
    assert WhyNotOurs.NOT_AMAZON.value not in {each.result for each in one.ledger.totals(ACCOUNT).results}
