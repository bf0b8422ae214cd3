"""The inside of the demo's mails: invented texts around the short phrases by which each kind is known."""

from __future__ import annotations

from datetime import date

from bounce_watch.demo.envelope import Text
from bounce_watch.demo.world import ITALY, UK, Order

_TYPE = "X-Space-Notification-Type"
_MARKETPLACE_IDS = {UK: "A1F83G8C2ARO7P", ITALY: "APJ6JRA9NG5V4"}
_OPTED_OUT = "the buyer has chosen to opt out of receiving unsolicited messages from sellers"


def _page(*paragraphs: str, preheader: str = "") -> str:
    """An HTML page; the preheader is the hidden first line that mail programs show in their lists."""
    hidden = f'<div style="display:none">{preheader}</div>\n' if preheader else ""
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<!doctype html>\n<html><body>\n{hidden}{body}\n</body></html>\n"


def opt_out(order: Order, sent_on: date) -> Text:
    """The opt-out notice in the form of the order's marketplace."""
    return opt_out_it(order, sent_on) if order.buyer.marketplace == ITALY else opt_out_en(order.id)


def opt_out_en(order_id: str) -> Text:
    """The English sentence of 2017: no header of a type, no alias."""
    return Text(
        subject="Your message to a buyer could not be delivered",
        html=_page(
            "Dear Seller,",
            f"We did not deliver the message you sent for order [{order_id}] because {_OPTED_OUT}.",
            "Messages that a buyer needs to receive an order are still possible.",
            "Amazon Seller Support",
        ),
    )


def opt_out_it(order: Order, sent_on: date) -> Text:
    """The Italian form of 2026: typed by a header, dated, the order id twice, the alias in a link only."""
    sentence = (
        f"il messaggio che hai inviato a {order.buyer.name} il {sent_on.isoformat()} per l'ordine {{}}"
        " perché l'acquirente ha scelto di non ricevere messaggi non richiesti dai venditori."
    )
    link = f'<a href="mailto:{order.buyer.alias}">Scrivi di nuovo</a> solo se serve per la consegna.'
    return Text(
        subject="Il tuo messaggio all'acquirente non è stato consegnato.",
        html=_page(
            f"Non abbiamo consegnato {sentence.format(f'[{order.id}]')}",
            link,
            "Supporto ai partner di vendita Amazon",
            preheader=f"Non consegnato: {sentence.format(order.id)}",
        ),
        fields=_typed("BUYER_OPTED_OUT_BSM_MESSAGES", ITALY),
    )


def _typed(notification: str, marketplace: str) -> dict[str, str]:
    return {_TYPE: notification, "X-Marketplace-ID": _MARKETPLACE_IDS[marketplace]}


def old_copy(order: Order, *, quotes_notice: bool) -> Text:
    """A copy of the seller's own message, form of 2016 to 2020; its text may quote an opt-out notice."""
    own = (
        f"Amazon told us: the message you sent for order [{order.id}] was stopped because {_OPTED_OUT}."
        if quotes_notice
        else "Your parcel left our house this morning."
    )
    return Text(
        subject=f"Your e-mail to {order.buyer.name}",
        plain=(
            f"Here is a copy of the e-mail that you sent to {order.buyer.name}.\n\n"
            f"Order ID {order.id}\n\n--- Begin message ---\n\n{own}\n\n--- End message ---\n"
        ),
    )


def new_copy(order: Order) -> Text:
    """A copy of the seller's own message, form of 2026."""
    return Text(
        subject=f"Your message to {order.buyer.name}",
        plain=(
            f"Here is a copy of the e-mail that you sent to {order.buyer.name}.\n\n"
            f"Order ID: {order.id}\n\nMessage:\n\nThank you for the photo.\n\nEnd message\n"
        ),
        fields=_typed("BBC_MESSAGE_CONFIRMATION_TO_MERCHANT", order.buyer.marketplace),
    )


def buyer_message(order: Order, *, angry: bool) -> Text:
    """A buyer's message; an angry one uses the words of a notice."""
    said = (
        "I have opted out of receiving unsolicited messages from sellers. Stop writing to me!"
        if angry
        else "When will the parcel arrive?"
    )
    return Text(
        subject=f"Question from {order.buyer.name} about order {order.id}",
        plain=f"Order {order.id}\n\nMessage:\n\n{said}\n\nEnd message\n",
        fields=_typed("BBC_MESSAGE_SENT_TO_MERCHANT", order.buyer.marketplace),
    )


def cancellation(order: Order) -> Text:
    """A buyer asks to cancel an order."""
    fields = _typed("BRC_SELLER_NOTIFICATION", order.buyer.marketplace)
    if order.buyer.marketplace == ITALY:
        subject = f"Richiesta di annullamento per l'ordine numero: {order.id}"
        return Text(subject=subject, plain=f"{subject}\n\nL'acquirente non vuole attendere.\n", fields=fields)
    subject = f"Order cancellation request from Amazon customer, order {order.id}"
    return Text(subject=subject, plain=f"{subject}\n\nReason: ordered by mistake.\n", fields=fields)


def return_request(order: Order) -> Text:
    """A buyer wants to send something back."""
    subject = f"Return authorization request for order {order.id}"
    if order.buyer.marketplace == ITALY:
        subject = f"Notifica di autorizzazione del reso, ordine {order.id}"
    fields = _typed("RETURN_REQUEST", order.buyer.marketplace)
    return Text(subject=subject, plain=f"{subject}\n\nItem 1: wrong size.\n", fields=fields)


def refund(order: Order) -> Text:
    """A refund went out."""
    subject = f"Refund initiated for order {order.id}"
    fields = _typed("REFUND_ISSUED", order.buyer.marketplace)
    return Text(subject=subject, plain=f"{subject}\n\nThe buyer has been told.\n", fields=fields)


def claim(order: Order) -> Text:
    """An A-to-z claim."""
    subject = f"Claim received on order {order.id}"
    if order.buyer.marketplace == ITALY:
        subject = f"Richiesta di rimborso ricevuta per l'ordine {order.id}"
    fields = _typed("A_Z_CLAIM_RESPONDENT_NOTIFY", order.buyer.marketplace)
    return Text(subject=subject, plain=f"{subject}\n\nPlease answer within three days.\n", fields=fields)


def order_update(order: Order) -> Text:
    """Something was sold."""
    return Text(
        subject=f"Sold, ship now: order {order.id}",
        plain=f"You have a new order, {order.id}, of {order.items} item(s).\n",
    )


def not_understood(order: Order) -> Text:
    """A mail from the notices' own address in words that nobody has seen yet."""
    return Text(
        subject="A file in your message was left out",
        plain=f"Order {order.id}: we forward pictures and text files only. Please send the file another way.\n",
    )


def restricted() -> Text:
    """Amazon restricts the account; no order id."""
    return Text(
        subject="Some of the messages you recently sent were not delivered to customers",
        plain=(
            "Dear Seller,\n\nSome of the messages you recently sent were not delivered to customers. "
            "The word [Important] stood in messages that were not.\n"
            "Sending through your account is limited for the next days.\n"
        ),
    )


def quoted_by_partner(order_id: str) -> Text:
    """A partner forwards what a notice said; the demo trusts no forwarder."""
    return Text(
        subject="Fwd: Your message to a buyer could not be delivered",
        plain=f"Look at this:\n\n> the message you sent for order [{order_id}] because {_OPTED_OUT}.\n",
    )


def digest() -> Text:
    """A newsletter that writes about opt-outs."""
    return Text(
        subject="Sellers' weekly: what to do about refusals",
        plain=f"More and more sellers read that {_OPTED_OUT}. Our readers tell how they live with it.\n",
    )


def ordinary(number: int) -> Text:
    """Mail that has nothing to do with Amazon."""
    subjects = ("Invoice", "Delivery on Thursday", "Price list", "Your appointment", "Cardboard boxes")
    subject = f"{subjects[number % len(subjects)]} no. {1000 + number}"
    return Text(subject=subject, plain=f"Good morning,\n\nplease find the details of {subject} below.\n")
