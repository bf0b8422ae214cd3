"""Which order is which buyer's, by mail in the inbox: a buyer's message, or Amazon's copy of one of ours.

Pure, and no more than what the mail says: whether Amazon sent it is for authenticity/judge.py. Nothing of the words
themselves goes any further.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bounce_watch.notices.body import aliases, order_ids, own_text
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.senders import Sender, sender_of
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import Notice, NoticeKind
from bounce_watch.text.fold import fold, paragraphs

Tie = tuple[OrderId, Alias]
"""An order, and the alias of its buyer."""


def tied(message: Message, notice: Notice, catalogue: Catalogue) -> Tie | None:
    """The order and the alias that a mail ties to each other, or None.

    A buyer's message: its From address, and the one order id of its subject; without one there, that of what Amazon
    wrote around the message; without one there, that of the text outside quotes. A copy of our own message: its one
    order id, and the one buyer's alias that it names or went to. More than one where one is looked for is none, and
    an address that many buyers share is nobody's.
    """
    if sender_of(message, catalogue.marketplaces) is Sender.RELAY:
        alias = Alias.parse(message.from_address or "", catalogue.marketplaces)
        order_id = _order_of(message, catalogue)
    elif notice.kind is NoticeKind.MESSAGE_COPY:
        alias, order_id = _recipient(message, catalogue), notice.order_id
    else:
        return None
    return (order_id, alias) if order_id and alias and not alias.is_shared else None


def _order_of(message: Message, catalogue: Catalogue) -> OrderId | None:
    for texts in _places(message, catalogue):
        if found := order_ids(texts):
            return found[0] if len(found) == 1 else None
    return None


def _places(message: Message, catalogue: Catalogue) -> Iterator[Sequence[str]]:
    """Where an order id is looked for, the surest first: a buyer can write any into the message."""
    yield [fold(message.subject)]
    yield own_text(message, catalogue).paragraphs
    lines = message.text.split("\n")
    yield paragraphs("\n".join(line for line in lines if not line.lstrip().startswith(">")))


def _recipient(message: Message, catalogue: Catalogue) -> Alias | None:
    """The one buyer to whom the message went whose copy this is."""
    parsed = (Alias.parse(address, catalogue.marketplaces) for address in message.recipients)
    named = {*aliases(message, catalogue.marketplaces), *(alias for alias in parsed if alias)}
    buyers = [alias for alias in named if not alias.is_shared]
    return buyers[0] if len(buyers) == 1 else None
