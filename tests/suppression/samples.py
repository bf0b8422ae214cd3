from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bounce_watch.records.decision import Decision
from bounce_watch.records.filed import FiledNotice
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence, Method, Notice, NoticeKind, Outcome
from bounce_watch.records.opt_out import AliasFrom, OptOut, SuppressionEntry, SuppressionList
from bounce_watch.suppression.build import Revision, build_list
from bounce_watch.suppression.rulings import Rulings

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
    heard: datetime | None = None,
    notices: int = 1,
    account: str = "uk",
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
        heard_at=heard or last or first,
    )


def sample_list() -> SuppressionList:
    """Two buyers with an alias, one of whom has another known order, and an order without an alias."""
    opt_outs = [
        opt_out(O9, None),
        opt_out(O1, A1, first=at(3, 9, 34), last=at(20, 15), notices=3),
        opt_out(O2, A2, first=at(5)),
    ]
    return listing(listed(opt_outs, orders_of={A1: [O7, O1]}))


def listed(
    opt_outs: Iterable[OptOut],
    *decisions: Decision,
    orders_of: Mapping[Alias, Sequence[OrderId]] | None = None,
    alias_of: Mapping[OrderId, Alias] | None = None,
    now: datetime = MADE,
    expire_after: timedelta | None = None,
) -> list[SuppressionEntry]:
    """The entries of account uk from these opt-outs and decisions."""
    known = orders_of or {}
    return list(
        build_list(
            opt_outs,
            account="uk",
            rulings=Rulings(decisions, alias_of=alias_of or {}, at=now),
            orders_of=lambda aliases: {alias: known.get(alias, ()) for alias in aliases},
            at=now,
            expire_after=expire_after,
        )
    )


def listing(entries: Iterable[SuppressionEntry], *, account: str = "uk") -> SuppressionList:
    """The entries as a list, with their revision."""
    revision, found = Revision(account), tuple(entries)
    for entry in found:
        revision.add(entry)
    return SuppressionList(account=account, entries=found, made_at=MADE, revision=str(revision))
