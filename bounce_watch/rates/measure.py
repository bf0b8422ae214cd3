"""Counts to rates: with a denominator and an interval, or with the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bounce_watch.rates.wilson import wilson
from bounce_watch.records.rate import Basis, CohortCount, CohortRates, Rate, RateState, SendTally
from bounce_watch.records.times import require_utc

MATURING_DAYS = 7
"""For how long after a period its notices may still come in."""


def measure_rates(
    counts: Sequence[CohortCount], *, now: datetime, maturing_days: int = MATURING_DAYS
) -> list[CohortRates]:
    """Both rates of each cohort and its opt-out share, in the order of the counts.

    MATURING: the period ends less than `maturing_days` before `now`, so notices for it may still come.
    NO_DENOMINATOR: no sent log covers any of the period, or nothing was sent in it that could be blocked.
    INCONSISTENT: counts that can't be (more opted out than contacted, or below zero). Figures are kept as
    they are in every state; value and interval exist only when the rate does.
    """
    require_utc(now=now)
    ripe = now - timedelta(days=maturing_days)
    return [_cohort(count, maturing=count.period.end > ripe) for count in counts]


def design_effect(sent: SendTally) -> float:
    """By what the messages are divided for their interval: messages to one buyer are one coin.

    L. Kish, "Survey Sampling" (1965), 8.2, with each buyer's messages as its weight: the sum of squares of
    messages a buyer over the sum of messages. 1 when each buyer got one message, 3 when each got three.
    """
    return max(1.0, sent.squares / sent.messages) if sent.messages > 0 else 1.0


def _cohort(count: CohortCount, *, maturing: bool) -> CohortRates:
    sent = count.sent

    def rate(basis: Basis, opted_out: int, contacted: int, effect: float = 1.0) -> Rate:
        state = _state(opted_out, contacted, covered=count.covered > 0, maturing=maturing)
        return _rate(basis, opted_out, contacted, state, effect)

    return CohortRates(
        period=count.period,
        group=count.group,
        messages=rate(Basis.MESSAGES, count.blocked_messages, sent.messages, design_effect(sent)),
        buyers=rate(Basis.BUYERS, count.opted_out_buyers, sent.buyers),
        share=rate(Basis.BUYERS, count.share_opted_out, sent.share_buyers),
        sent=sent,
        covered=count.covered,
    )


def _state(opted_out: int, contacted: int, *, covered: bool, maturing: bool) -> RateState:
    if not covered:
        return RateState.NO_DENOMINATOR
    if not 0 <= opted_out <= contacted:
        return RateState.INCONSISTENT
    if contacted == 0:
        return RateState.NO_DENOMINATOR
    return RateState.MATURING if maturing else RateState.MEASURED


def _rate(basis: Basis, opted_out: int, contacted: int, state: RateState, effect: float) -> Rate:
    value = low = high = None
    if state in (RateState.MEASURED, RateState.MATURING):
        value = opted_out / contacted
        low, high = wilson(opted_out, contacted, design_effect=effect)
    return Rate(
        basis=basis,
        contacted=contacted,
        opted_out=opted_out,
        value=value,
        low=low,
        high=high,
        state=state,
        design_effect=effect,
    )
