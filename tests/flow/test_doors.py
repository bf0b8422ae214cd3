"""One sample through every door: the same finding and the same identity, wherever the mail came from."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from bounce_watch.examine import examine
from bounce_watch.flow import wanted
from bounce_watch.mailboxes.base import ImapSpec, Security, open_mailbox
from bounce_watch.records.account import Account
from bounce_watch.records.notice import Finding, Method, Notice, NotOurs, Unrecognised
from bounce_watch.records.secret import Secret
from tests.flow.line import CATALOGUE, EVERYBODY, mails_of
from tests.flow.samples import FIXTURES, SAMPLES, account, twin
from tests.servers.imap import ImapServer

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

EACH_KIND = [sample for number, sample in enumerate(SAMPLES) if "notices" in sample.parts or number % 4 == 0]
"""Every notice and every fourth look-alike: nine readings of each take a while."""


def finding_key(found: Finding, *, dated: bool = True) -> tuple[object, ...]:
    """Everything but the place; without the instant where only a server knows one."""
    result = found.result
    if not dated and isinstance(result, Notice | Unrecognised):
        result = replace(result, noticed_at=None)
    return (
        result,
        found.verdict,
        found.message_id,
        found.from_address,
        found.subject,
        found.cut,
        found.octets is None,
    )


def seen(raws: Sequence[Finding]) -> list[tuple[object, ...]]:
    return [finding_key(found) for found in raws]


def through(path: Path, of_account: Account) -> list[Finding]:
    return [examine(raw, of_account, catalogue=CATALOGUE) for raw in mails_of(path, of_account)]


def as_mbox(octets: bytes) -> bytes:
    """In the form mboxrd, written by hand."""
    lines = octets.replace(b"\r\n", b"\n").split(b"\n")
    quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
    return b"From somebody Sat Nov 21 10:00:00 2026\n" + b"\n".join(quoted) + b"\n"


@pytest.mark.parametrize("sample", EACH_KIND, ids=lambda sample: str(sample.relative_to(FIXTURES)))
def test_file_doors(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    octets, of_account = sample.read_bytes(), account(twin(sample).get("settings", {}))
    (expected,) = seen(through(sample, of_account))

    folder = tmp_path / "folder" / "below"
    folder.mkdir(parents=True)
    (folder / "one.eml").write_bytes(octets.replace(b"\r\n", b"\n"))
    (folder / "two.EML").write_bytes(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert seen(through(tmp_path / "folder", of_account)) == [expected, expected]

    maildir = tmp_path / "maildir"
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True)
    (maildir / "cur" / "1700000000.1.host:2,S").write_bytes(octets)
    (maildir / "new" / "1700000001.1.host").write_bytes(octets)
    assert seen(through(maildir, of_account)) == [expected, expected]

    mbox = tmp_path / "mail.mbox"
    mbox.write_bytes(as_mbox(octets) + b"\n" + as_mbox(octets))
    assert seen(through(mbox, of_account)) == [expected, expected]

    for piped in (octets, as_mbox(octets)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
        assert seen(through(Path("-"), of_account)) == [expected]


def test_imap_door(imap_server: ImapServer) -> None:
    server_account, folder = imap_server.new_folder()
    # IMAP can't carry a NUL octet (RFC 3501, section 9): a server puts something else in its place.
    samples = [sample for sample in SAMPLES if b"\0" not in sample.read_bytes()]
    octets = [sample.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for sample in samples]
    with server_account.client() as client:
        for mail in octets:
            client.append(folder, mail, msg_time=_date_of(mail) or NOW)
    spec = ImapSpec(
        host=server_account.host,
        port=server_account.port,
        user=server_account.user,
        security=Security.NONE,
        folders=(folder,),
        junk=False,
    )
    with open_mailbox(
        spec, Secret(server_account.password), account="uk", wanted=EVERYBODY, now=lambda: NOW
    ) as mailbox:
        raws = [raw for batch in mailbox.batches({}) for raw in batch.messages]
    assert len(raws) == len(samples)
    for sample, raw in zip(samples, raws, strict=True):
        of_account = account(twin(sample).get("settings", {}))
        (by_file,) = through(sample, of_account)
        by_server = examine(raw, of_account, catalogue=CATALOGUE)
        dated = _date_of(sample.read_bytes()) is not None
        assert finding_key(by_server, dated=dated) == finding_key(by_file, dated=dated), sample.name


def _date_of(mail: bytes) -> datetime | None:
    """The day on which a server would have received it: that of its Date; None without one that can be."""
    for line in mail.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n"):
        if line.lower().startswith(b"date:"):
            try:
                instant = parsedate_to_datetime(line.partition(b":")[2].decode().strip())
            except ValueError:
                return None
            return instant if 1990 < instant.year < 2030 else None
    return None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.relative_to(FIXTURES)))
def test_a_poll_looks_for_every_mail_that_an_import_files(sample: Path) -> None:
    """But for forwards of strangers, which no From field betrays."""
    of_account = account(twin(sample).get("settings", {}))
    (found,) = through(sample, of_account)
    is_forward = found.verdict is not None and found.verdict.method is Method.FORWARD
    trusted = found.from_address in of_account.trust.trusted_forwarders
    if isinstance(found.result, NotOurs) or (is_forward and not trusted):
        return
    assert wanted(of_account, CATALOGUE).wants(f"<{found.from_address}>")
