"""Which message a notice answers.

A notice belongs to the period in which its message was sent, so each one is given the send it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from bounce_watch.records.filed import FiledSend
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import Notice, NoticeKind
from bounce_watch.records.sent import Purpose, SendOutcome, SentMessage

MAX_AGE = timedelta(days=30)
"""How long before its notice a message can have been sent; Amazon's own limit for messages to a buyer."""

LATE_LOG = timedelta(hours=12)
"""How much later than its notice a send may be dated: a log that knows only days has noon for all of them."""

_DAY = timedelta(days=1)
_BLOCKABLE = (Purpose.UNSOLICITED, Purpose.UNKNOWN)

_Sends = dict[OrderId | Alias, list[FiledSend]]


def match_sends(
    notices: Sequence[Notice],
    sends: Sequence[FiledSend],
    *,
    aliases: Mapping[Fingerprint, Alias | None] | None = None,
) -> dict[Fingerprint, FiledSend]:
    """The send that each opt-out notice answers, by the notice's fingerprint; unmatched ones are absent.

    A notice answers the nearest earlier send of its order, or of its alias where the log has no order id;
    where it names the day of the message, the send lies within a day of it. One send answers to one notice.
    What has found no earlier send is then offered those dated up to LATE_LOG after it. `aliases` are those
    of the notices' buyers, where they are known better than by what the notice itself names. Only sends that can be blocked (unsolicited or of
    unknown purpose) and that went out count. The answer does not depend on the order of either input.
    """
    free = _by_key(sends)
    answers: dict[Fingerprint, FiledSend] = {}
    for slack in (timedelta(0), LATE_LOG):
        for notice in sorted(notices, key=_turn):
            if notice.kind is not NoticeKind.OPT_OUT or notice.fingerprint in answers:
                continue
            alias = (aliases or {}).get(notice.fingerprint, notice.alias)
            if send := _take(free, notice, alias, slack):
                answers[notice.fingerprint] = send
    return answers


def is_blockable(send: SentMessage) -> bool:
    """True for a message that went out and that an opt-out can block."""
    return send.outcome is SendOutcome.SENT and send.purpose in _BLOCKABLE


def _by_key(sends: Iterable[FiledSend]) -> _Sends:
    free: _Sends = {}
    for filed in sends:
        send = filed.send
        key = send.order_id or send.alias
        if key and is_blockable(send) and not (isinstance(key, Alias) and key.is_shared):
            free.setdefault(key, []).append(filed)
    return free


def _turn(notice: Notice) -> tuple[bool, datetime, Fingerprint]:
    """Notices that name a day choose first, because fewer sends fit them; then the earliest."""
    return notice.blocked_on is None, _instant(notice), notice.fingerprint


def _instant(notice: Notice) -> datetime:
    """When the notice came; an undated one comes at the end of the day after the one it names."""
    if notice.noticed_at is not None:
        return notice.noticed_at
    if notice.blocked_on is None:
        return datetime.min.replace(tzinfo=UTC)
    return datetime.combine(notice.blocked_on, time(), UTC) + 2 * _DAY


def _take(free: _Sends, notice: Notice, alias: Alias | None, slack: timedelta) -> FiledSend | None:
    for key in (notice.order_id, alias):
        fitting = [filed for filed in free.get(key, ()) if _fits(filed, notice, slack)] if key else []
        if key and fitting:
            best = min(fitting, key=lambda filed: _distance(filed, notice))
            free[key].remove(best)
            return best
    return None


def _fits(filed: FiledSend, notice: Notice, slack: timedelta) -> bool:
    if notice.blocked_on and _days_off(filed, notice) > 1:
        return False
    age = _instant(notice) - filed.send.sent_at
    return -slack <= age <= MAX_AGE


def _days_off(filed: FiledSend, notice: Notice) -> int:
    """Days between the send and the day that the notice names, 0 when it names none; both as UTC days."""
    return abs((filed.send.sent_at.date() - notice.blocked_on).days) if notice.blocked_on else 0


def _distance(filed: FiledSend, notice: Notice) -> tuple[int, timedelta, str, str, str]:
    """Nearest first; the texts only make the choice between equals the same every time."""
    send = filed.send
    apart = abs(_instant(notice) - send.sent_at)
    return _days_off(filed, notice), apart, send.message_id or "", send.label or "", filed.buyer
