"""What columns are called by the tools of six languages, and how a called column is found.

Only names that more than one stage looks for stand here; what is asked of a sent log alone stands with it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bounce_watch.errors import DataError
from bounce_watch.text.tables import columns_found, find_column

_LONGEST = 120
"""Characters of a cell that can be a word or a title; what is longer is neither."""


def word_key(text: str) -> str:
    """A title or word for comparison: letters and digits alone, without case, width and accents.

    `Käufer-E-Mail`, `kaufer_email` and `KAUFER E-MAIL` become one. What is too long for a title gives "".
    """
    if len(text) > _LONGEST:
        return ""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if char.isalnum())


def keys(*titles: str) -> tuple[str, ...]:
    """The keys of titles that are written with `|` between them, in their order, each once."""
    return tuple(dict.fromkeys(word_key(title) for line in titles for title in line.split("|")))


AMAZONS_ORDER = keys(
    "Amazon order ID|Amazon order number|Amazon order|Amazon order no|Amazon order reference",
    "Channel order ID|Channel order number|Channel reference|Marketplace order ID|External order ID",
    "Amazon-Bestellnummer|Amazon Bestell-ID|Numéro de commande Amazon|Numero ordine Amazon",
    "Número de pedido de Amazon|Amazon注文番号|Amazon注文ID",
)
"""Titles that say whose order id it is: they win where a tool has an order number of its own beside it."""

ANY_ORDER = keys(
    "Order ID|Order number|Order no|Order nr|Order reference|Order ref|Order|Sales order ID",
    "Bestellnummer|Bestell-Nr|Bestell-ID|Bestellung|Auftragsnummer|Auftrags-Nr|Auftrags-ID",
    "Numéro de commande|N° de commande|N° commande|ID de commande|ID commande|Identifiant de commande|Commande",
    "Numero ordine|Numero d'ordine|Numero dell'ordine|Nr ordine|N. ordine|ID ordine|ID dell'ordine|Ordine",
    "Número de pedido|N.º de pedido|Nº pedido|ID de pedido|ID del pedido|ID pedido|Pedido",
    "注文番号|注文ID|受注番号|受注ID|オーダー番号",
)
BUYERS_ADDRESS = keys(
    "Buyer email|Buyer email address|Alias|Customer email|Customer email address|Recipient email",
    "Recipient email address|Recipient address|To email|To address|Email to|Contact email|Delivery email",
    "Shipping email|Ship to email|Marketplace email|Amazon email",
    "E-Mail des Käufers|E-Mail-Adresse des Käufers|Käufer-E-Mail|Kunden-E-Mail|E-Mail des Kunden",
    "Empfänger-E-Mail|E-Mail des Empfängers|Empfängeradresse",
    "E-mail de l'acheteur|Adresse e-mail de l'acheteur|E-mail acheteur|E-mail client|E-mail du client",
    "E-mail du destinataire|E-mail destinataire|Courriel de l'acheteur|Courriel du client",
    "E-mail acquirente|E-mail dell'acquirente|Indirizzo e-mail dell'acquirente|E-mail cliente",
    "E-mail del cliente|E-mail destinatario|E-mail del destinatario",
    "E-mail del comprador|Correo electrónico del comprador|Correo del comprador|Correo del cliente",
    "Correo electrónico del cliente|Correo del destinatario|Correo electrónico del destinatario",
    "購入者メールアドレス|購入者のメールアドレス|購入者Eメール|購入者のEメールアドレス|購入者Eメールアドレス",
    "宛先メールアドレス|送信先メールアドレス|お客様メールアドレス",
)
ANY_ADDRESS = keys(
    "Email|Email address|Mail|Recipient|To|Empfänger|An|Mailadresse|Mail-Adresse",
    "Destinataire|Courriel|Adresse e-mail|Adresse mail|Destinatario|Indirizzo e-mail|Indirizzo mail",
    "Correo electrónico|Correo|Para|宛先|送信先|メールアドレス|メール|Eメール|Eメールアドレス",
)
BOUGHT = keys(
    "Purchase date|Order date|Date ordered|Ordered at|Purchased at|Order placed",
    "Kaufdatum|Bestelldatum|Bestellt am|Date d'achat|Date de commande|Date de la commande",
    "Data acquisto|Data di acquisto|Data ordine|Data dell'ordine",
    "Fecha de compra|Fecha de pedido|Fecha del pedido|購入日|購入日時|注文日|注文日時",
)

ORDER_TITLES = frozenset((*AMAZONS_ORDER, *ANY_ORDER))
ADDRESS_TITLES = frozenset((*BUYERS_ADDRESS, *ANY_ADDRESS))


def usual_place(titles: Sequence[str], usual: Sequence[str]) -> int | None:
    """The position of the first of the `usual` keys that a title has, or None."""
    found = [word_key(title) for title in titles]
    return next((found.index(key) for key in usual if key in found), None)


def place_of(name: str, titles: Sequence[str] | None, width: int) -> int:
    """The position of the column that a person calls by its title or number (the first is 1).

    A title that is a number wins. `titles` is None for a table without a header. Raises DataError, naming the
    columns, when there is none of that name, or more than one.
    """
    is_titled = titles is not None and any(title.strip() == name.strip() for title in titles)
    if name.isdecimal() and not is_titled:
        if not 1 <= int(name) <= width:
            raise DataError(f"There is no column {name}.", those_columns(titles, width))
        return int(name) - 1
    if titles is None:
        raise DataError(
            f"There is no column called {name!r}, for the file has no header.", those_columns(titles, width)
        )
    return find_column(titles, name)


def those_columns(titles: Sequence[str] | None, width: int) -> str:
    """A sentence that says which columns a table has."""
    if titles is None:
        return f"It has no header and {width} columns: name them by number, the first is 1."
    return columns_found(titles)


def called(place: int, titles: Sequence[str] | None) -> str:
    """The title of a column in quotes, or its number."""
    title = titles[place].strip() if titles and place < len(titles) else ""
    return f'"{title}"' if title else str(place + 1)
