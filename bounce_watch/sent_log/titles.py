"""What the columns of a sent log are called, in six languages, the surest names first."""

from __future__ import annotations

from enum import StrEnum

from bounce_watch.text.headers import AMAZONS_ORDER, ANY_ADDRESS, ANY_ORDER, BUYERS_ADDRESS, keys


class Field(StrEnum):
    """What a sent log can say of a message."""

    ORDER_ID = "order_id"
    ALIAS = "alias"
    SENT_AT = "sent_at"
    STATUS = "status"
    PURPOSE = "purpose"
    MARKETPLACE = "marketplace"
    LABEL = "label"
    MESSAGE_ID = "message_id"


_SENT = keys(
    "Sent at|Sent on|Sent date|Date sent|Sent time|Time sent|Sent|Send date|Send time|Sending time|Sending date",
    "Sent timestamp|Sent datetime|Sent date time|Message sent|Message sent at|Email sent|Email sent at|Email sent on",
    "Gesendet am|Gesendet um|Gesendet|Sendedatum|Sendezeit|Sendezeitpunkt|Datum gesendet|Verschickt am",
    "Envoyé le|Envoyé à|Envoyé|Heure d'envoi|Date et heure d'envoi",
    "Inviato il|Inviata il|Inviato|Data invio|Data di invio|Ora invio|Data e ora invio|Data e ora di invio",
    "Enviado el|Enviado|Hora de envío|Fecha y hora de envío",
    "送信日時|送信日|送信時刻|送信時間|配信日時|配信日",
)
_TIME = keys(
    "Timestamp|Datetime|Date|Date time|Time|Day|Event time|Event date",
    "Datum|Datum Uhrzeit|Datum und Uhrzeit|Zeitstempel|Zeitpunkt|Zeit",
    "Date et heure|Date heure|Horodatage|Date d'envoi",
    "Data|Data e ora|Data ora|Fecha|Fecha y hora|Fecha hora|Fecha de envío|日時|日付",
)
_STATUS = keys(
    "Status|Delivery status|Send status|Sent status|Message status|Email status|Outcome|Result|Send result",
    "Ergebnis|Sendestatus|Zustellstatus|Statut|Résultat|Esito|Risultato|Resultado",
    "ステータス|送信結果|配信ステータス|送信ステータス|結果",
)
EVENTS = keys("Event|Event type|Event name|Ereignis|Événement|Evento|イベント")
"""A column of events has several rows for one message."""

_MAYBE_STATUS = keys(
    "State|Sent|Success|Successful|Delivered|Zustand|Gesendet|Erfolgreich|État|Envoyé|Stato|Inviato|Estado|Enviado|状態",
)

TITLES: dict[Field, tuple[tuple[str, ...], ...]] = {
    Field.ORDER_ID: (AMAZONS_ORDER, ANY_ORDER),
    Field.ALIAS: (BUYERS_ADDRESS, ANY_ADDRESS),
    Field.SENT_AT: (_SENT, _TIME),
    Field.STATUS: (_STATUS, EVENTS, _MAYBE_STATUS),
    Field.PURPOSE: (
        keys(
            "Purpose|Message purpose|Zweck|Nachrichtenzweck|But|Finalité|Scopo|Finalità|Propósito|Finalidad|目的"
        ),
    ),
    Field.MARKETPLACE: (
        keys(
            "Marketplace|Sales channel|Marketplace name|Amazon site|Marktplatz|Verkaufskanal|Place de marché",
            "Canal de vente|Canale di vendita|Canal de venta|マーケットプレイス|販売チャネル|販売経路",
        ),
        keys("Channel|Site|Kanal|Canal|Canale|Mercato|Mercado|サイト|チャネル"),
    ),
    Field.LABEL: tuple(
        (key,)
        for key in keys(
            "Label|Template|Template name|Email template|Message template|Campaign|Campaign name|Message type",
            "Message name|Automation|Vorlage|Vorlagenname|Kampagne|Nachrichtentyp|Modèle|Nom du modèle|Campagne",
            "Modello|Nome modello|Campagna|Plantilla|Nombre de plantilla|Campaña|テンプレート|テンプレート名|キャンペーン",
        )
    ),
    Field.MESSAGE_ID: (
        keys("Message ID|Internet message ID|SMTP ID|SMTP message ID|Nachrichten-ID|ID du message"),
        keys("ID messaggio|ID del messaggio|ID de mensaje|ID del mensaje|メッセージID"),
    ),
}
"""For each field its titles (keys, see headers.word_key) in tiers: one of an earlier tier beats all of a later one."""

_OTHER_TIMES = keys(
    "order|purchas|pay|paid|ship|deliver|open|click|bounce|unsubscr|creat|updat|modif|schedul|queue|due|estimat",
    "promise|expir|birth|report|receiv|bestell|kauf|zahl|versand|liefer|geöffnet|geklickt|erstellt|geändert|geplant",
    "commande|achat|paiement|expédition|livraison|ouver|créé|modifi|prévu|ordin|acquist|pagament|spedi|consegn",
    "apert|creaz|creat|pedido|compra|pago|entrega|creado|注文|購入|支払|発送|出荷|配達|開封|作成|更新|予定",
)
_OTHER_ADDRESSES = keys(
    "from|from address|from email|sender|reply to|cc|bcc|absender|von|expéditeur|mittente|remitente|差出人"
)


def is_other_time(key: str) -> bool:
    """True for the title of an instant at which something else happened than that the message was sent."""
    return any(part in key for part in _OTHER_TIMES) and key not in {*_SENT, *_TIME}


def is_other_address(key: str) -> bool:
    """True for the title of an address that is not the recipient's."""
    return key in _OTHER_ADDRESSES


def without_zone(key: str) -> tuple[str, bool]:
    """The key without `utc` or `gmt` at its end, and whether that stood there: such a title names the zone."""
    for zone in ("utc", "gmt"):
        if key.endswith(zone) and key != zone:
            return key.removesuffix(zone), True
    return key, False
