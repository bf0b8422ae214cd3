"""Several accounts at a glance: one line each, before their reports."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bounce_watch.records.rate import Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import Attention, AttentionKind, ReportContent, Severity
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cell_length, cells
from bounce_watch.reports.sections import severity_label

_LABEL = 7
_WORDS = {
    AttentionKind.POLL_INCOMPLETE: "last poll incomplete",
    AttentionKind.LEAK: "list not reaching sender",
    AttentionKind.ACCOUNT_RESTRICTED: "restricted by Amazon",
    AttentionKind.POLICY_BLOCK: "message breaks guidelines",
    AttentionKind.SENDER_NOT_AUTHORISED: "sender not authorised",
    AttentionKind.SILENCE: "notices missing",
    AttentionKind.RATE_CHANGED: "rate changed",
    AttentionKind.RATE_HIGH: "rate above your limit",
    AttentionKind.SET_ASIDE: "notices set aside",
    AttentionKind.UNRECOGNISED: "mails not understood",
    AttentionKind.UNREADABLE: "mails not readable",
    AttentionKind.STALE_POLL: "mailbox not read lately",
    AttentionKind.UNMATCHED: "notices in no sent log",
    AttentionKind.SURGE: "more opt-outs than usual",
    AttentionKind.NOT_OUR_ORDER: "notices of unknown orders",
    AttentionKind.CONFLICTING_ALIAS: "orders with two aliases",
    AttentionKind.NO_ALIAS: "opt-outs without alias",
    AttentionKind.PROOF_NOT_REQUIRED: "unproven notices count",
    AttentionKind.NOTHING: "nothing needs you",
}
"""What matters, in a few words; the report below says it in whole sentences."""

_GAP = 2


def accounts(contents: Sequence[ReportContent], width: int) -> Section:
    """What matters in each account, its rate of buyers and share, its list, and when its mailbox was last read."""
    heads = cells("", "account", "what matters", "rate", "share", "list", "last read", look=Look.QUIET)
    rows = [heads, *(_row(content) for content in contents)]
    needs = [max(map(cell_length, column)) + _GAP for column in zip(*rows, strict=True)]
    first, what, figures = [_LABEL, min(needs[1], max(10, width // 5))], needs[2], needs[3:]
    while figures and width - sum(first) - sum(figures) < what:
        figures.pop()
    what = max(what, width - sum(first) - sum(figures)) if figures else width - sum(first)
    widths = (*first, what, *figures)
    grid = Grid(widths=widths, rows=[row[: len(widths)] for row in rows], right_from=3, gap=1)
    return Section(title="Accounts", grids=(grid,))


def _row(content: ReportContent) -> list[Cell]:
    read, zone = content.last_read_to_end_at, ZoneInfo(content.time_zone)
    return [
        (severity_label(content.attention[0].kind.severity),) if content.attention else (),
        cell(say.listed(content.accounts), Look.STRONG),
        cell(_what(content.attention)),
        _rate(content.rates.buyers),
        _rate(content.rates.share),
        cell(f"{content.list_size:,}"),
        cell(say.short_day(read.astimezone(zone).date()) if read else "never"),
    ]


def _what(found: Sequence[Attention]) -> str:
    """The first finding in a few words, and how many more a person has to look at."""
    if not found:
        return ""
    more = sum(one.kind.severity in (Severity.STOP, Severity.CHECK) for one in found[1:])
    return _WORDS[found[0].kind] + (f", +{more}" if more else "")


def _rate(rate: Rate) -> Cell:
    if rate.value is None:
        return cell("can't be" if rate.state is RateState.INCONSISTENT else "no rate", Look.QUIET)
    return cell(say.percent(rate.value))
