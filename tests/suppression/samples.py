from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bounce_watch.records.filed import FiledNotice
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence, Method, Notice, NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom, OptOut, OptOutState, SuppressionList
from bounce_watch.suppression.build import build_list

FIXTURES = Path(__file__).parents[2] / "fixtures" / "exports"
A1 = Alias("aaaaaaaaaaaaaa1", "amazon.co.uk")
A2 = Alias("aaaaaaaaaaaaaa2", "amazon.it")
SHARED = Alias("no-reply-amazon-iba-buyer", "amazon.it")
O1 = OrderId("203-1111111-1111111")
O2 = OrderId("404-2222222-2222222")
O7 = OrderId("203-7777777-7777777")
O9 = OrderId("205-9999999-9999999")
MADE = datetime(2026, 8, 1, 6, tzinfo=UTC)


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=UTC)


def filed(
    name: str,
    *,
    order_id: OrderId | None = O1,
    alias: Alias | None = None,
    linked: Alias | None = None,
    linked_from: AliasFrom = AliasFrom.SENT_LOG,
    noticed_at: datetime | None = None,
    evidence: Evidence = Evidence.WORDING,
    marketplace: str | None = "amazon.co.uk",
    kind: NoticeKind = NoticeKind.OPT_OUT,
) -> FiledNotice:
    notice = Notice(
        kind=kind,
        language="en",
        wording="opt_out.en.2017",
        evidence=evidence,
        order_id=order_id,
        alias=alias,
        marketplace=marketplace,
        blocked_on=None,
        noticed_at=noticed_at,
        fingerprint=name,
        body_digest=name,
        recipients=(),
    )
    return FiledNotice(
        notice=notice,
        outcome=Outcome.GENUINE,
        method=Method.AUTHENTICATION_RESULTS,
        reason="dmarc=pass",
        known_to_us=True,
        linked_alias=linked,
        linked_from=linked_from if linked else AliasFrom.NONE,
    )


def opt_out(
    order_id: OrderId,
    alias: Alias | None,
    *,
    first: datetime | None = None,
    last: datetime | None = None,
    notices: int = 1,
    account: str = "uk",
    state: OptOutState = OptOutState.ACTIVE,
) -> OptOut:
    return OptOut(
        account=account,
        order_id=order_id,
        alias=alias,
        alias_from=AliasFrom.NOTICE if alias else AliasFrom.NONE,
        marketplace=alias.marketplace if alias else "amazon.co.uk",
        first_noticed_at=first,
        last_noticed_at=last or first,
        notices=notices,
        evidence=Evidence.WORDING,
        state=state,
    )


def sample_list() -> SuppressionList:
    """Two buyers with an alias, one of whom has another known order, and an order without an alias."""
    opt_outs = [
        opt_out(O9, None),
        opt_out(O1, A1, first=at(3, 9, 34), last=at(20, 15), notices=3),
        opt_out(O2, A2, first=at(5)),
    ]
    return build_list(opt_outs, account="uk", orders_of={A1: [O7, O1]}, made_at=MADE)
