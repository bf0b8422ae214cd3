"""`check-message`: what it says, and how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.records.filed import Filed, RunState
from bounce_watch.store.ledger import open_ledger
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write

CONFIGURED = SETTINGS + 'addresses = ["support@seller.example"]\n'
GOOD = f"From: support@seller.example\nTo: {ALIAS}\nSubject: Order {ORDER}\n\nWhich spelling?\n".encode()
BAD = GOOD.replace(b"Which", b"Write to help@seller.example. [Important] Which")
ADVISED = GOOD.replace(b"Subject: ", b"Subject: [Important] ")


@pytest.fixture
def ready(program: Program) -> Program:
    program.configure(CONFIGURED, "bounce.toml")
    write(program.home / "good.eml", GOOD)
    write(program.home / "bad.eml", BAD)
    write(program.home / "advised.eml", ADVISED)
    write(program.home / "none.eml", b"\x01 no mail at all")
    return program


def check(program: Program, *arguments: str, code: int, stdin: bytes = b"") -> str:
    done = program("check-message", *arguments, stdin=stdin, BOUNCE_WATCH_CONFIG="bounce.toml")
    assert done.code == code, done
    return done.out


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_mail_in_order(ready: Program) -> None:
    shown = check(ready, "good.eml", code=0)
    assert shown.startswith("good.eml ")
    assert shown.splitlines()[1] == "Breaks no rule that can be checked."
    assert "Not checked" in shown
    assert "Seller Central of that marketplace, Messaging Permissions." in shown


def test_a_mail_that_breaks_a_rule(ready: Program) -> None:
    shown = " ".join(check(ready, "bad.eml", code=3).split())
    assert " Breaks 1 rule. " in shown
    assert 'FORBIDDEN No e-mail address in the text. in the text: "help@seller.example" Take it out' in shown
    assert "content.email_address, confirmed: Amazon's guidelines" in shown


def test_advice_is_no_break(ready: Program) -> None:
    shown = " ".join(check(ready, "advised.eml", code=0).split())
    assert "Breaks no rule that can be checked, 1 piece of advice." in shown
    assert "ADVICE The word Important" in shown


def test_json(ready: Program) -> None:
    good, bad = objects(check(ready, "good.eml", "bad.eml", "--json", code=3))
    assert {
        key: good[key] for key in ("format", "path", "broken", "stale", "recipients", "order_ids", "findings")
    } == {
        "format": 1,
        "path": "good.eml",
        "broken": False,
        "stale": False,
        "recipients": [ALIAS],
        "order_ids": [ORDER],
        "findings": [],
    }
    missing = [each["rule"] for each in good["not_checked"]]
    assert sorted(missing) == ["body.language", "buyer.listed", "from.registered", "time.over_30_days"]
    assert all(each["why"] and each["how"] for each in good["not_checked"])
    (finding,) = bad["findings"]
    assert (bad["broken"], finding["examples"]) == (True, ["help@seller.example"])
    named = ("rule", "severity", "grade", "place", "count")
    assert [finding[key] for key in named] == ["content.email_address", "forbidden", "confirmed", "body", 1]
    assert set(finding) == {*named, "says", "source", "examples", "to_do"}


def test_a_mail_through_standard_input(ready: Program) -> None:
    (item,) = objects(check(ready, "-", "--json", code=3, stdin=BAD))
    assert (item["path"], item["broken"]) == ("-", True)


def test_a_mail_that_can_not_be_read(ready: Program) -> None:
    check(ready, "none.eml", code=65)
    (item,) = objects(check(ready, "none.eml", "--json", code=65))
    assert item == {"format": 1, "path": "none.eml", "error": "the mail has no header"}
    good, missing, bad = objects(check(ready, "good.eml", "missing.eml", "bad.eml", "--json", code=65))
    assert (good["broken"], bad["broken"]) == (False, True)
    assert missing["error"].startswith("missing.eml can't be read: No such file or directory.")


def test_one_file_that_is_missing_is_two_sentences(ready: Program) -> None:
    what, advice = ready.fails("check-message", "missing.eml", code=65)
    assert what == "missing.eml can't be read: No such file or directory."
    assert advice == "Check the path, and that this user may read the file."


def test_a_buyer_who_opted_out(ready: Program) -> None:
    write(ready.home / "notice.eml", notice())
    ready.works("import", "notice.eml", BOUNCE_WATCH_CONFIG="bounce.toml")
    shown = " ".join(check(ready, "good.eml", code=3).split())
    assert f'by the ledger: "{ALIAS}", "{ORDER}"' in shown
    assert "FORBIDDEN What is not critical must not go" in shown
    assert "ADVICE To a buyer who opted out" in " ".join(
        check(ready, "good.eml", "--critical", code=0).split()
    )


MAILBOX = '[accounts.uk.imap]\nhost = "imap.seller.example"\nuser = "x"\npassword = { env = "X" }\n'


def test_a_list_that_is_too_old_is_told(ready: Program) -> None:
    """Nothing is broken, and nobody can tell whether the buyer opted out: 3, unless a mail can't be read."""
    write(ready.home / "notice.eml", notice(OTHER_ORDER, alias=None))
    ready.works("import", "notice.eml", BOUNCE_WATCH_CONFIG="bounce.toml")
    ready.configure(CONFIGURED + MAILBOX, "bounce.toml")
    done = ready("check-message", "good.eml", BOUNCE_WATCH_CONFIG="bounce.toml")
    assert done.code == 3
    assert "uk: the mailbox was never read to its end" in done.err
    assert "Breaks no rule that can be checked." in done.out
    assert "buyer.listed" in done.out
    (item,) = objects(check(ready, "good.eml", "--json", code=3))
    assert (item["broken"], item["stale"]) == (False, True)
    assert "buyer.listed" in [each["rule"] for each in item["not_checked"]]
    check(ready, "good.eml", "none.eml", code=65)


def test_a_list_of_today(ready: Program) -> None:
    ready.configure(CONFIGURED + MAILBOX, "bounce.toml")
    at = datetime.now(UTC)
    with open_ledger(f"sqlite:///{ready.home}/ledger.sqlite") as ledger:
        number = ledger.start_run("uk", "poll", at=at)
        ledger.finish_run(number, at=at, state=RunState.COMPLETE, read=0, filed=Filed())
    (item,) = objects(check(ready, "good.eml", "--json", code=0))
    assert item["stale"] is False
    assert "buyer.listed" not in [each["rule"] for each in item["not_checked"]]


def test_a_mailbox_without_any_ledger_is_told(ready: Program) -> None:
    ready.configure(CONFIGURED + MAILBOX, "bounce.toml")
    done = ready("check-message", "good.eml", "--json", BOUNCE_WATCH_CONFIG="bounce.toml")
    assert done.code == 3
    assert done.said == ["uk: there is no ledger yet. Read the mailbox: bounce-watch poll"]
    assert objects(done.out)[0]["stale"] is True
    assert not (ready.home / "ledger.sqlite").exists()


def test_a_list_that_nobody_polls_is_no_reason_to_end_with_3(ready: Program) -> None:
    """Without a mailbox the rules are all there is to ask; that the list was not is said."""
    write(ready.home / "notice.eml", notice(OTHER_ORDER, alias=None))
    ready.works("import", "notice.eml", BOUNCE_WATCH_CONFIG="bounce.toml")
    (item,) = objects(check(ready, "good.eml", "--json", code=0))
    assert item["stale"] is False
    assert "buyer.listed" in [each["rule"] for each in item["not_checked"]]


def test_it_makes_no_ledger(ready: Program) -> None:
    check(ready, "good.eml", code=0)
    assert not (ready.home / "ledger.sqlite").exists()


def test_a_ledger_that_can_not_be_asked_is_no_answer(ready: Program) -> None:
    (ready.home / "ledger.sqlite").write_bytes(b"something else" * 100)
    what, advice = ready.fails("check-message", "good.eml", code=74, BOUNCE_WATCH_CONFIG="bounce.toml")
    assert "ledger.sqlite" in what
    assert advice


def test_what_is_quoted_is_inert(ready: Program, tmp_path: Path) -> None:
    evil = GOOD.replace(b"Which", b"https://a.example/\x1b]0;owned\x07 \xe2\x80\xaex Which")
    write(ready.home / "evil.eml", evil)
    for arguments in (["evil.eml"], ["evil.eml", "--json"]):
        shown = check(ready, *arguments, code=0)
        assert "https://a.example/" in shown
        assert not set("\x1b\x07\u202e") & set(shown)


def test_several_examples_and_the_rest_as_a_number(ready: Program) -> None:
    addresses = " ".join(f"a{number}@b.example" for number in range(5))
    write(ready.home / "many.eml", GOOD + addresses.encode())
    shown = " ".join(check(ready, "many.eml", code=3).split())
    assert '"a0@b.example", "a1@b.example", "a2@b.example", 2 more' in shown
