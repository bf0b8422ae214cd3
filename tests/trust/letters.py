"""Opt-out notices in every language of the catalogue: by their type field, and by their wording alone."""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from email.header import Header
from random import Random

from .providers import STAMP, TO

ALIAS = "l8gx1fvn9jf6b4x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a notice says. `{order}` stands for the order id; `typed` that the type field is there."""

    language: str
    subject: str
    body: str
    typed: bool = False
    html: bool = False
    charset: str = "utf-8"
    encoding: str = "base64"


_EN = "We could not deliver the message you sent for order [{order}] because the buyer has chosen to opt out of receiving unsolicited messages from sellers."
_FR = "Nous n’avons pas pu transmettre votre message au sujet de la commande {order}, car l’acheteur a choisi de ne pas recevoir de messages non sollicités de la part des vendeurs."
_IT = "Non è stato consegnato il messaggio che hai inviato a Carla il 2026-09-08 per l'ordine [{order}] perché l'acquirente ha scelto di non ricevere messaggi non richiesti dai venditori."
_JA = "購入者が出品者からの未承諾広告メールを受信しないように設定しているため、注文 {order} に関するメッセージを送信できませんでした。"
_MAILTO = f'<a href="mailto:{ALIAS}@marketplace.amazon.it?subject= [Importante]">scrivi</a>'
_PAGE = "<html><body><p>{}</p>\n<p>{}</p></body></html>"

LETTERS: dict[str, Letter] = {
    "en, plain": Letter(language="en", subject="Your message to a buyer could not be delivered", body=f"Dear Seller,\n\n{_EN}\n"),
    "en, HTML": Letter(language="en", subject="Your message to a buyer could not be delivered", body=_PAGE.format("Dear Seller,", _EN), html=True, encoding="quoted-printable"),
    "fr, plain": Letter(language="fr", subject="Votre message n'a pas pu être transmis", body=f"Cher vendeur,\n\n{_FR}\n", encoding="quoted-printable"),
    "fr, HTML": Letter(language="fr", subject="Votre message n'a pas pu être transmis", body=_PAGE.format("Cher vendeur,", _FR.replace("é", "&eacute;")), html=True),
    "it, wording": Letter(language="it", subject="Il tuo messaggio all'acquirente non è stato consegnato.", body=_PAGE.format(_IT, _MAILTO), html=True, encoding="quoted-printable"),
    "it, type and wording": Letter(language="it", subject="Il tuo messaggio all'acquirente non è stato consegnato.", body=_PAGE.format(_IT, _MAILTO), html=True, typed=True, encoding="quoted-printable"),
    "ja, plain": Letter(language="ja", subject="購入者へのメッセージを送信できませんでした", body=f"出品者様\n\n{_JA}\n"),
    "ja, ISO-2022-JP": Letter(language="ja", subject="購入者へのメッセージを送信できませんでした", body=f"出品者様\n\n{_JA}\n", charset="iso-2022-jp"),
    "type, German": Letter(language="de", subject="Ihre Nachricht", body="Bestellung {order}: nicht zugestellt.\n", typed=True),
    "type, Spanish": Letter(language="es", subject="Tu mensaje", body=_PAGE.format("Pedido {order}: no entregado.", ""), html=True, typed=True),
}  # fmt: skip


def order_id(random: Random) -> str:
    return f"{random.randrange(100, 999)}-{random.randrange(10**7):07d}-{random.randrange(10**7):07d}"


def octets(
    trace: list[str], senders: list[str], letter: Letter, *, order: str, unique: str, to: str = TO
) -> bytes:
    """A whole mail: the fields of its way, its From line or lines, and the letter."""
    text = letter.body.replace("{order}", order).encode(letter.charset)
    encode = base64.encodebytes if letter.encoding == "base64" else quopri.encodestring
    head = [
        *trace,
        f"Date: {STAMP}",
        *senders,
        f"To: {to}",
        f"Message-ID: <{unique}@us-west-2.amazonses.com>",
        "Subject: " + Header(letter.subject, "utf-8").encode(linesep="\r\n"),
        *(["X-Space-Notification-Type: BUYER_OPTED_OUT_BSM_MESSAGES"] if letter.typed else []),
        "MIME-Version: 1.0",
        f"Content-Type: text/{'html' if letter.html else 'plain'}; charset={letter.charset}",
        f"Content-Transfer-Encoding: {letter.encoding}",
    ]
    body = encode(text).replace(b"\n", b"\r\n")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
