"""Who writes to whom, and what stands in the subject."""

from __future__ import annotations

from bounce_watch.outgoing.draft import Draft, Known
from bounce_watch.outgoing.notes import Notes, Place
from bounce_watch.records.ids import Alias
from bounce_watch.text.fold import fold

OVERRIDE = "override.word"


def judge_heading(draft: Draft, known: Known, notes: Notes) -> None:
    """The rules about sender, recipients, order id and subject."""
    _recipients(draft, known, notes)
    _sender(draft, known, notes)
    _orders(draft, notes)
    _override(draft, notes)
    if draft.has_opt_out_field:
        notes.find("content.opt_out_field", Place.HEADER)


def _recipients(draft: Draft, known: Known, notes: Notes) -> None:
    """One alias and nobody else; a copy to an address of the account's own is nobody else."""
    others = [each for each in draft.recipients if not Alias.parse(each, known.marketplaces)]
    strangers = [each for each in others if each not in known.own_addresses]
    aliases = draft.aliases(known.marketplaces)
    if not aliases:
        notes.find("to.no_alias", Place.HEADER, ", ".join(strangers))
    elif len(aliases) + len(strangers) > 1:
        notes.find("to.several", Place.HEADER, ", ".join([*map(str, aliases), *strangers]))
    for alias in aliases:
        if alias.is_shared:
            notes.find("to.shared", Place.HEADER, str(alias))


def _sender(draft: Draft, known: Known, notes: Notes) -> None:
    if draft.from_address is None or not known.own_addresses:
        notes.cannot("from.not_own")
    elif draft.from_address not in known.own_addresses:
        notes.find("from.not_own", Place.HEADER, draft.from_address)
    notes.cannot("from.registered")


def _orders(draft: Draft, notes: Notes) -> None:
    orders = draft.orders()
    if len(orders) > 1:
        notes.find("order.several", Place.BODY, ", ".join(map(str, orders)))
    elif not orders:
        plain = draft.plain_order()
        notes.find("order.plain" if plain else "order.none", Place.BODY, plain or "")


def _override(draft: Draft, notes: Notes) -> None:
    """The word in any case, in brackets of usual or full width; white space inside them does not matter."""
    subject = fold(draft.subject)
    for word in notes.rules[OVERRIDE].words:
        bare = subject.replace("[ ", "[").replace(" ]", "]")
        if f"[{fold(word)}]" in bare:
            notes.find(OVERRIDE, Place.SUBJECT, f"[{word}]")
