"""What stands in the text, the pictures and the attachments of a mail."""

from __future__ import annotations

import re

from bounce_watch.outgoing.draft import Attachment, Draft, Known
from bounce_watch.outgoing.links import without_links
from bounce_watch.outgoing.notes import Notes, Place
from bounce_watch.records.ids import Alias
from bounce_watch.text.fold import clean, fold
from bounce_watch.text.html_elements import Image

WIDEST_PERCENT = 80
LARGEST_BYTES = 10 * 1024 * 1024
"""Amazon's limit is reported as 10 MB; this is the larger reading of it."""

SHORT_TEXT = 400
"""Characters of a text that may say nothing but thank you."""

LOOKED_FOR = ("review.words", "words.incentive", "words.marketing", "words.confirmation")

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_ORDER = re.compile(r"[0-9A-Z][0-9]{2}-[0-9]{7}-[0-9]{7}")
_DATE = re.compile(r"\b(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})|[0-9]{4}-[0-9]{2}-[0-9]{2})\b")
_MORE = r"(?:[ ()./-]{0,2}[0-9])"
_INTERNATIONAL = re.compile(rf"(?<![\w+])\+[1-9]{_MORE}{{7,14}}(?![0-9])")
_LABELLED = r"(?:%s)(?: \w{1,6})?[.: ]{0,3}\(?\+?\(?[0-9]" + _MORE + "{5,14}"
_MAYBE = re.compile(
    rf"(?<![\w.,+-])\(?0{_MORE}{{8,14}}(?![0-9])"
    r"|(?<![\w.,+-])\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![0-9])"
)
# Emoji_Presentation of Unicode's emoji-data.txt, and whatever a variation selector turns into an emoji.
_EMOJI = re.compile(
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab"
    "\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236"
    "\U0001f238-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb"
    "\U0001f7f0\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff]|[\u203c-\u3299]\ufe0f"
)


def judge_contents(draft: Draft, known: Known, notes: Notes) -> None:
    """The rules about what a mail says, shows and carries."""
    own = own_text(draft)
    _text(own, draft, known, notes)
    _words(own, draft, notes)
    for elements in draft.html:
        for image in elements.images:
            _image(image, notes)
        for source in elements.fetched:
            if _is_remote(source):
                notes.find("content.remote_image", Place.BODY, source)
    for attachment in draft.attachments:
        _attachment(attachment, notes)
    size = sum(each.size_bytes for each in draft.attachments if not each.is_inside)
    if size > LARGEST_BYTES:
        notes.find("attachment.size", Place.ATTACHMENT, f"{size / 1_000_000:.1f} MB")
    notes.cannot("body.language")


def own_text(draft: Draft) -> str:
    """The text; of a reply, without what it quotes."""
    if not draft.is_reply:
        return draft.text
    return "\n".join(line for line in draft.text.split("\n") if not line.startswith(">"))


def _text(own: str, draft: Draft, known: Known, notes: Notes) -> None:
    for place, text in ((Place.SUBJECT, draft.subject), (Place.BODY, own)):
        for match in _EMOJI.finditer(text):
            notes.find("content.emoji", place, match[0])
        plain = without_links(text)
        for match in _ADDRESS.finditer(plain):
            if not Alias.parse(match[0], known.marketplaces):
                notes.find("content.email_address", place, match[0])
        _numbers(_DATE.sub(" ", _ORDER.sub(" ", clean(_ADDRESS.sub(" ", plain)))), place, notes)


def _numbers(text: str, place: Place, notes: Notes) -> None:
    """Telephone numbers: written as one, or behind a word for it; else digits that may be one."""
    labelled = re.compile(_LABELLED % notes.pattern("content.phone").pattern, re.IGNORECASE)
    for pattern in (_INTERNATIONAL, labelled):
        for match in pattern.finditer(text):
            notes.find("content.phone", place, match[0])
        text = pattern.sub(" ", text)
    for match in _MAYBE.finditer(text):
        notes.find("content.maybe_phone", place, match[0])


def _words(own: str, draft: Draft, notes: Notes) -> None:
    texts = [(Place.SUBJECT, fold(draft.subject)), (Place.BODY, fold(without_links(own)))]
    for rule in LOOKED_FOR:
        notes.words(rule, texts)
    if len(own) <= SHORT_TEXT and "?" not in own:
        notes.words("words.thanks", texts)


def _image(image: Image, notes: Notes) -> None:
    source = image.source
    sizes = [size for size in (image.width_px, image.height_px) if size is not None]
    if _is_remote(source) and sizes and max(sizes) <= 1:
        notes.find("content.tracking_pixel", Place.BODY, source)
        return
    if _is_remote(source):
        notes.find("content.remote_image", Place.BODY, source)
    if source.lower().startswith("data:image/gif") or source.lower().partition("?")[0].endswith(".gif"):
        notes.find("content.gif", Place.BODY, source)
    if image.is_linked:
        is_logo = notes.names("image.logo_link", f"{image.words} {source}")
        notes.find("image.logo_link" if is_logo else "image.linked", Place.BODY, image.words or source)
    if image.width_percent is None:
        notes.cannot("image.too_wide")
    elif image.width_percent > WIDEST_PERCENT:
        notes.find("image.too_wide", Place.BODY, f"{image.width_percent:g} %")


def _is_remote(source: str) -> bool:
    return source.lower().startswith(("http:", "https:", "//"))


def _attachment(attachment: Attachment, notes: Notes) -> None:
    shown = f".{attachment.ending} ({attachment.kind})" if attachment.ending else attachment.kind
    if attachment.kind == "image/gif" or attachment.ending == "gif":
        notes.find("content.gif", Place.ATTACHMENT, shown)
    elif not attachment.is_inside:
        allowed = (attachment.ending or _usual_ending(attachment.kind)) in notes.rules[
            "attachment.kind"
        ].words
        notes.find("attachment.purpose" if allowed else "attachment.kind", Place.ATTACHMENT, shown)


def _usual_ending(kind: str) -> str:
    subtype = kind.partition("/")[2]
    return {"plain": "txt", "msword": "doc"}.get(subtype, subtype)
