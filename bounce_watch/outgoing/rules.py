"""Amazon's rules for messages to buyers, as far as they are known: `rules.toml`, checked when it is loaded."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from bounce_watch.errors import DataError


class Grade(StrEnum):
    """How well a rule is known: seen at Amazon or in a real notice, told by others, or only plausible."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    GUESS = "guess"


class Severity(StrEnum):
    """What it means that a mail does what a rule speaks of; FACT: no single mail can."""

    FORBIDDEN = "forbidden"
    ADVICE = "advice"
    CANNOT_TELL = "cannot_tell"
    FACT = "fact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule or fact, in our own words; docs/explanation/what-a-seller-may-send.md shows all of them.

    `to_do` is for a mail that does it. `cannot` and `how` say why the check may be impossible, and how a person makes
    it. `may_send` is what may still go to a buyer who opted out. `words` and `hosts` give a mail away.
    """

    id: str
    says: str
    grade: Grade
    source: str
    severity: Severity
    to_do: str = ""
    cannot: str = ""
    how: str = ""
    may_send: str = ""
    words: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        """The part of the id before the point."""
        return self.id.partition(".")[0]


Rules = Mapping[str, Rule]
"""The rules by id, in the order of the file."""

_ID = re.compile(r"[a-z][a-z_]*\.[a-z0-9][a-z0-9_]*")
_TEXTS = frozenset({"id", "says", "grade", "source", "severity", "to_do", "cannot", "how", "may_send"})
_LISTS = frozenset({"words", "hosts"})
_NEEDED = ("id", "says", "grade", "source", "severity")


@cache
def load_rules() -> Rules:
    """The rules that come with the program. DataError, with rule and reason, where the file breaks its own form."""
    return parse_rules(resources.files(__package__).joinpath("rules.toml").read_text("utf-8"))


def may_still_send() -> tuple[str, ...]:
    """What may still be sent to a buyer who opted out, in short sentences."""
    return tuple(rule.may_send for rule in load_rules().values() if rule.may_send)


def parse_rules(text: str) -> Rules:
    """The rules of a TOML text; DataError, with rule and reason, where something in it is wrong."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong("The file", f"is no TOML: {error}") from error
    entries = table.get("rule")
    if table.keys() != {"rule"} or not isinstance(entries, list):
        raise _wrong("The file", "holds something other than a list of rules")
    rules: dict[str, Rule] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            rule = _rule(entry)
            _check(rule, rules)
        except ValueError as error:
            raise _wrong(f"Rule {number}", str(error)) from error
        rules[rule.id] = rule
    return rules


def _rule(entry: Mapping[str, Any]) -> Rule:
    if unknown := sorted(entry.keys() - _TEXTS - _LISTS):
        raise ValueError(f"has an unknown key {unknown[0]!r}")
    if missing := [key for key in _NEEDED if key not in entry]:
        raise ValueError(f"lacks the key {missing[0]!r}")
    for key, value in entry.items():
        texts = value if key in _LISTS else [value]
        if not isinstance(texts, list) or not all(isinstance(each, str) and each.strip() for each in texts):
            raise ValueError(f"has an empty or wrong {key!r}")
    fields: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in entry.items()}
    fields |= {"grade": Grade(entry["grade"]), "severity": Severity(entry["severity"])}
    return Rule(**fields)


def _check(rule: Rule, before: Rules) -> None:
    if not _ID.fullmatch(rule.id):
        raise ValueError(f"has the id {rule.id!r}, which is no topic.name")
    if rule.id in before:
        raise ValueError(f"has the id {rule.id!r}, which is taken already")
    if rule.severity is Severity.FACT and (rule.to_do or rule.cannot):
        raise ValueError("is a fact, which no mail can break, and says what to do about one")
    if rule.severity is not Severity.FACT and not (rule.to_do or rule.cannot):
        raise ValueError("does not say what to do")
    if bool(rule.cannot) != bool(rule.how):
        raise ValueError("has only one of 'cannot' and 'how'")


def _wrong(what: str, reason: str) -> DataError:
    return DataError(
        f"{what} of rules.toml {reason}.", "Compare it with the others; the file's head explains the keys."
    )
