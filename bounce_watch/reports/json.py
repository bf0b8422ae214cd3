"""The report for programs: one JSON object.

Format 2: instants are ISO 8601 in UTC, days ISO 8601 in the report's zone, shares numbers in 0..1 or null
beside the state that says why, keys sorted. A new key keeps the number; a changed meaning raises it: since 2 the
interval on messages knows that several messages to one buyer are one coin.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bounce_watch.records.change import Change, ChangePoint, Difference, Leak, Silence, Slope
from bounce_watch.records.rate import Basis, CohortRates, Period, Rate, SendTally
from bounce_watch.reports.content import (
    Attention,
    Counts,
    GroupRow,
    MarketplaceRow,
    Reconciliation,
    ReportContent,
    TrendBucket,
    WaitingRow,
)
from bounce_watch.text.inert import json_text

FORMAT = 2

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
            "change": _counts(content.counts_change),
            "ever": _counts(content.ever),
        },
        "new_since_yesterday": content.new_since_yesterday,
        "rates": _rates_of_period(content),
        "change": _change(content.change),
        "marketplaces": [_marketplace(row) for row in content.marketplaces],
        "labels": [_group("label", row) for row in content.labels],
        "order_ages": [_group("days", row) for row in content.order_ages],
        "trend": [_bucket(bucket) for bucket in content.trend],
        "mailbox": {
            "last_read_to_end_at": _instant(content.last_read_to_end_at),
            "last_notice_at": _instant(content.last_notice_at),
            "heard_until": _instant(content.heard_until),
        },
        "suppression_list": {"entries": content.list_size, "without_alias": content.list_without_alias},
        "sent_log": _sent_log(content),
        "unmatched": content.unmatched,
        "silences": [_silence(one) for one in content.silences],
        "leak": _leak(content.leak) if content.leak else None,
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
    return {
        "messages": _rate(rates.messages),
        "buyers": _rate(rates.buyers),
        "share": _rate(rates.share),
        "sent": _sent(rates.sent),
        "covered": rates.covered,
    }


def _sent(sent: SendTally) -> _Json:
    return {
        "messages": sent.messages,
        "buyers": sent.buyers,
        "unknown_purpose": sent.unknown_purpose,
        "withheld": sent.withheld,
        "withheld_buyers": sent.withheld_buyers,
    }


def _rate(rate: Rate) -> _Json:
    return {
        "state": rate.state.value,
        "contacted": rate.contacted,
        "opted_out": rate.opted_out,
        "value": rate.value,
        "low": rate.low,
        "high": rate.high,
        "design_effect": rate.design_effect,
    }


def _change(change: Change) -> _Json:
    return {
        "difference": _difference(change.difference) if change.difference else None,
        "slope": _slope(change.slope) if change.slope else None,
        "change_point": _point(change.point) if change.point else None,
        "enough_for_change_point": change.enough_for_point,
    }


def _difference(found: Difference) -> _Json:
    return {"points": found.points, "low": found.low, "high": found.high, "clear": found.is_clear}


def _point(found: ChangePoint) -> _Json:
    return {"since": found.since.isoformat(), "before": found.before, "after": found.after}


def _slope(found: Slope) -> _Json:
    return {
        "points_a_month": found.points_a_month,
        "low": found.low,
        "high": found.high,
        "periods": found.periods,
        "clear": found.is_clear,
    }


def _silence(one: Silence) -> _Json:
    return {
        "marketplace": one.marketplace,
        "state": one.state.value,
        "notices": one.notices,
        "expected": one.expected,
        "by_days": one.by_days,
        "last_notice_at": _instant(one.last_notice_at),
    }


def _leak(leak: Leak) -> _Json:
    return {
        "messages": leak.messages,
        "buyers": leak.buyers,
        "first_at": _instant(leak.first_at),
        "last_at": _instant(leak.last_at),
        "export": {
            "id": leak.export_id,
            "exported_at": _instant(leak.exported_at),
            "preset": leak.preset,
            "path": leak.path,
        },
        "labels": [{"label": one.label, "messages": one.messages} for one in leak.labels],
    }


def _group(key: str, row: GroupRow) -> _Json:
    return {key: row.name, "rates": _rates(row.rates)}


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
