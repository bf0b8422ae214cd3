from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.upkeep.doctor import Check, State, locks, policy, privacy, receivers

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/data /data/nina nfs4 rw 0 0
/dev/sdb1 /data/nina/local ext4 rw 0 0
odd line
"""


def _file(folder: Path, mode: int, folder_mode: int = 0o700) -> Path:
    path = folder / "ledger.sqlite"
    path.touch()
    path.chmod(mode)
    folder.chmod(folder_mode)
    return path


@pytest.mark.parametrize(
    ("mode", "folder_mode", "alone", "state", "advised"),
    [
        (0o600, 0o700, True, State.FINE, ""),
        (0o400, 0o700, True, State.FINE, ""),
        (0o640, 0o700, True, State.CHECK, "chmod 600"),
        (0o604, 0o700, False, State.CHECK, "chmod 600"),
        (0o600, 0o755, True, State.CHECK, "chmod 700"),
        (0o600, 0o755, False, State.FINE, ""),
        (0o600, 0o777, False, State.CHECK, "chmod 700"),
    ],
)
def test_who_else_can_read_a_file(
    tmp_path: Path, mode: int, folder_mode: int, alone: bool, state: State, advised: str
) -> None:
    (check,) = privacy(_file(tmp_path, mode, folder_mode), about="ledger", alone=alone)
    assert check.state is state
    assert advised in check.advice
    assert bool(check.advice) is (state is State.CHECK)


def test_a_file_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    assert list(privacy(tmp_path / "no", about="ledger")) == []


@pytest.mark.parametrize(
    ("path", "warned"),
    [
        ("/data/nina/ledger.sqlite", True),
        ("/data/nina/local/ledger.sqlite", False),
        ("/data/ninas/ledger.sqlite", False),
        ("/var/ledger.sqlite", False),
    ],
)
def test_a_network_file_system_is_warned_of(path: str, warned: bool) -> None:
    found = list(locks(Path(path), MOUNTS))
    assert [check.state for check in found] == ([State.CHECK] if warned else [])
    assert list(locks(Path(path), "")) == []


def test_an_open_policy_is_said() -> None:
    lax = Account(name="uk", trust=Trust(require_proof=RequireProof.NEVER))
    assert [check.about for check in policy(lax)] == ["proof", "addresses"]
    assert list(policy(Account(name="uk", addresses=("support@seller.example",)))) == []


def _traces(count: int = 20, authserv_id: str = "mx.seller.example") -> list[tuple[tuple[str, str], ...]]:
    random = Random(1)
    return [_trace(f"shop{number}.example", random.randrange(1, 250), authserv_id) for number in range(count)]


def _trace(sender: str, host: int, authserv_id: str) -> tuple[tuple[str, str], ...]:
    came = f"from mail.{sender} (mail.{sender} [203.0.113.{host}]) by {authserv_id} with ESMTPS; Thu, 10 Sep 2026"
    return (
        ("authentication-results", f"{authserv_id}; dmarc=pass header.from={sender}"),
        ("received", came),
    )


def _receiver(ids: tuple[str, ...], count: int = 20) -> Check:
    account = Account(name="uk", trust=Trust(authserv_ids=ids))
    (check,), _ = receivers(account, _traces(count))
    return check


def test_without_a_receiver_the_seen_one_is_proposed_with_the_command() -> None:
    check = _receiver(())
    assert check.state is State.CHECK
    assert "mx.seller.example wrote into 20 of 20 mails" in check.text
    assert "doctor --account uk --confirm mx.seller.example" in check.advice


def test_a_receiver_that_is_seen_is_fine() -> None:
    check = _receiver(("mx.seller.example",))
    assert (check.state, check.advice) == (State.FINE, "")
    assert "20 of the 20 newest mails" in check.text


def test_a_misspelt_receiver_hears_what_was_seen_instead() -> None:
    check = _receiver(("mx.seler.example",))
    assert check.state is State.CHECK
    assert "mx.seller.example" in check.advice


def test_too_few_mails_prove_nothing() -> None:
    for ids in ((), ("mx.other.example",)):
        check = _receiver(ids, count=1)
        assert check.state is State.CHECK
        assert "Nothing could be learnt" in check.advice
