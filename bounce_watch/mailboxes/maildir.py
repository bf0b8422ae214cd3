"""A Maildir: one file for each mail in `cur` and `new`. Nothing is moved from `new` to `cur`."""

from __future__ import annotations

from pathlib import Path

from bounce_watch.mailboxes.eml import MailFiles, is_folder, no_mail, why


def is_maildir(folder: Path) -> bool:
    """True for a folder that has both `cur` and `new`."""
    return is_folder(folder / "cur") and is_folder(folder / "new")


def open_maildir(folder: Path, *, account: str) -> MailFiles:
    """The mails of this Maildir (not of its subfolders), oldest name first; DataError if there are none.

    A Maildir name begins with the time of delivery, so the order by name is the order of arrival. Names
    that begin with a dot are not mails.
    """
    paths: list[Path] = []
    failures: list[str] = []
    for part in ("cur", "new"):
        try:
            paths.extend(path for path in (folder / part).iterdir() if not path.name.startswith("."))
        except OSError as problem:
            failures.append(f"{folder / part}: {why(problem)}")
    if not paths:
        raise no_mail(folder, failures)
    return MailFiles(sorted(paths, key=_by_name), account=account, failures=failures)


def _by_name(path: Path) -> tuple[str, str]:
    return path.name, path.parent.name
