"""The bad week with somebody else's words in every field that can hold any, and with a buyer in each of them."""

from __future__ import annotations

from dataclasses import replace

from bounce_watch.reports.content import Attention, AttentionKind, ReportContent, WaitingRow

from .example import at
from .examples import LEAK, LOUD

ORDER, ALIAS, PERSON, SUBJECT = (
    "203-7654321-1234567",
    "qwertzuiop123@marketplace.amazon.co.uk",
    "jane.roe@mail.example",
    "Subject of one mail",
)


def hostile(*every: str) -> ReportContent:
    """These words wherever a mail, a log, a file or a server decides what stands there; each in the tables."""
    words, group = every[0], LOUD.labels[0]
    return replace(
        LOUD,
        accounts=(words,),
        attention=tuple(Attention(kind=kind, text=words, advice=f"{words} ") for kind in AttentionKind),
        marketplaces=(replace(LOUD.marketplaces[0], marketplace=words),),
        labels=tuple(replace(group, name=each) for each in every),
        order_ages=(replace(group, name=words),),
        silences=(replace(LOUD.silences[2], marketplace=words),),
        leak=replace(LEAK, preset=words, path=words, labels=(replace(LEAK.labels[0], label=words),)),
        waiting=tuple(
            WaitingRow(reason=each, about=each, noticed_at=at(2026, 11, 22), sender=each) for each in every
        ),
    )


def personal() -> ReportContent:
    """A buyer wherever one can come in, although some of these places should never hold one."""
    named = f"about {ORDER} of {ALIAS} {PERSON}"
    made = hostile(named)
    waiting = (
        replace(made.waiting[0], about=ORDER),
        replace(made.waiting[0], about=SUBJECT, sender=PERSON),
    )
    return replace(made, accounts=("uk",), waiting=waiting)
