"""`doctor` at the command line: what it finds, what it proposes, and what a confirmed receiver changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.cli.conftest import Program

from .mails import ORDER, notice
from .program import Result

DAY = format_datetime(datetime.now(UTC) - timedelta(days=2))[:16]
"""What is set aside can be judged again for 30 days, so these mails are young."""

SETTINGS = """
[ledger]
url = "sqlite:///state/ledger.sqlite"

[accounts.uk]
addresses = ["support@seller.example"]
"""


def _home(program: Program) -> Program:
    program.configure(SETTINGS)
    folder = program.home / "mails"
    folder.mkdir()
    for number in range(1, 9):
        received = (
            b"Received: from mail.amazon.example (mail.amazon.example [203.0.113.7])"
            b" by mx.seller.example with ESMTPS; " + DAY.encode() + b" 08:00:00 +0000\n"
        )
        mail = notice(f"203-1234567-765432{number}", number=number, alias=None, day=DAY)
        head, _, rest = mail.partition(b"\n")
        (folder / f"{number}.eml").write_bytes(head + b"\n" + received + rest)
    return program


def _run(home: Program, *words: str) -> Result:
    return home("--config", "settings.toml", *words)


def test_a_receiver_is_proposed_confirmed_and_withdrawn(program: Program) -> None:
    home = _home(program)
    assert _run(home, "import", "mails").code == 0
    assert ORDER[:11] not in _run(home, "suppressions", "export", "--preset", "orders").out

    looked = _run(home, "doctor", "mails")
    assert looked.code == 3
    assert "mx.seller.example wrote into 8 of 8 mails" in looked.out
    assert "--confirm mx.seller.example" in looked.out

    shown = _run(home, "doctor", "--confirm", "mx.seller.example")
    assert shown.code == 0
    assert "Nothing was written" in shown.err
    assert _run(home, "suppressions", "export", "--preset", "orders").out == ""

    done = _run(home, "doctor", "--confirm", "MX.seller.example", "--write", "--by", "Nina", "--note", "ours")
    assert done.code == 0, done.err
    listed = _run(home, "suppressions", "export", "--preset", "orders").out.split()
    assert len(listed) == 8

    fine = _run(home, "doctor", "mails", "--json")
    checks = {check["about"]: check for check in json.loads(fine.out)["checks"]}
    assert checks["receiver"]["state"] == "fine"
    assert checks["ledger"]["state"] == "fine"
    assert fine.code == 0

    gone = _run(home, "doctor", "--withdraw", "mx.seller.example")
    assert gone.code == 0
    assert _run(home, "doctor", "--withdraw", "mx.seller.example").code == 2
    assert len(_run(home, "suppressions", "export", "--preset", "orders").out.split()) == 8


def test_an_open_ledger_is_told(program: Program) -> None:
    home = _home(program)
    assert _run(home, "import", "mails").code == 0
    (home.home / "state" / "ledger.sqlite").chmod(0o644)
    looked = _run(home, "doctor", "mails")
    assert "can be read by others (mode 0644)" in looked.out
    assert "chmod 600" in looked.out


def test_no_ledger_yet_is_said_and_none_is_made(program: Program) -> None:
    home = _home(program)
    looked = _run(home, "doctor", "mails")
    assert looked.code == 3
    assert "There is no ledger" in looked.out
    assert not (home.home / "state").exists()


def test_an_account_without_a_mailbox_is_told_what_to_name(program: Program) -> None:
    looked = _run(_home(program), "doctor")
    assert "Name files of recent mail" in looked.out


def test_words_that_do_not_fit_together(program: Program) -> None:
    home = _home(program)
    both = _run(home, "doctor", "--confirm", "a.example", "--withdraw", "a.example")
    assert both.code == 2
    everybody = _run(home, "doctor", "--confirm", "*.com")
    assert everybody.code == 2
    assert "strangers" in everybody.err
    assert "Traceback" not in both.err + everybody.err
