"""Outgoing mails as they come, hostile ones too, and what a real ledger knows of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import DataError
from bounce_watch.outgoing.draft import Draft
from bounce_watch.outgoing.notes import Judgement
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.sent import Origin, SendOutcome
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep import check_message
from bounce_watch.upkeep.check import MAX_AGE
from bounce_watch.upkeep.check_message import CheckedMail, check_mail, read_draft, read_octets
from tests.outgoing.makers import found, not_checked
from tests.store.makers import HOUR, NOON, SHARED, buyer, finding, link, log, notice, order, send

UK = Account(name="uk", addresses=("support@seller.example",))
AT = NOON + timedelta(days=5)
HEAD = "From: support@seller.example\nTo: {to}\nSubject: {subject}\nMIME-Version: 1.0\n"
PLAIN = HEAD + "Content-Type: text/plain; charset=utf-8\n\nWhich spelling shall we engrave?\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Its mailbox was read to the end an hour before the mails are judged."""
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        polled(opened, AT - HOUR)
        yield opened


def polled(ledger: Ledger, at: datetime) -> None:
    number = ledger.start_run("uk", "poll", at=at)
    ledger.finish_run(number, at=at, state=RunState.COMPLETE, read=0, filed=Filed())


def mail(number: int = 1, *, to: Alias | str | None = None, text: str = PLAIN) -> bytes:
    """A mail about the order of that number to the buyer of that number."""
    return text.format(to=to or buyer(number), subject=f"Order {order(number)}").encode()


def read(octets: bytes) -> Draft:
    draft = read_draft(octets)
    assert isinstance(draft, Draft)
    return draft


def checked_at(
    at: datetime, ledger: Ledger | None, octets: bytes, *, has_mailbox: bool = True, critical: bool = False
) -> CheckedMail:
    return check_mail(
        Path("x.eml"),
        octets,
        UK,
        marketplaces=MARKETPLACES,
        at=at,
        max_age=MAX_AGE if has_mailbox else None,
        ledger=ledger,
        critical=critical,
    )


def judged(octets: bytes, ledger: Ledger | None = None, *, critical: bool = False) -> Judgement:
    checked = checked_at(AT, ledger, octets, critical=critical)
    assert checked.judgement is not None, checked.problem
    return checked.judgement


def with_opt_out(ledger: Ledger, number: int, alias: Alias | None) -> None:
    run = ledger.start_run("uk", "poll", at=NOON)
    ledger.file(run, [finding(replace(notice(number), alias=alias))], cursor=None, read=1, passed=0)


def with_sends(ledger: Ledger, *numbers: int, outcome: SendOutcome = SendOutcome.SENT) -> None:
    run = ledger.start_run("uk", "sent import", at=NOON)
    sends = [send(number, alias=buyer(number), order_id=order(number), outcome=outcome) for number in numbers]
    ledger.file_sent_log(run, log(sends))


def decide(ledger: Ledger, action: Action, name: OrderId, scope: DecisionScope) -> None:
    ledger.decide(
        Decision(
            account="uk",
            action=action,
            subject=ledger.hash_of(name),
            actor="owner",
            decided_at=NOON + timedelta(days=1),
            order_id=name,
            scope=scope,
        )
    )


def test_a_ledger_without_the_buyer(ledger: Ledger) -> None:
    judgement = judged(mail(), ledger)
    assert found(judgement) == set()
    assert not_checked(judgement) == {"time.over_30_days"}


def test_a_buyer_on_the_list_by_alias_also_for_another_order(ledger: Ledger) -> None:
    with_opt_out(ledger, 1, buyer(1))
    assert found(judged(mail(1), ledger)) == {"buyer.listed ledger"}
    other = judged(mail(2, to=buyer(1)), ledger)
    assert found(other) == {"buyer.listed ledger"}
    assert other.found[0].examples == (str(buyer(1)),)
    assert found(judged(mail(2), ledger)) == set()
    assert found(judged(mail(1), ledger, critical=True)) == {"buyer.listed_exception ledger"}


def test_an_order_on_the_list_whose_alias_nobody_knows(ledger: Ledger) -> None:
    with_opt_out(ledger, 1, None)
    judgement = judged(mail(1), ledger)
    assert judgement.found[0].examples == (str(order(1)),)


def test_a_shared_alias_is_not_looked_up(ledger: Ledger) -> None:
    with_opt_out(ledger, 1, SHARED)
    assert found(judged(mail(2, to=SHARED), ledger)) == {"to.shared header"}


def test_a_person_allowed_the_order(ledger: Ledger) -> None:
    run = ledger.start_run("uk", "sent import", at=NOON)
    ledger.file_sent_log(run, log(links=[link(order(number), buyer(1)) for number in (1, 2)]))
    with_opt_out(ledger, 1, buyer(1))
    assert found(judged(mail(2, to=buyer(1)), ledger)) == {"buyer.listed ledger"}
    decide(ledger, Action.ALLOW, order(2), DecisionScope.ORDER)
    assert found(judged(mail(2, to=buyer(1)), ledger)) == set()
    assert found(judged(mail(1), ledger)) == {"buyer.listed ledger"}
    both = mail(2, to=buyer(1), text=PLAIN + f"Also order {order(1)}.\n")
    assert "buyer.listed ledger" in found(judged(both, ledger))


def test_a_person_added_the_order(ledger: Ledger) -> None:
    decide(ledger, Action.ADD, order(4), DecisionScope.ORDER)
    assert found(judged(mail(4), ledger)) == {"buyer.listed ledger"}


def test_what_was_sent_before_tells_age_and_requests(ledger: Ledger) -> None:
    with_sends(ledger, 1)
    ask = PLAIN + "Please leave a review.\n"
    judgement = judged(mail(1, text=ask), ledger)
    assert found(judgement) == {"review.words body", "review.second ledger"}
    assert judgement.found[1].examples == ("review request, 2026-03-01",)
    assert not_checked(judgement) == {"time.over_30_days"}  # the order was there then, and may be much older
    assert not_checked(judged(mail(2, text=ask), ledger)) == {"review.second", "time.over_30_days"}


def test_what_was_withheld_was_no_request_but_proves_the_order(ledger: Ledger) -> None:
    with_sends(ledger, 1, outcome=SendOutcome.WITHHELD)
    judgement = judged(mail(1, text=PLAIN + "Please leave a review.\n"), ledger)
    assert found(judgement) == {"review.words body"}
    assert not_checked(judgement) == {"review.second", "time.over_30_days"}


def test_what_scrub_let_through_has_no_name_and_says_nothing_of_the_age(ledger: Ledger) -> None:
    """Its label is the number of its row, and it saw the order just now."""
    run = ledger.start_run("uk", "scrub", at=AT - HOUR)
    row = replace(
        send(1, alias=buyer(1), order_id=order(1), origin=Origin.SCRUB, sent_at=AT - HOUR), label="row 2"
    )
    ledger.file_sent_log(run, log([row]))
    judgement = judged(mail(1, text=PLAIN + "Please leave a review.\n"), ledger)
    assert found(judgement) == {"review.words body"}
    assert not_checked(judgement) == {"review.second", "time.over_30_days"}


def test_an_order_that_is_known_for_long(ledger: Ledger) -> None:
    with_sends(ledger, 1)
    late = checked_at(NOON + timedelta(days=31), ledger, mail())
    assert late.judgement is not None
    assert found(late.judgement) == {"time.over_30_days ledger"}


def placed(ledger: Ledger, days: int, *numbers: int) -> None:
    """An order report says that these orders were placed so many days before the mails are judged."""
    run = ledger.start_run("uk", "sent import", at=NOON)
    at = AT - timedelta(days=days)
    links = [replace(link(order(number), buyer(number)), ordered_at=at) for number in numbers]
    ledger.file_sent_log(run, log(links=links))


def test_an_order_report_tells_the_age(ledger: Ledger) -> None:
    placed(ledger, 29, 1, 2)
    placed(ledger, 31, 3)
    assert not_checked(judged(mail(1), ledger)) == set()
    assert found(judged(mail(3), ledger)) == {"time.over_30_days ledger"}
    assert not_checked(judged(mail(1, text=f"{PLAIN}Also order {order(2)}.\n"), ledger)) == set()
    unknown = mail(1, text=f"{PLAIN}Also order {order(9)}.\n")
    assert not_checked(judged(unknown, ledger)) == {"time.over_30_days"}


@pytest.mark.parametrize(
    ("hours", "has_mailbox", "is_stale", "unknown"),
    [(26, True, False, False), (27, True, True, True), (27, False, False, True)],
)
def test_how_old_the_list_is(
    hours: int, has_mailbox: bool, is_stale: bool, unknown: bool, ledger: Ledger
) -> None:
    at = AT - HOUR + timedelta(hours=hours)
    checked = checked_at(at, ledger, mail(), has_mailbox=has_mailbox)
    assert checked.judgement is not None
    assert checked.stale is is_stale
    assert ("buyer.listed" in not_checked(checked.judgement)) is unknown


def test_a_mailbox_that_was_never_read(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/new.sqlite") as new:
        checked = checked_at(AT, new, mail())
        assert checked.judgement is not None
        assert (checked.stale, "buyer.listed" in not_checked(checked.judgement)) == (True, True)
        assert not checked_at(AT, new, mail(), has_mailbox=False).stale
    assert checked_at(AT, None, mail()).stale
    assert not checked_at(AT, None, mail(), has_mailbox=False).stale


def test_a_mail_without_its_order_is_known_by_its_alias(ledger: Ledger) -> None:
    with_sends(ledger, 1)
    octets = mail(1, text=PLAIN.replace("Subject: {subject}", "Subject: x") + "Please leave a review.\n")
    assert found(judged(octets, ledger)) == {"review.words body", "review.second ledger", "order.none body"}


PARTS = HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b\n{parts}\n--b--\n'


def parts(*texts: str) -> bytes:
    joined = "\n--b\n".join(texts)
    return PARTS.format(to=buyer(1), subject=f"Order {order(1)}", parts=joined).encode()


TEXT = "Content-Type: text/plain\n\nWhich spelling?"


def test_parts_are_told_apart() -> None:
    draft = read(
        parts(
            TEXT,
            "Content-Type: text/html\n\n<a href='https://a.example'>x</a>",
            "Content-Type: text/plain; name=notes.TXT\n\nnot ours",
            "Content-Type: application/pdf\nContent-Disposition: attachment; filename=in.voice.pdf\n"
            "Content-Transfer-Encoding: base64\n\nQUJDREVG",
            "Content-Type: image/png\nContent-ID: <1>\nContent-Disposition: inline; filename=a.png\n\nxx",
            "Content-Type: image/png\nContent-ID: <2>\nContent-Disposition: attachment\n\nxx",
            f"Content-Type: application/x-thing; name=a.{'b' * 20}\n\nx",
            "Content-Type: text/html\nContent-Disposition: attachment\n\n<img src='https://a.example'>",
        )
    )
    assert [[link.target for link in each.links] for each in draft.html] == [["https://a.example"]]
    assert [(each.kind, each.ending, each.size_bytes, each.is_inside) for each in draft.attachments] == [
        ("text/plain", "txt", 8, False),
        ("application/pdf", "pdf", 6, False),
        ("image/png", "png", 2, True),
        ("image/png", "", 2, False),
        ("application/x-thing", "", 1, False),
        ("text/html", "", 29, False),
    ]
    assert draft.cut == ()


def test_recipients_are_those_of_to_cc_and_bcc() -> None:
    head = (
        "To: A <A@B.Example>, c@d.example\nTo: e@f.example\nCC: g@h.example,\nBcc: undisclosed:;\n"
        "Delivered-To: x@y.example\nList-Unsubscribe: <mailto:u@v.example>\nIn-Reply-To: <1@z>\n"
    )
    draft = read(head.encode() + b"Subject: x\n\ntext")
    assert draft.recipients == ("a@b.example", "c@d.example", "e@f.example", "g@h.example")
    assert (draft.has_opt_out_field, draft.is_reply, draft.from_address) == (True, True, None)


def test_a_large_attachment_is_measured_and_hides_nothing() -> None:
    line = "QUJD" * 19 + "\n"
    pdf = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + line * 190_000
    judgement = judged(parts(TEXT, pdf))
    assert found(judgement) == {"attachment.purpose attachment", "attachment.size attachment"}
    assert "mail.whole" not in not_checked(judgement)
    (size,) = [each for each in judgement.found if each.rule.id == "attachment.size"]
    assert size.examples == ("10.8 MB",)  # 190,000 lines of 57 octets
    assert "mail.whole" in not_checked(judged(parts(pdf, TEXT)))  # the text came too late to be read


def test_a_mail_too_large_to_be_read_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_message, "LARGEST", 5_000)
    octets = mail() + b"x\n" * 5_000
    assert "octets" in read(octets).cut
    assert "mail.whole" in not_checked(judged(octets))


def test_long_html_is_not_whole() -> None:
    long_html = parts("Content-Type: text/html\n\n" + "<p>x</p>" * 100_000, "Content-Type: text/html\n\n<p>")
    assert "html" in read(long_html).cut


HOSTILE = {
    "nested parts": HEAD.encode()
    + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000)),
    "many parts": parts(*["Content-Type: application/pdf\n\nx"] * 20_000),
    "no boundary": HEAD.encode() + b"Content-Type: multipart/mixed; boundary=zz\n\n" + b"x\n" * 200_000,
    "comments in comments": b"To: " + b"(" * 100_000 + b"\nFrom: " + b"(" * 100_000 + b"\n\nx",
    "many recipients": b"To: " + b"a@b.example, " * 100_000 + b"\n\nx",
    "many fields": b"X: y\n" * 100_000 + b"\nx",
    "at signs": mail(text=PLAIN + "a@" * 500_000),
    "digits": mail(text=PLAIN + "1 " * 500_000),
    "zeros": mail(text=PLAIN + "0-" * 500_000),
    "labels": mail(text=PLAIN + "tel. " * 200_000),
    "links": mail(text=PLAIN + "https://" * 200_000),
    "orders": mail(text=PLAIN + "203-1234567-7654321 " * 50_000),
    "unclosed tags": mail(text=PLAIN.replace("plain", "html") + "<!--" * 100_000 + "<" * 100_000),
    "wrong transfer": mail(
        text=PLAIN.replace("charset=utf-8", "charset=utf-8\nContent-Transfer-Encoding: base64")
    ),
    "strange names": parts("Content-Type: x/y; " + "".join(f'name*{n}="a";' for n in range(500)) + "\n\nx"),
    "octets": bytes(range(256)).join([b"From: ", b"\nTo: ", b"\nSubject: ", b"\n\n"]),
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_a_hostile_mail_is_judged_all_the_same(octets: bytes) -> None:
    """Each takes less than a second alone; what is quadratic would take minutes."""
    assert judged(octets).not_checked


@pytest.mark.parametrize("cut_at", range(8, 400, 7))
def test_a_mail_cut_anywhere(cut_at: int) -> None:
    octets = parts(TEXT, "Content-Type: text/html\n\n<a href='https://a.example'>x</a>")
    assert judged(octets[:cut_at]).not_checked


@pytest.mark.parametrize(
    ("octets", "problem"), [(b"\n\n", "the mail is empty"), (b"\x00\x01 no mail", "the mail has no header")]
)
def test_what_is_no_mail_is_said(octets: bytes, problem: str) -> None:
    checked = checked_at(AT, None, octets)
    assert (checked.judgement, checked.draft, checked.problem) == (None, None, problem)


def test_files_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(b"To: x\n\ny")
    assert read_octets(file, io.BytesIO(b"no")) == b"To: x\n\ny"
    assert read_octets(Path("-"), io.BytesIO(b"To: z\n\n")) == b"To: z\n\n"
    file.write_bytes(b" \n")
    for path in (file, tmp_path, tmp_path / "none.eml", Path("-"), Path("/dev/null")):
        with pytest.raises(DataError) as refused:
            read_octets(path, io.BytesIO(b""))
        assert str(path) in refused.value.message
