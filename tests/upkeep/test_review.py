from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.errors import GuardStopped, UsageError
from bounce_watch.listed import opt_outs
from bounce_watch.records.account import RequireProof, Trust
from bounce_watch.records.decision import Action, By, Decision
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence
from bounce_watch.reports.review import Group, ReviewItem
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.retention import purge
from bounce_watch.upkeep.review import Named, Settled, accept, decided, dismiss, dismiss_all, reopen, waiting
from tests.cli.mails import notice, unknown
from tests.flow.line import CATALOGUE

from .review_mails import (
    ACCOUNT,
    BY,
    FIRST,
    FORGED,
    GENUINE,
    HOUR,
    MAILS,
    MISDIRECTED,
    NAMED,
    NOW,
    OPEN,
    SECOND,
    UNKNOWN_SUBJECT,
    UNPROVEN,
    exported,
    groups,
    item,
    ledger_of,
    misdirected,
)

ALWAYS = {GENUINE, OPEN}
"""On the list before anybody decides."""

LATER = replace(BY, at=BY.at + HOUR)
LAST = replace(BY, at=BY.at + 2 * HOUR)
DAY = 24 * HOUR


def accepted(ledger: Ledger, *handles: str, by: By = BY, **named: Any) -> list[Settled]:
    return accept(ledger, ACCOUNT, handles=handles, catalogue=CATALOGUE, by=by, named=Named(**named))


def on_list(ledger: Ledger) -> set[str]:
    return {str(opt_out.order_id) for opt_out in opt_outs(ledger, ACCOUNT)}


def alias_of(ledger: Ledger, order: str) -> str | None:
    (found,) = [each.alias for each in opt_outs(ledger, ACCOUNT) if str(each.order_id) == order]
    return str(found) if found else None


def test_everything_that_waits(tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        found = {each.group: each for each in waiting(ledger, ACCOUNT)}
        assert list(found) == [
            Group.UNPROVEN,
            Group.FORGED,
            Group.MISDIRECTED,
            Group.UNRECOGNISED,
            Group.CONFLICTING,
        ]
        assert on_list(ledger) == ALWAYS
        unproven, conflict = found[Group.UNPROVEN], found[Group.CONFLICTING]
        assert unproven.about == UNPROVEN
        assert unproven.sender == "auto-communication@amazon.co.uk"
        assert unproven.place
        assert (unproven.place.folder, unproven.place.uid) == ("INBOX", 12)
        assert unproven.kept
        assert unproven.fingerprint
        assert unproven.handle == unproven.fingerprint[:8]
        assert "wrote no Authentication-Results" in unproven.tried
        assert "dmarc=fail" in found[Group.FORGED].tried
        assert "--forged" in found[Group.FORGED].accepting
        assert "none of your addresses" in found[Group.MISDIRECTED].tried
        assert found[Group.UNRECOGNISED].about == UNKNOWN_SUBJECT
        assert "--order" in found[Group.UNRECOGNISED].accepting
        assert conflict.handle == OPEN
        assert [str(alias) for alias in conflict.aliases] == [FIRST, SECOND]


def test_a_mail_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> object:
        raise RuntimeError("an odd mail")

    monkeypatch.setattr("bounce_watch.examine.recognise", broken)
    with ledger_of(tmp_path, MAILS[:1]) as ledger:
        monkeypatch.undo()
        waits = item(ledger, Group.UNREADABLE)
        assert "RuntimeError" in waits.tried
        with pytest.raises(UsageError) as error:
            accepted(ledger, waits.handle)
        assert GENUINE in error.value.advice
        accepted(ledger, waits.handle, order_id=OrderId(GENUINE))
        assert on_list(ledger) == {GENUINE}


@pytest.mark.parametrize(
    ("group", "named", "order"),
    [
        (Group.UNPROVEN, {}, UNPROVEN),
        (Group.FORGED, {"forged": True}, FORGED),
        (Group.MISDIRECTED, {}, MISDIRECTED),
        (Group.MISDIRECTED, {"order_id": OrderId(NAMED)}, NAMED),
        (Group.UNRECOGNISED, {"order_id": OrderId(NAMED)}, NAMED),
    ],
    ids=["unproven", "forged", "misdirected", "misdirected, order named", "unrecognised"],
)
def test_accept_dismiss_reopen_accept(
    group: Group, named: dict[str, Any], order: str, tmp_path: Path
) -> None:
    """On the export, off it, waiting again, on it: no guard stops it, and each time one is said to come or go."""
    with ledger_of(tmp_path) as ledger:
        assert exported(ledger, tmp_path, at=NOW) == (ALWAYS, 0, 0)
        waits, before = item(ledger, group), groups(ledger)
        (done,) = accepted(ledger, waits.handle, **named)
        assert done.decision
        assert order in done.said
        assert group.value not in groups(ledger)
        assert exported(ledger, tmp_path, at=BY.at) == (ALWAYS | {order}, 1, 0)
        (taken,) = ledger.decisions("uk", Action.ACCEPT)
        assert (taken.actor, taken.note, taken.decided_at) == ("kim", "seen in Seller Central", BY.at)

        dismiss(ledger, ACCOUNT, handles=[waits.handle], by=LATER)
        assert group.value not in groups(ledger)
        assert exported(ledger, tmp_path, at=LATER.at) == (ALWAYS, 0, 1)

        reopen(ledger, ACCOUNT, handles=[waits.handle], by=LAST)
        assert len(groups(ledger)) == len(before)
        assert exported(ledger, tmp_path, at=LAST.at) == (ALWAYS, 0, 0)

        accepted(ledger, waits.handle, by=replace(LAST, at=LAST.at + HOUR), forged=group is Group.FORGED)
        assert exported(ledger, tmp_path, at=LAST.at + 2 * HOUR) == (ALWAYS | {order}, 1, 0)


def test_a_persons_notice_counts_by_acceptance_alone(tmp_path: Path) -> None:
    """Its verdict is genuine, and still it goes when the acceptance goes."""
    with ledger_of(tmp_path) as ledger:
        handle = item(ledger, Group.UNRECOGNISED).handle
        accepted(ledger, handle, order_id=OrderId(NAMED), alias=Alias.parse(FIRST))
        (filed,) = [each for each in ledger.opt_out_notices("uk") if str(each.notice.order_id) == NAMED]
        assert (filed.notice.evidence, filed.notice.wording, filed.notice.language) == (
            Evidence.PERSON,
            None,
            None,
        )
        assert alias_of(ledger, NAMED) == FIRST
        reopen(ledger, ACCOUNT, handles=[handle], by=LATER)
        assert on_list(ledger) == ALWAYS
        waits = item(ledger, Group.UNRECOGNISED)
        assert "a person took it for an opt-out" in waits.tried
        accepted(ledger, handle, by=LAST, order_id=OrderId(UNPROVEN))
        assert on_list(ledger) == ALWAYS | {UNPROVEN}


def test_an_undone_review_run_lets_it_wait_again(tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        handle = item(ledger, Group.UNRECOGNISED).handle
        accepted(ledger, handle, order_id=OrderId(NAMED))
        run = ledger.runs("uk", 1)[0]
        assert run.command == "review"
        ledger.decide(
            Decision(account="uk", action=Action.UNDO, subject=str(run.id), actor="kim", decided_at=LATER.at)
        )
        assert on_list(ledger) == ALWAYS
        assert item(ledger, Group.UNRECOGNISED).handle == handle
        (done,) = accepted(ledger, handle, by=LAST, order_id=OrderId(NAMED))
        assert done.decision
        assert on_list(ledger) == ALWAYS | {NAMED}


def test_a_misdirected_mail_is_read_with_its_alias_and_verdict(tmp_path: Path) -> None:
    mail = notice(MISDIRECTED, alias=FIRST, number=4).replace(b"To: support@", b"To: somebody@")
    with ledger_of(tmp_path, [mail]) as ledger:
        accepted(ledger, item(ledger, Group.MISDIRECTED).handle)
        (filed,) = ledger.opt_out_notices("uk")
        assert str(filed.notice.alias) == FIRST
        assert filed.notice.evidence is Evidence.PERSON
        assert filed.outcome.value == "genuine"


def test_a_forged_mail_needs_its_flag_in_every_group(tmp_path: Path) -> None:
    mails = [
        notice(FORGED, number=3, dmarc="fail"),
        misdirected(dmarc="fail"),
        unknown(number=5).replace(b"dmarc=pass", b"dmarc=fail"),
    ]
    with ledger_of(tmp_path, mails) as ledger:
        for each in waiting(ledger, ACCOUNT):
            order = OrderId(NAMED) if each.group is Group.UNRECOGNISED else None
            with pytest.raises(GuardStopped) as stopped:
                accepted(ledger, each.handle, order_id=order)
            assert stopped.value.exit_code == 4
            assert "--forged" in stopped.value.advice
        assert ledger.decisions("uk") == []
        assert on_list(ledger) == set()
        handle = item(ledger, Group.FORGED).handle
        accepted(ledger, handle, forged=True)
        (again,) = accepted(ledger, handle, by=LATER)
        assert "nothing to do" in again.said


def test_conflicts(tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        assert alias_of(ledger, OPEN) == FIRST
        with pytest.raises(UsageError) as error:
            accepted(ledger, OPEN)
        assert FIRST in error.value.advice
        assert SECOND in error.value.advice
        for wrong in ("cccccccccccc03", "no-reply-amazon-iba-buyer"):
            with pytest.raises(UsageError):
                accepted(ledger, OPEN, alias=Alias(wrong, "amazon.co.uk"))
        assert exported(ledger, tmp_path, at=NOW, preset="addresses")[0] == {FIRST}

        accepted(ledger, OPEN, alias=Alias.parse(SECOND))
        assert alias_of(ledger, OPEN) == SECOND
        assert exported(ledger, tmp_path, at=BY.at, preset="addresses") == ({SECOND}, 1, 1)
        assert "conflicting" not in groups(ledger)
        (again,) = accepted(ledger, OPEN, alias=Alias.parse(SECOND), by=LATER)
        assert again.decision is None
        accepted(ledger, OPEN, alias=Alias.parse(FIRST), by=LATER)
        assert alias_of(ledger, OPEN) == FIRST

        dismiss(ledger, ACCOUNT, handles=[OPEN], by=LAST)
        assert alias_of(ledger, OPEN) is None
        assert OPEN in on_list(ledger)
        (settled,) = decided(ledger, ACCOUNT)
        assert settled.decision
        assert (settled.handle, settled.decision.alias) == (OPEN, None)
        (again,) = dismiss(ledger, ACCOUNT, handles=[OPEN], by=LAST)
        assert "nothing to do" in again.said

        reopen(ledger, ACCOUNT, handles=[OPEN], by=replace(LAST, at=LAST.at + HOUR))
        assert item(ledger, Group.CONFLICTING).handle == OPEN
        assert alias_of(ledger, OPEN) == FIRST


def test_decided_twice(tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        handle = item(ledger, Group.UNPROVEN).handle
        dismiss(ledger, ACCOUNT, handles=[handle, handle], by=BY)
        (again,) = dismiss(ledger, ACCOUNT, handles=[handle], by=LATER)
        assert again.decision is None
        assert again.said == "nothing to do: dismiss by kim on 2026-10-01"
        assert len(ledger.decisions("uk")) == 1
        (other,) = reopen(ledger, ACCOUNT, handles=[item(ledger, Group.FORGED).handle], by=LATER)
        assert other.decision is None


def test_several_at_once_or_none(tmp_path: Path) -> None:
    """One that can't be accepted keeps the others waiting, too."""
    with ledger_of(tmp_path) as ledger:
        handles = [item(ledger, group).handle for group in (Group.UNPROVEN, Group.MISDIRECTED)]
        with pytest.raises(UsageError):
            accepted(ledger, *handles, item(ledger, Group.UNRECOGNISED).handle)
        with pytest.raises(UsageError):
            accepted(ledger, *handles, order_id=OrderId(NAMED))
        assert on_list(ledger) == ALWAYS
        accepted(ledger, *handles)
        assert on_list(ledger) == ALWAYS | {UNPROVEN, MISDIRECTED}


def test_all_of_a_group(tmp_path: Path) -> None:
    forged = [notice(FORGED, number=n, dmarc="fail") for n in range(20, 23)]
    with ledger_of(tmp_path, [*MAILS, *forged]) as ledger:
        done = dismiss_all(ledger, ACCOUNT, group=Group.FORGED, by=BY)
        assert len(done) == 4
        assert Group.FORGED.value not in groups(ledger)
        assert len(groups(ledger)) == 4
        assert dismiss_all(ledger, ACCOUNT, group=Group.FORGED, by=BY) == []


@pytest.mark.parametrize(
    "handle", ["", "x", "0", "abc", "g" * 8, "203-9999999-9999999", "f" * 64, "f" * 65, "*"]
)
def test_handles_that_name_nothing(handle: str, tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        for decide in (dismiss, reopen):
            with pytest.raises(UsageError) as error:
                decide(ledger, ACCOUNT, handles=[handle], by=BY)
            assert error.value.advice


def test_handles_that_begin_alike(tmp_path: Path) -> None:
    """Of some thousand mails two begin with the same four digits; the shown ones are longer."""
    mails = [unknown(number=number) for number in range(600)]
    with ledger_of(tmp_path, mails) as ledger:
        found = waiting(ledger, ACCOUNT)
        assert len({each.handle for each in found}) == 600
        begins = [each.handle[:4] for each in found]
        twice = next(begin for begin in begins if begins.count(begin) > 1)
        with pytest.raises(UsageError) as error:
            dismiss(ledger, ACCOUNT, handles=[twice], by=BY)
        assert "begin with" in error.value.message
        once = next(each for each in found if begins.count(each.handle[:4]) == 1)
        (done,) = dismiss(ledger, ACCOUNT, handles=[once.handle[:4].upper()], by=BY)
        assert done.item.fingerprint == once.fingerprint


@pytest.mark.parametrize(
    ("group", "named"),
    [
        (Group.UNRECOGNISED, {}),
        (Group.UNRECOGNISED, {"alias": Alias.parse(FIRST)}),
        (Group.UNPROVEN, {"order_id": OrderId(NAMED)}),
        (Group.UNPROVEN, {"alias": Alias.parse(FIRST)}),
        (Group.CONFLICTING, {"order_id": OrderId(NAMED), "alias": Alias.parse(FIRST)}),
        (
            Group.MISDIRECTED,
            {"order_id": OrderId(NAMED), "alias": Alias("no-reply-amazon-iba-buyer", "amazon.de")},
        ),
    ],
)
def test_words_that_do_not_fit(group: Group, named: dict[str, Any], tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger:
        with pytest.raises(UsageError):
            accepted(ledger, item(ledger, group).handle, **named)
        assert ledger.decisions("uk") == []


def test_the_one_order_of_an_unknown_text_is_advised(tmp_path: Path) -> None:
    two = unknown(number=9).replace(b"went home", b"went home, as for order 203-1111111-2222222")
    with ledger_of(tmp_path, [unknown(number=5), two]) as ledger:
        one, other = sorted(
            waiting(ledger, ACCOUNT), key=lambda each: each.place.uid or 0 if each.place else 0
        )
        with pytest.raises(UsageError) as error:
            accepted(ledger, one.handle)
        assert "--order 203-1234567-7654321" in error.value.advice
        with pytest.raises(UsageError) as error:
            accepted(ledger, other.handle)
        assert "203-" not in error.value.advice


def test_past_retention(tmp_path: Path) -> None:
    """Names and octets are gone; an unproven notice can still be accepted, by its hash."""
    later = replace(BY, at=NOW + 40 * DAY)
    with ledger_of(tmp_path) as ledger:
        purge(ledger, ACCOUNT, now=NOW + 35 * DAY)
        waits = item(ledger, Group.UNPROVEN)
        assert not waits.kept
        assert waits.about.startswith("(forgotten) #")
        assert waits.sender is None
        accepted(ledger, waits.handle, by=later)
        assert len(on_list(ledger) - ALWAYS) == 1
        with pytest.raises(UsageError) as error:
            accepted(ledger, item(ledger, Group.MISDIRECTED).handle, by=later)
        assert "--order" in error.value.advice
        accepted(ledger, item(ledger, Group.MISDIRECTED).handle, by=later, order_id=OrderId(NAMED))
        assert NAMED in on_list(ledger)


def test_a_conflict_past_retention(tmp_path: Path) -> None:
    strict = replace(ACCOUNT, list_days=10)
    with ledger_of(tmp_path) as ledger:
        purge(ledger, strict, now=NOW + 45 * DAY)
        (waits,) = [each for each in waiting(ledger, strict) if each.group is Group.CONFLICTING]
        assert not set(waits.handle) - set("0123456789abcdef")
        chosen = Named(alias=Alias.parse(SECOND))
        by = replace(BY, at=NOW + 46 * DAY)
        (done,) = accept(ledger, strict, handles=[waits.handle], catalogue=CATALOGUE, by=by, named=chosen)
        assert done.decision
        assert "conflicting" not in groups(ledger, strict)


def test_what_counts_by_policy_does_not_wait(tmp_path: Path) -> None:
    never = replace(
        ACCOUNT, trust=Trust(require_proof=RequireProof.NEVER, authserv_ids=("mx.seller.example",))
    )
    with ledger_of(tmp_path, account=never) as ledger:
        assert "unproven" not in groups(ledger, never)
        assert "forged" in groups(ledger, never)


def test_newest_first(tmp_path: Path) -> None:
    mails = [unknown(f"Mail {n}", number=n).replace(b"30 Sep", b"%d Sep" % n) for n in (12, 28, 20)]
    with ledger_of(tmp_path, mails) as ledger:
        found: list[ReviewItem] = waiting(ledger, ACCOUNT)
        assert [each.about for each in found] == ["Mail 28", "Mail 20", "Mail 12"]
