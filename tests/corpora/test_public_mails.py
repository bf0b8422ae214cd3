"""Mails that other programs' test suites ship: none is an opt-out, and none makes the program stumble."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from bounce_watch.examine import examine
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.records.account import Account
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.records.notice import Finding, Notice, NoticeKind, Unreadable

VARIABLE = "BOUNCE_WATCH_CORPORA"
FOLDERS = [Path(folder) for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder]
NO_MAILS = {".go", ".py", ".pyc", ".md", ".html"}
FIELD_OR_MBOX_LINE = re.compile(rb"\s*(?:[!-9;-~]+[ \t]*:|>?From )")

pytestmark = pytest.mark.skipif(
    not FOLDERS, reason=f"public mails are not here: {VARIABLE} lists no folder (.ci/corpora fetches them)"
)


def mails(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size]
    return sorted(path for path in found if path.suffix not in NO_MAILS)


def read(path: Path) -> Finding:
    """What becomes of a mail; an exception of ours fails the test."""
    raw = RawMessage(ref=MessageRef(account="corpora", folder=str(path)), octets=path.read_bytes())
    return examine(raw, Account(name="corpora"), catalogue=load_catalogue())


def starts_like_a_mail(path: Path) -> bool:
    return FIELD_OR_MBOX_LINE.match(path.read_bytes()) is not None


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: "/".join(folder.parts[-2:]))
def test_no_public_mail_is_an_opt_out_and_each_is_read(folder: Path) -> None:
    results = {path: read(path).result for path in mails(folder)}
    assert results, f"no mails in {folder}"
    kinds = Counter(
        result.kind.value if isinstance(result, Notice) else type(result).__name__
        for result in results.values()
    )
    print(f"{len(results)} files in {folder}: {dict(kinds)}")  # noqa: T201  (the count is part of the answer)
    assert NoticeKind.OPT_OUT not in kinds
    unread = {path: result.reason for path, result in results.items() if isinstance(result, Unreadable)}
    assert not {path.name: reason for path, reason in unread.items() if starts_like_a_mail(path)}
