"""The report for programs: one JSON object.

Format 1: instants are ISO 8601 in UTC, days ISO 8601 in the report's zone, shares numbers in 0..1 or null
beside the state that says why, keys sorted. A new key keeps the number; a changed meaning raises it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bounce_watch.records.rate import Basis, CohortRates, Period, Rate
from bounce_watch.reports.content import (
    Attention,
    Counts,
    MarketplaceRow,
    Reconciliation,
    ReportContent,
    TrendBucket,
    WaitingRow,
)
from bounce_watch.text.inert import json_text

FORMAT = 1

_Json = dict[str, object]


def render_json(content: ReportContent) -> str:
    """The report as JSON text with a line end (see json_text)."""
    return json_text(_report(content), indent=2, sort_keys=True)


def _report(content: ReportContent) -> _Json:
    return {
        "format": FORMAT,
        "accounts": list(content.accounts),
        "made_at": _instant(content.made_at),
        "time_zone": content.time_zone,
        "period": {"name": content.period_name.value, **_period(content.period)},
        "attention": [_attention(one) for one in content.attention],
        "counts": {
            "period": _counts(content.counts),
            "before": _counts(content.before),
            "change": _counts(content.change),
            "ever": _counts(content.ever),
        },
        "new_since_yesterday": content.new_since_yesterday,
        "rates": _rates_of_period(content),
        "marketplaces": [_marketplace(row) for row in content.marketplaces],
        "trend": [_bucket(bucket) for bucket in content.trend],
        "mailbox": {
            "last_read_to_end_at": _instant(content.last_read_to_end_at),
            "last_notice_at": _instant(content.last_notice_at),
        },
        "suppression_list": {"entries": content.list_size, "without_alias": content.list_without_alias},
        "sent_log": _sent_log(content),
        "reconciliation": _reconciliation(content.reconciliation),
        "waiting": {"total": len(content.waiting), "mails": [_waiting(row) for row in content.waiting]},
    }


def _rates_of_period(content: ReportContent) -> _Json:
    why = content.why_no_rate
    return {
        "period": _rates(content.rates),
        "before": _rates(content.rates_before),
        "change_pp": {basis.value: content.change_pp(basis) for basis in Basis},
        "matures_on": content.matures_on.isoformat(),
        "why_no_rate": why.value if why else None,
    }


def _attention(one: Attention) -> _Json:
    return {
        "kind": one.kind.value,
        "severity": one.kind.severity.value,
        "text": one.text,
        "advice": one.advice or None,
    }


def _counts(counts: Counts) -> _Json:
    return {"notices": counts.notices, "orders": counts.orders, "buyers": counts.buyers}


def _rates(rates: CohortRates) -> _Json:
    return {"messages": _rate(rates.messages), "buyers": _rate(rates.buyers)}


def _rate(rate: Rate) -> _Json:
    return {
        "state": rate.state.value,
        "contacted": rate.contacted,
        "opted_out": rate.opted_out,
        "value": rate.value,
        "low": rate.low,
        "high": rate.high,
    }


def _marketplace(row: MarketplaceRow) -> _Json:
    return {"marketplace": row.marketplace, "counts": _counts(row.counts), "rates": _rates(row.rates)}


def _bucket(bucket: TrendBucket) -> _Json:
    return {"notices": bucket.notices, "rates": _rates(bucket.rates), **_period(bucket.rates.period)}


def _sent_log(content: ReportContent) -> _Json:
    log = content.sent_log
    return {
        "first_day": log.first_day.isoformat() if log.first_day else None,
        "last_day": log.last_day.isoformat() if log.last_day else None,
        "covers_period": log.covers_period,
    }


def _reconciliation(line: Reconciliation) -> _Json:
    return {
        "read": line.read,
        "opt_outs": line.opt_outs,
        "other_kinds": line.other_kinds,
        "not_amazon": line.not_amazon,
        "duplicates": line.duplicates,
        "set_aside": line.set_aside,
        "unrecognised": line.unrecognised,
        "unreadable": line.unreadable,
        "dismissed": line.dismissed,
        "undone": line.undone,
        "adds_up": line.adds_up,
    }


def _waiting(row: WaitingRow) -> _Json:
    return {
        "reason": row.reason,
        "about": row.about,
        "noticed_at": _instant(row.noticed_at),
        "sender": row.sender,
    }


def _period(period: Period) -> _Json:
    return {
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "start": _instant(period.start),
        "end": _instant(period.end),
    }


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None
