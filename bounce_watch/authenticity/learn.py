"""Which receiver is ours: proposals for `authserv_ids`, from the traces of recent mails. Pure.

A person confirms a proposal, because a server that writes no field of its own and lets a stranger's stand
can't be told from one that writes it (RFC 8601, 5). What a few senders write is never proposed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address

from bounce_watch.authenticity.border import SECOND_LEVEL, by_host, from_outside, is_internal, written_by_us
from bounce_watch.authenticity.results import PlacedField, own_fields, parse_results, placed_fields
from bounce_watch.records.account import MICROSOFT

Trace = Sequence[tuple[str, str]]
"""Received and Authentication-Results fields of one mail, topmost first (`Message.trace`)."""

LEAST_MAILS = 3
"""An id in fewer mails is chance."""

_SURE_SHARE = 0.1
"""Of the mails, for an id above the line by which they came in: nobody outside can write there."""

_CLAIMED_SHARE = 0.6
"""Of the mails, and of the hosts that brought them, for an id below that line: a sender could write there."""

_NEARLY_ALL = 0.9
"""Where one host of several writes that many, it needs no pattern."""

_FIELDS_LOOKED_AT = 20
_LONGEST_EXAMPLE = 200
_MICROSOFT_DOMAIN = "outlook.com"
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
"""What is proposed is a name of hosts, never text that a sender made up."""

_PEER = re.compile(r"from\s+(\S+)\s*(?:\(([^\s()\[\]]+)?[^\[\]]*(?:\[([^\]]+)\])?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverProposal:
    """An id, a pattern or the word `microsoft` that may be our receiver's.

    It stood in our part of `mails` of the `of` mails that came by a server. `example` is such a field, cut
    and still hostile. `needs` is what has to stand in `authserv_ids` for it to work: the id, with the host
    that takes the mail in where the id alone does not lead to it. `sure` says that nobody outside can have
    written these fields; else the server has to take out what comes in under its own id. `warning` says in
    one sentence what a person has to know before confirming it, empty where nothing is odd.
    """

    authserv_id: str
    mails: int
    of: int
    example: str
    needs: tuple[str, ...]
    sure: bool
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What the traces say: the proposals, best first, or the `reason` why there are none."""

    proposals: tuple[ReceiverProposal, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sighting:
    """An id in our part of one mail; `sure` where nobody outside can have written it."""

    name: str
    mail: int
    text: str
    house: str
    peer: str
    sure: bool


def learn_receivers(traces: Iterable[Trace]) -> Learnt:
    """The ids that our receiver seems to write, from the traces of recent mails of any sender."""
    came = [trace for trace in traces if any(name == "received" for name, _ in trace)]
    if len(came) < LEAST_MAILS:
        reason = f"{len(came)} mails came by a server; it takes {LEAST_MAILS} to tell"
        return Learnt(proposals=(), reason=reason)
    sightings, peers = _sightings(came)
    found = [
        _proposal(name, seen, came)
        for name, seen in _candidates(sightings)
        if _is_ours(seen, mails=len(came), peers=len(peers))
    ]
    found.sort(key=lambda proposal: (bool(proposal.warning), -proposal.mails, proposal.authserv_id))
    return Learnt(proposals=tuple(found), reason="" if found else _why_none(came))


def matching(traces: Iterable[Trace], authserv_ids: Sequence[str]) -> int:
    """In how many mails a field stands that counts as our receiver's under these settings."""
    return sum(bool(own_fields(trace, authserv_ids)) for trace in traces)


def unlike(configured: Sequence[str], proposals: Iterable[ReceiverProposal]) -> tuple[str, ...]:
    """The ids that were seen, where none of them is one of the `configured`: the setting may be misspelt.

    Empty as soon as one was seen that is configured, or where nothing is configured or proposed.
    """
    seen = tuple(proposal.authserv_id for proposal in proposals)
    wanted = [name.lower() for name in configured]
    known = any(fnmatchcase(name, each) or fnmatchcase(each, name) for each in wanted for name in seen)
    return () if known or not wanted else seen


def _sightings(traces: Sequence[Trace]) -> tuple[list[_Sighting], set[str]]:
    """The ids in our part of each mail, and who brought the mails.

    The host that took a mail in is believed where it is of the domain that took in most of them; and where
    no line says who brought a mail (behind some proxies all peers seem to be our own) nothing is sure.
    """
    ways = [_way_in(trace) for trace in traces]
    domain, count = Counter(_base(house) for house, _ in ways).most_common(1)[0]
    settled = count >= _CLAIMED_SHARE * len(ways)
    found = [
        _Sighting(
            name=name,
            mail=number,
            text=placed.text,
            house=house,
            peer=peer,
            sure=above and bool(peer) and settled and _base(house) == domain,
        )
        for number, (trace, (house, peer)) in enumerate(zip(traces, ways, strict=True))
        for name, placed, above in _own_ids(trace, house)
    ]
    return found, {peer for _, peer in ways}


def _own_ids(trace: Trace, house: str) -> Iterator[tuple[str, PlacedField, bool]]:
    """Each id with its topmost field, and whether that stands above the line by which the mail came in."""
    if _base(house) == _MICROSOFT_DOMAIN:
        yield from ((MICROSOFT, placed, True) for placed in placed_fields(trace, (MICROSOFT,)))
        return
    ours = placed_fields(trace, ("*", house) if house else ("*",))
    first = dict[str, PlacedField]()
    for placed in ours:
        first.setdefault(placed.field.authserv_id or MICROSOFT, placed)
    for place, (name, placed) in enumerate(first.items()):
        if not placed.below_border or place == 0 or name == house:  # what follows ours may be a sender's
            yield name, placed, not placed.below_border
    for name in _ids_in(trace):  # a gateway of our domain that hands over by its public address
        if name not in first and house and _base(name) == _base(house):
            behind = placed_fields(trace, (name, house))
            yield from ((name, placed, False) for placed in behind[:1])


def _ids_in(trace: Trace) -> list[str]:
    fields = [value for name, value in trace if name != "received"][:_FIELDS_LOOKED_AT]
    found = (parse_results(value) for value in fields)
    return list(dict.fromkeys(field.authserv_id for field in found if field and field.authserv_id))


def _way_in(trace: Trace) -> tuple[str, str]:
    """The host of ours that took a mail in (empty when it has no public name), and the peer that brought it."""
    house = ""
    for name, value in trace:
        if name != "received":
            continue
        if house and not written_by_us(value, (house,)):
            break  # the border was not seen: from here on the lines are a sender's
        host = by_host(value)
        house = house or ("" if is_internal(host) or _is_address(host) else host)
        if from_outside(value, (house or host,)) and not _is_at_home(value):
            return house, _peer(value)
    return house, ""


def _peer(received: str) -> str:
    """Who brought a mail, as coarse as one sender is: the base of the looked-up name, else the address."""
    match = _PEER.match(received)
    said, looked_up, address = match.groups() if match else (received, None, None)
    if looked_up and not _is_address(looked_up) and looked_up.lower() != "unknown":
        return _base(looked_up)
    return address or looked_up or _base(said)


def _is_at_home(received: str) -> bool:
    """True where the peer has a private address, whatever it calls itself: providers do so between their hosts."""
    match = _PEER.match(received)
    if not match or not match[3] or not is_internal(match[2] or ""):
        return False
    return _is_address(match[3]) and ip_address(match[3]).is_private


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host.strip("[]")))
    except ValueError:
        return False


def _base(host: str) -> str:
    """The organisational domain, as near as it can be told without the list of public suffixes."""
    labels = host.lower().rstrip(".").split(".")
    return ".".join(labels[-3 if len(labels) > 2 and labels[-2] in SECOND_LEVEL else -2 :])


def _candidates(sightings: Iterable[_Sighting]) -> Iterator[tuple[str, list[_Sighting]]]:
    """The ids with their sightings; several of one domain that no mail has together are one pattern."""
    families = defaultdict[str, list[_Sighting]](list)
    for each in sightings:
        if _NAME.fullmatch(each.name) and (each.name != MICROSOFT or _base(each.house) == _MICROSOFT_DOMAIN):
            families[_base(each.name)].append(each)
    for family in families.values():
        seen = [each for each in family if each.sure] or family
        by_name = defaultdict[str, list[_Sighting]](list)
        for each in seen:
            by_name[each.name].append(each)
        shared = _shared_domain(list(by_name))
        most = max(len(found) for found in by_name.values())
        alone = most >= _NEARLY_ALL * len(seen) or (not seen[0].sure and most > len(seen) / 2)
        if shared and not alone and len({each.mail for each in seen}) == len(seen):
            yield f"*.{shared}", seen
        else:
            yield from by_name.items()


def _is_ours(seen: Sequence[_Sighting], *, mails: int, peers: int) -> bool:
    """Whether an id stands in enough mails: more are asked for where a sender could have written it."""
    if seen[0].sure:
        return len(seen) >= max(LEAST_MAILS, _SURE_SHARE * mails)
    brought_by = {each.peer for each in seen}
    by_many = not all(brought_by) or len(brought_by) >= _CLAIMED_SHARE * peers
    return by_many and len(seen) >= max(LEAST_MAILS, _CLAIMED_SHARE * mails)


def _shared_domain(names: Sequence[str]) -> str:
    """The longest domain below which all of several names stand; empty where there is none, or but one name."""
    reversed_labels = [name.split(".")[::-1] for name in names]
    shared = list[str]()
    for labels in zip(*reversed_labels, strict=False):
        if len(set(labels)) > 1:
            break
        shared.insert(0, labels[0])
    domain = ".".join(shared)
    return domain if len(names) > 1 and domain not in names and "." in domain else ""


def _proposal(name: str, seen: Sequence[_Sighting], traces: Sequence[Trace]) -> ReceiverProposal:
    house = Counter(each.house for each in seen).most_common(1)[0][0]
    alone = matching((traces[each.mail] for each in seen), (name,)) >= _NEARLY_ALL * len(seen)
    return ReceiverProposal(
        authserv_id=name,
        mails=len(seen),
        of=len(traces),
        example=seen[0].text[:_LONGEST_EXAMPLE],
        needs=(name,) if alone or not house else (name, house),
        sure=seen[0].sure,
        warning="" if name == MICROSOFT else _warning(name, house),
    )


def _warning(name: str, house: str) -> str:
    if not house:
        return "the host that takes your mail in has no public name, so nothing shows whose id this is"
    if _base(name) != _base(house):
        return f"it has nothing to do with {house}, the host that takes your mail in"
    return ""


def _why_none(traces: Sequence[Trace]) -> str:
    if not any(name != "received" for trace in traces for name, _ in trace):
        return "your server writes no Authentication-Results"
    return (
        "no Authentication-Results stands in enough of the mails where your server would have written it;"
        " what there is may come from senders"
    )
