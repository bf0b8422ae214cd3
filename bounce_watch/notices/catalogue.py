"""Loads the wordings and tables: the only reader of files in this stage, and the checks of what it reads."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bounce_watch.errors import SettingsError
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.notice import NoticeKind
from bounce_watch.text.fold import fold

NOTICE_LOCAL = "auto-communication"
"""Local part of the only address that sends opt-out notices."""


class Scope(StrEnum):
    """Where a wording's phrases have to stand: together in one sentence of the body, or anywhere in subject or body."""

    SENTENCE = "sentence"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One dated text form of a notice kind in a language; phrases are folded (see text/fold.py).

    `senders` are local parts with an @ behind them, at any of Amazon's domains; `*@` is any address of
    Amazon's. An unverified wording never counts: what it answers to waits in review.
    """

    id: str
    kind: NoticeKind
    language: str
    verified: bool
    source: str
    first_seen: date
    last_seen: date
    senders: tuple[str, ...]
    scope: Scope
    all_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardForms:
    """How mail programs write a forwarded mail into the text; lines and labels are folded."""

    markers: frozenset[str]
    reply_markers: frozenset[str]
    subject_prefixes: tuple[str, ...]
    labels: Mapping[str, str]
    """Label to its role: from, subject, date, to, other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything the recogniser knows; `digest` changes when any of it does."""

    wordings: tuple[Wording, ...]
    space_types: Mapping[str, NoticeKind]
    marketplace_ids: Mapping[str, str]
    marketplaces: frozenset[str]
    copied_begin: frozenset[str]
    copied_end: frozenset[str]
    forward_forms: ForwardForms
    digest: str

    def senders(self) -> tuple[str, ...]:
        """What the From field of a notice holds: the local parts that the wordings name, each with its @.

        Where a wording takes any address of Amazon's (`*@`), that is `@amazon.`.
        """
        named = {sender for wording in self.wordings for sender in wording.senders}
        return tuple(sorted("@amazon." if sender == "*@" else sender for sender in named))


def load_catalogue(own: Path | None = None, *, marketplaces: Iterable[str] = ()) -> Catalogue:
    """The shipped catalogue, with the seller's own wordings (`*.toml` in `own`) and marketplaces added.

    A file that is not valid TOML, or a wording that breaks a rule, raises SettingsError with file and reason.
    """
    package = files("bounce_watch.notices")
    sources = [*_toml_files(package / "catalogue"), *(_toml_files(own) if own and own.is_dir() else ())]
    wordings = tuple(wording for name, text in sources for wording in _wordings(name, text))
    _check_unique(wordings)
    data = {name: tomllib.loads(text) for name, text in _toml_files(package / "data")}
    domains = MARKETPLACES | frozenset(marketplaces)
    content = "\0".join(
        (*(text for _, text in sources), *(str(item) for item in data.items()), *sorted(domains))
    )
    return Catalogue(
        wordings=wordings,
        space_types={name: NoticeKind(kind) for name, kind in data["space_types.toml"]["kinds"].items()},
        marketplace_ids=data["marketplaces.toml"]["ids"],
        marketplaces=domains,
        copied_begin=_folded(data["copied_messages.toml"]["begin"]),
        copied_end=_folded(data["copied_messages.toml"]["end"]),
        forward_forms=_forward_forms(data["forward_forms.toml"]),
        digest=hashlib.sha256(content.encode()).hexdigest()[:16],
    )


def _toml_files(folder: Traversable | Path) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text(encoding="utf-8")


def _folded(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(phrase) for phrase in phrases)


def _forward_forms(data: Mapping[str, Any]) -> ForwardForms:
    return ForwardForms(
        markers=_folded(data["markers"]),
        reply_markers=_folded(data["reply_markers"]),
        subject_prefixes=tuple(fold(prefix) for prefix in data["subject_prefixes"]),
        labels={fold(label): role for role, labels in data["labels"].items() for label in labels},
    )


def _wordings(name: str, text: str) -> Iterator[Wording]:
    try:
        entries = tomllib.loads(text).get("wording", [])
    except tomllib.TOMLDecodeError as error:
        raise _refused(name, f"it is not valid TOML: {error}") from error
    for number, entry in enumerate(entries, start=1):
        try:
            yield _wording(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise _refused(name, f"wording {number}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)


def _refused(name: str, reason: str) -> SettingsError:
    return SettingsError(
        f"The wording file {name} can't be used: {reason}.",
        "Compare it with a file of docs/how-to/add-a-wording.md and correct that line.",
    )


def _wording(entry: Mapping[str, Any]) -> Wording:
    unknown = set(entry) - set(Wording.__dataclass_fields__)
    if unknown:
        raise ValueError(f"unknown key {min(unknown)!r}")
    fields = dict(entry) | {
        "kind": NoticeKind(entry["kind"]),
        "scope": Scope(entry["scope"]),
        "senders": tuple(sender.lower() for sender in entry["senders"]),
        "all_of": tuple(fold(phrase) for phrase in entry["all_of"]),
        "none_of": tuple(fold(phrase) for phrase in entry.get("none_of", ())),
        "subject": fold(entry["subject"]) if "subject" in entry else None,
    }
    wording = Wording(**fields)
    _check(wording)
    return wording


def _check(wording: Wording) -> None:
    if not wording.all_of or not all(wording.all_of):
        raise ValueError("'all_of' needs at least one phrase")
    if not wording.senders or not all(sender.endswith("@") for sender in wording.senders):
        raise ValueError("'senders' needs local parts with an @ behind them")
    if wording.kind is NoticeKind.OPT_OUT and wording.senders != (f"{NOTICE_LOCAL}@",):
        raise ValueError(f"an opt-out comes from {NOTICE_LOCAL}@ only")
    if wording.kind is NoticeKind.OPT_OUT and wording.scope is not Scope.SENTENCE:
        raise ValueError('an opt-out needs its phrases in one sentence (scope = "sentence")')


def _check_unique(wordings: Iterable[Wording]) -> None:
    seen = set[str]()
    for wording in wordings:
        if wording.id in seen:
            raise _refused(f"with {wording.id}", f"the id {wording.id!r} is taken already")
        seen.add(wording.id)
