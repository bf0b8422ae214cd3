"""What judging a mail collects: what it breaks, where, and which checks could not be made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from bounce_watch.outgoing.rules import Rule, Rules, Severity
from bounce_watch.text.fold import fold

EXAMPLES = 3
"""How many places are quoted for one rule; the rest is a number."""

EXAMPLE_LENGTH = 120
"""Characters of one of them."""

_WORD_ENDS = re.compile(r"[\W_]+")


class Place(StrEnum):
    """Where in the mail it is, or that it is what the ledger knows."""

    HEADER = "header"
    SUBJECT = "subject"
    BODY = "body"
    ATTACHMENT = "attachment"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A rule that a mail touches: how often in one place, and the first few of them in the mail's own, hostile, words."""

    rule: Rule
    place: Place
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """A check that could not be made: the rule's id (`mail.whole`: parts of the mail), why, and how to make it."""

    rule: str
    why: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of one mail, the weightiest first."""

    found: tuple[Found, ...]
    not_checked: tuple[NotChecked, ...]

    @property
    def is_broken(self) -> bool:
        """True when the mail does something that is forbidden."""
        return self.count(Severity.FORBIDDEN) > 0

    def count(self, severity: Severity) -> int:
        """How many rules of this severity it touches."""
        return len({found.rule.id for found in self.found if found.rule.severity is severity})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Collects; the rules say what each id means."""

    rules: Rules
    _found: dict[tuple[str, Place], dict[str, int]] = field(default_factory=dict)
    _not_checked: dict[str, NotChecked] = field(default_factory=dict)

    def find(self, rule: str, place: Place, example: str = "") -> None:
        """The mail does what the rule speaks of."""
        shown = example if len(example) <= EXAMPLE_LENGTH else f"{example[:EXAMPLE_LENGTH]}..."
        examples = self._found.setdefault((rule, place), {})
        examples[shown] = examples.get(shown, 0) + 1

    def cannot(self, rule: str) -> None:
        """The check of the rule can't be made."""
        known = self.rules[rule]
        self._not_checked[rule] = NotChecked(rule=rule, why=known.cannot, how=known.how)

    def missing(self, missing: NotChecked) -> None:
        """Something that is no rule's could not be looked at."""
        self._not_checked[missing.rule] = missing

    def has(self, rule: str) -> bool:
        """True when the rule was touched."""
        return any(each == rule for each, _ in self._found)

    def words(self, rule: str, texts: Iterable[tuple[Place, str]]) -> None:
        """Find the rule's words in folded texts; each word counts once a place."""
        for place, text in texts:
            for word in dict.fromkeys(match[0] for match in self.pattern(rule).finditer(text)):
                self.find(rule, place, word)

    def names(self, rule: str, text: str) -> bool:
        """True when a name, a target or a label has one of the rule's words, whatever stands between its words."""
        return self.pattern(rule).search(_WORD_ENDS.sub(" ", fold(text))) is not None

    def pattern(self, rule: str) -> re.Pattern[str]:
        """One of the rule's words, in folded text."""
        return _pattern(self.rules[rule].words)

    def judgement(self) -> Judgement:
        """What was collected: forbidden, then advice, then what a person has to look at."""
        order = (*Severity,)
        found = [
            Found(
                rule=self.rules[rule],
                place=place,
                count=sum(examples.values()),
                examples=tuple(example for example in examples if example)[:EXAMPLES],
            )
            for (rule, place), examples in self._found.items()
        ]
        found.sort(key=lambda each: order.index(each.rule.severity))
        return Judgement(found=tuple(found), not_checked=tuple(self._not_checked.values()))


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_word, words)))


def _word(word: str) -> str:
    """A word stands for itself, one with `*` for any ending; scripts without spaces have no ends of words."""
    plain = fold(word.removesuffix("*"))
    begins = r"(?<!\w)" if plain[0].isalpha() and plain[0] < "\u0370" else ""
    ends = r"\w{0,20}" if word.endswith("*") else r"(?!\w)"
    return begins + re.escape(plain) + (ends if plain[-1] < "\u0370" else "")
