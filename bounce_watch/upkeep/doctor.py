"""What `doctor` looks at: whether files are private, and whose Authentication-Results the mailbox holds."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bounce_watch.authenticity.learn import Learnt, ReceiverProposal, Trace, learn_receivers, matching, unlike
from bounce_watch.records.account import Account, RequireProof
from bounce_watch.reports.wording import counted, listed

LOOKED_AT = 50
"""How many of the newest mails are looked at."""

_NETWORK_FILES = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p"})
"""File systems whose locks SQLite can't rely on (sqlite.org/wal.html, sqlite.org/faq.html 5)."""


class State(StrEnum):
    """FINE: nothing to do. CHECK: a person should act. UNKNOWN: it could not be found out."""

    FINE = "fine"
    CHECK = "check"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what it is about, how it stands in one sentence, and what to do."""

    about: str
    state: State
    text: str
    advice: str = ""


def privacy(path: Path, *, about: str, alone: bool = False) -> Iterator[Check]:
    """Whether a file that the program made is for this user alone; nothing for a missing one.

    Of its folder `alone` asks the same; else nobody but this user may write there (a tool may read it).
    """
    try:
        mode, folder = stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        text = f"{path} can be read by others (mode {mode:04o})."
        yield Check(about=about, state=State.CHECK, text=text, advice=f"Make it private: chmod 600 '{path}'")
    elif folder & (0o077 if alone else 0o022):
        text = f"Others may {'look' if alone else 'write'} into {path.parent} (mode {folder:04o})."
        yield Check(
            about=about, state=State.CHECK, text=text, advice=f"Make it private: chmod 700 '{path.parent}'"
        )
    else:
        yield Check(about=about, state=State.FINE, text=f"{path} is for this user alone.")


def locks(ledger: Path, mounts: str) -> Iterator[Check]:
    """Whether the ledger lies where its locks work; `mounts` is the text of /proc/mounts, empty elsewhere."""
    found = [line.split()[1:3] for line in mounts.splitlines() if len(line.split()) > 2]
    holding = [(place, kind) for place, kind in found if ledger.is_relative_to(place)]
    kind = max(holding, key=lambda mount: len(mount[0]), default=("/", ""))[1]
    if kind in _NETWORK_FILES:
        text = f"{ledger} lies on a network file system ({kind}), where locks can fail."
        yield Check(about="ledger", state=State.CHECK, text=text, advice="Move it to a disk of this machine.")


def policy(account: Account) -> Iterator[Check]:
    """What the account's own settings leave open."""
    if account.trust.require_proof is RequireProof.NEVER:
        yield Check(
            about="proof",
            state=State.CHECK,
            text="Unproven notices count: anybody can forge one.",
            advice='Set require_proof = "auto".',
        )
    if not account.addresses:
        yield Check(
            about="addresses",
            state=State.CHECK,
            text="No address of the account is named, so notices to others are not told apart.",
            advice='Set addresses = ["…"] to the addresses that Amazon writes to.',
        )


def receivers(account: Account, traces: Sequence[Trace]) -> tuple[list[Check], Learnt]:
    """Whose Authentication-Results the newest mails hold, against the ids of the settings and confirmed ones."""
    learnt = learn_receivers(traces)
    ids = account.trust.authserv_ids
    return [_of_configured(account, traces, learnt) if ids else _of_proposals(account, learnt)], learnt


def _of_configured(account: Account, traces: Sequence[Trace], learnt: Learnt) -> Check:
    ids = account.trust.authserv_ids
    hits = matching(traces, ids)
    names = listed(list(ids))
    if hits:
        text = f"{names} wrote the results of {hits} of the {counted(len(traces), 'newest mail')}."
        return Check(about="receiver", state=State.FINE, text=text)
    text = f"None of the {counted(len(traces), 'newest mail')} holds results of {names}."
    seen = unlike(ids, learnt.proposals)
    advice = f"Seen instead: {listed(list(seen))}. Correct authserv_ids." if seen else _why(learnt)
    return Check(about="receiver", state=State.CHECK, text=text, advice=advice)


def _of_proposals(account: Account, learnt: Learnt) -> Check:
    if not learnt.proposals:
        return Check(about="receiver", state=State.CHECK, text="No receiver is named.", advice=_why(learnt))
    best = learnt.proposals[0]
    text = f"No receiver is named; {described(best)}. Such a field: {best.example}"
    words = ["bounce-watch", "doctor", "--account", account.name]
    words += [word for name in best.needs for word in ("--confirm", name)]
    advice = f"If that is your own mail server: {shlex.join(words)}"
    return Check(about="receiver", state=State.CHECK, text=text, advice=advice)


def described(proposal: ReceiverProposal) -> str:
    """A proposal in words."""
    sure = "" if proposal.sure else ", though a sender could have written that"
    warning = f" ({proposal.warning})" if proposal.warning else ""
    return f"{proposal.authserv_id} wrote into {proposal.mails} of {proposal.of} mails{sure}{warning}"


def _why(learnt: Learnt) -> str:
    return f"Nothing could be learnt: {learnt.reason}." if learnt.reason else "Correct authserv_ids."
