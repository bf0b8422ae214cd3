"""Why a mail was not recognised: which wording failed, and at which phrase."""

from __future__ import annotations

from collections.abc import Iterator

from bounce_watch.notices.body import OwnText, own_text, windows
from bounce_watch.notices.catalogue import Catalogue, Scope, Wording
from bounce_watch.notices.recognise import ask, sent_by
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import NoticeKind


def explain(message: Message, catalogue: Catalogue) -> Iterator[str]:
    """A line for what the header means, then for each opt-out wording, and any other that answers, what is missing."""
    text = own_text(message, catalogue)
    if message.space_type is not None:
        kind = catalogue.space_types.get(message.space_type)
        yield f"X-Space-Notification-Type: {message.space_type} means {kind or 'nothing known'}"
    for wording in catalogue.wordings:
        if sent_by(wording, message) and (wording.kind is NoticeKind.OPT_OUT or ask(wording, message, text)):
            yield f"{wording.id}: {_answer(wording, message, text)}"


def _answer(wording: Wording, message: Message, text: OwnText) -> str:
    if ask(wording, message, text):
        return "answers" if wording.verified else "answers, but is not verified"
    for phrase in wording.all_of:
        if phrase not in text.whole:
            return f"lacks “{phrase}”"
    if wording.scope is Scope.SENTENCE and not windows(text, wording.all_of):
        return "has all phrases, but not in one sentence"
    return "is ruled out by its subject or by a phrase of none_of"
