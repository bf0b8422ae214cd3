"""What the words in the columns of purpose and status mean. A word that is not here means nothing: nobody guesses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bounce_watch.records.sent import Purpose
from bounce_watch.text.headers import keys, word_key

PURPOSES: dict[str, Purpose] = {
    **dict.fromkeys(
        keys(
            "unsolicited|proactive|marketing|promotion|promotional|newsletter|review|review request",
            "request a review|feedback|feedback request|seller feedback|product review|solicitation",
            "unaufgefordert|Werbung|Bewertung|Bewertungsanfrage|Bewertungserinnerung",
            "non sollicité|publicité|demande d'avis|demande d'évaluation",
            "non richiesto|pubblicità|richiesta di recensione|richiesta recensione",
            "no solicitado|publicidad|solicitud de reseña|solicitud de opinión",
            "レビュー依頼|評価依頼|広告|宣伝",
        ),
        Purpose.UNSOLICITED,
    ),
    **dict.fromkeys(
        keys(
            "order-critical|critical|order critical message|bestellkritisch|kritisch|critique|critico|crítico",
            "delivery problem|address problem|customisation|customization|customisation question",
        ),
        Purpose.ORDER_CRITICAL,
    ),
    **dict.fromkeys(
        keys(
            "reply|response|answer|re|buyer reply|Antwort|réponse|reponse|risposta|respuesta|返信|回答",
        ),
        Purpose.REPLY,
    ),
}
"""What Amazon counts as critical is narrow: a confirmation of a shipment or an invoice is not (outgoing/rules.toml)."""

WENT_OUT = frozenset(
    keys(
        "sent|sending succeeded|send|delivered|delivery|delivered to server|accepted|processed|success",
        "successful|succeeded|ok|done|complete|completed|true|yes|opened|open|read|clicked|click",
        "replied|bounced|bounce|hard bounce|soft bounce|returned|complained|complaint|spam report",
        "gesendet|versendet|verschickt|zugestellt|geöffnet|gelesen|geklickt|erfolgreich|erfolg|ja",
        "envoyé|envoyée|délivré|délivrée|remis|distribué|ouvert|cliqué|lu|réussi|succès|oui|retourné",
        "inviato|inviata|spedita|consegnato|consegnata|aperto|aperta|letto|riuscito|rimbalzato|sì",
        "enviado|enviada|entregado|entregada|abierto|abierta|leído|rebotado|devuelto|correcto|sí",
        "送信済み|送信済|送信完了|送信成功|配信済み|配信済|配信完了|成功|完了|開封|開封済み|既読|不達",
    )
)
"""A message that came back went out: Amazon's notice is about such a one, and stands in the rate's numerator."""

STAYED = frozenset(
    keys(
        "failed|failure|fail|error|errored|rejected|reject|refused|skipped|skip|suppressed|suppression",
        "dropped|drop|cancelled|canceled|cancel|not sent|unsent|excluded|opted out|opt out|on hold|hold",
        "queued|pending|scheduled|draft|paused|waiting|invalid|duplicate|false|no|withheld|aborted|deferred",
        "fehlgeschlagen|fehler|übersprungen|abgebrochen|storniert|nicht gesendet|ausstehend|geplant|entwurf",
        "abgelehnt|unterdrückt|wartend|nein",
        "échec|échoué|erreur|ignoré|annulé|en attente|non envoyé|planifié|brouillon|rejeté|supprimé|non",
        "fallito|fallita|errore|saltato|annullato|annullata|in attesa|non inviato|pianificato|bozza|rifiutato",
        "fallido|fallida|omitido|cancelado|cancelada|pendiente|no enviado|programado|borrador|rechazado",
        "失敗|送信失敗|配信失敗|エラー|スキップ|未送信|キャンセル|保留|送信待ち|予約|下書き|対象外|除外",
    )
)

STAGES = keys("sent|send|processed|accepted|gesendet|envoyé|inviato|enviado|送信済み|delivered|delivery")
"""Of a log of events the rows of one stage are the messages: of the first one here that the log has."""


def purpose_of(cell: str) -> Purpose:
    """The purpose that a cell names; UNKNOWN for other words."""
    return PURPOSES.get(word_key(cell), Purpose.UNKNOWN)


def went_out(key: str, sent: Sequence[str] | None) -> bool | None:
    """Whether a status (a word's key) says that the message left; `sent` are the keys that do, if somebody named them.

    None: nobody knows the word.
    """
    if sent is not None:
        return key in sent
    return True if key in WENT_OUT else False if key in STAYED else None


def first_stage(found: Iterable[str]) -> str | None:
    """The key by which the messages of a log of events are told, of those found in it; None if none is known."""
    known = set(found)
    return next((stage for stage in STAGES if stage in known), None)
