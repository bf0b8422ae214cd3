"""Learning whose Authentication-Results are ours: five providers, mixes with hostile senders, misspelt settings."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from bounce_watch.authenticity.learn import Learnt, ReceiverProposal, learn_receivers, matching, unlike
from bounce_watch.records.account import MICROSOFT

from .providers import STYLES, Found, Style, genuine, postfix, postfix_below

Trace = list[tuple[str, str]]

US = "mx.seller.example"


def ar(value: str) -> tuple[str, str]:
    return "authentication-results", value


def hop(value: str) -> tuple[str, str]:
    return "received", value + "; Thu, 10 Sep 2026 10:00:00 +0000"


def border(peer: str = "out.friend.example", by: str = US) -> tuple[str, str]:
    return hop(f"from {peer} ({peer} [8.8.8.8]) by {by} with ESMTPS")


def of_style(style: Style, seed: int, count: int = 50) -> list[Trace]:
    random = Random(seed)
    return [as_trace(style(genuine("amazon.co.uk", random), random)) for _ in range(count)]


def as_trace(lines: list[str]) -> Trace:
    fields = (" ".join(line.split()).partition(": ") for line in lines)
    return [
        (name.lower(), value)
        for name, _, value in fields
        if name.lower() in {"received", "authentication-results"}
    ]


def proposed(learnt: Learnt) -> list[tuple[str, int, int]]:
    return [(each.authserv_id, each.mails, each.of) for each in learnt.proposals]


@pytest.mark.parametrize("name", STYLES)
def test_the_receivers_of_five_providers_are_learnt(name: str) -> None:
    style, wanted = STYLES[name]
    traces = of_style(style, seed=1)
    learnt = learn_receivers(traces)
    assert proposed(learnt) == [(wanted, 50, 50)]
    assert learnt.proposals[0].needs == (wanted,)
    assert learnt.proposals[0].sure is (name not in {"Gmail", "GMX", "Postfix, fields below"})
    assert not learnt.proposals[0].warning
    assert "dkim=pass" in learnt.proposals[0].example or "dmarc=pass" in learnt.proposals[0].example
    assert matching(traces, learnt.proposals[0].needs) == 50


def injected(authserv_id: str) -> tuple[str, str]:
    return ar(f"{authserv_id}; dmarc=pass header.from=amazon.com")


def hostile(style: Style, random: Random, *fields: tuple[str, str]) -> Trace:
    """A mail of one bulk sender, who wrote `fields` on top of his mail."""
    found = Found(spf=("pass", "evil.example"), host="out.evil.example", address="203.0.113.9")
    return [*as_trace(style(found, random)), *fields]


FORGED_FIELDS: dict[str, Callable[[Random], list[tuple[str, str]]]] = {
    "own id": lambda random: [injected("mx.evil.example")],
    "many ids": lambda random: [injected(f"mx{number}.evil.example") for number in range(9)],
    "changing ids": lambda random: [injected(f"mx{random.randrange(99)}.evil.example")],
    "our domain": lambda random: [injected("evil.seller.example"), injected(f"x{random.random():.4f}.seller.example")],
    "the word microsoft": lambda random: [injected(MICROSOFT)],
    "no id": lambda random: [ar("spf=pass; dmarc=pass header.from=amazon.com")],
    "feigned hops of ours": lambda random: [
        hop("from x by mx.seller.example"),
        injected("evil.seller.example"),
        hop("from evil.example by mx.evil.example"),
        injected("mx.evil.example"),
    ],
    "feigned hop first": lambda random: [border("a.example", "mx.evil.example"), injected("mx.evil.example")],
    "a pattern": lambda random: [injected("*"), injected("*.example")],
}  # fmt: skip


@pytest.mark.parametrize("attack", FORGED_FIELDS)
@pytest.mark.parametrize("name", STYLES)
def test_a_sender_of_40_percent_of_the_mails_changes_nothing(name: str, attack: str) -> None:
    style, wanted = STYLES[name]
    random = Random(2)
    bad = [hostile(style, random, *FORGED_FIELDS[attack](random)) for _ in range(20)]
    traces = [*of_style(style, seed=3, count=30), *bad]
    names = [name for name, _, _ in proposed(learn_receivers(traces))]
    assert names == [wanted]


@pytest.mark.parametrize("attack", FORGED_FIELDS)
@pytest.mark.parametrize("below", [True, False])
def test_where_our_server_writes_nothing_a_sender_of_40_percent_is_not_proposed(
    attack: str, below: bool
) -> None:
    random = Random(4)
    good = [[border(f"out.friend{number}.example")] for number in range(30)]
    peer = border("out.evil.example")
    fields = [FORGED_FIELDS[attack](random) for _ in range(20)]
    bad = [[peer, *each] if below else [hop(f"by {US}"), peer, *each] for each in fields]
    learnt = learn_receivers([*good, *bad])
    assert learnt.proposals == ()
    assert learnt.reason


def test_one_sender_of_most_mails_is_one_host_among_many() -> None:
    """He writes the very name of our host, and our server writes nothing and takes nothing out."""
    good = [[border(f"out.friend{number}.example")] for number in range(10)]
    bad = [[border("out.evil.example"), injected(US)] for _ in range(40)]
    assert learn_receivers([*good, *bad]).proposals == ()


def test_a_host_that_calls_itself_by_its_id_is_still_outside() -> None:
    """With his id taken for ours, his own host would be, too, and what stands below it."""
    evil = [border("out.evil.example"), injected("out.evil.example"), hop("from x by out.evil.example")]
    behind = [border("out.evil.example"), hop("from x (x.example [8.8.8.8]) by out.evil.example"), injected("out.evil.example")]  # fmt: skip
    good = [[border(f"out.friend{number}.example")] for number in range(30)]
    assert learn_receivers([*good, *[evil] * 10, *[behind] * 10]).proposals == ()


def test_a_neighbour_at_our_hoster_is_outside() -> None:
    """His host's name was looked up, and lies in the domain of the host that takes our mail in."""
    by = "mx.hoster.example"
    bad: Trace = [
        border("vps7.hoster.example", by),
        hop("from a (a.example [8.8.8.8]) by vps7.hoster.example"),
        injected("vps7.hoster.example"),
    ]
    good = [[border(f"out.friend{number}.example", by)] for number in range(30)]
    assert learn_receivers([*good, *[bad] * 20]).proposals == ()


def test_where_all_peers_seem_to_be_ours_nothing_is_sure() -> None:
    """A container's proxy: the border sees one private address, and no host of ours has a public name."""
    nat = hop("from mail.friend.example (unknown [172.18.0.1]) by mailhost")
    evil = hop("from evil.example (unknown [172.18.0.1]) by mailhost")
    bad = [evil, injected("mx.evil.example"), border("a.example", "mx.evil.example")]
    assert learn_receivers([*[[nat]] * 30, *[bad] * 20]).proposals == ()
    ours = [nat, ar(f"{US}; dmarc=pass header.from=friend.example")]
    learnt = learn_receivers([*[ours] * 40, *[bad] * 10])
    assert proposed(learnt) == [(US, 40, 50)]
    assert "no public name" in learnt.proposals[0].warning
    assert learnt.proposals[0].needs == (US,)


def test_behind_a_proxy_a_feigned_hop_makes_nothing_sure() -> None:
    """The border takes a peer without a dot in its name for a filter of our own, so it seems to be inside."""
    for by in ("mailhost", US):
        nat = hop(f"from localhost (unknown [172.18.0.1]) by {by}")
        behind = border("a.example", "mx.evil.example")
        for bad in ([nat, injected("mx.evil.example")], [nat, injected("mx.evil.example"), behind]):
            assert learn_receivers([*[[nat]] * 30, *[bad] * 20]).proposals == ()


def test_what_follows_our_field_below_the_border_is_a_senders_however_many_there_are() -> None:
    ours = ar(f"{US}; dkim=pass header.d=friend.example")
    bad = [[border(f"out.evil{number}.example"), ours, injected("mx.evil.example")] for number in range(45)]
    assert proposed(learn_receivers([*bad, *[[border(), ours]] * 5])) == [(US, 50, 50)]


def test_where_our_fields_stand_above_those_below_widen_nothing() -> None:
    """Unsigned mail has no field of ours here, and a sender names a host in our domain."""
    ours = [ar(f"{US}; dkim=pass header.d=friend.example"), border()]
    bad = [border("out.evil.example"), injected("evil.seller.example")]
    assert proposed(learn_receivers([*[ours] * 30, *[bad] * 20])) == [(US, 30, 50)]


def test_a_name_in_a_few_mails_is_chance() -> None:
    few = [ar(f"{US}; dkim=none"), border()]
    assert learn_receivers([*[few] * 3, *[[border()]] * 37]).proposals == ()
    assert proposed(learn_receivers([*[few] * 4, *[[border()]] * 36])) == [(US, 4, 40)]


def test_the_word_microsoft_is_proposed_at_microsoft_only() -> None:
    traces = [[border(f"out.friend{number}.example"), injected(MICROSOFT)] for number in range(10)]
    assert learn_receivers(traces).proposals == ()


def test_ids_below_a_foreign_hop_are_never_proposed() -> None:
    far = [border(), hop("from x by out.friend.example"), injected("out.friend.example")]
    learnt = learn_receivers([far] * 50)
    assert learnt.proposals == ()
    assert "may come from senders" in learnt.reason


def test_an_id_that_has_nothing_to_do_with_our_host_comes_with_a_warning() -> None:
    trace = [ar("OpenDMARC; dmarc=pass header.from=friend.example"), border()]
    proposal = learn_receivers([trace] * 9).proposals[0]
    assert proposal == ReceiverProposal(
        authserv_id="opendmarc",
        mails=9,
        of=9,
        example="OpenDMARC; dmarc=pass header.from=friend.example",
        needs=("opendmarc",),
        sure=True,
        warning=f"it has nothing to do with {US}, the host that takes your mail in",
    )


def test_an_unrelated_id_below_our_host_works_with_that_host_only() -> None:
    trace = [border(), ar("checks.other.example; dmarc=pass header.from=friend.example")]
    proposal = learn_receivers([trace] * 9).proposals[0]
    assert proposal.needs == ("checks.other.example", US)
    assert matching([trace] * 9, ("checks.other.example",)) == 0
    assert matching([trace] * 9, proposal.needs) == 9


def test_two_filters_with_names_of_their_own_stand_side_by_side() -> None:
    dmarc = ar("OpenDMARC; dmarc=pass header.from=friend.example")
    dkim = ar(f"{US}; dkim=pass header.d=friend.example")
    above, below = [dmarc, dkim, border()], [border(), dmarc, dkim]
    for trace in (above, below):
        learnt = learn_receivers([trace] * 10)
        assert proposed(learnt) == [(US, 10, 10), ("opendmarc", 10, 10)]
        assert [bool(each.warning) for each in learnt.proposals] == [False, True]


def test_a_gateway_of_ours_that_hands_over_by_a_public_address() -> None:
    hand_over = hop("from mx.seller.example (mx.seller.example [8.8.4.4]) by store.seller.example with LMTP")
    above = [hand_over, injected(US), border()]
    below = [hand_over, border(), injected(US)]
    for trace in (above, below):
        learnt = learn_receivers([trace] * 10)
        assert proposed(learnt) == [(US, 10, 10)]
        assert matching([trace], learnt.proposals[0].needs) == 1


def test_a_server_that_passes_over_unsigned_mail() -> None:
    passed = ar(f"{US}; dkim=pass header.d=a.example")
    signed = [[border(f"out.friend{number}.example"), passed] for number in range(7)]
    assert proposed(learn_receivers([*signed, *[[border("b.example")]] * 3])) == [(US, 7, 10)]


def test_numbered_hosts_become_a_pattern_and_a_spare_one_does_not() -> None:
    hosts = ["mx1.in.seller.example", "mx2.in.seller.example"]
    for placed in ([0, 1], [1, 0]):
        traces = [
            [[ar(f"{host}; dkim=none"), border(by=host)][place] for place in placed] for host in hosts * 5
        ]
        assert proposed(learn_receivers(traces)) == [("*.in.seller.example", 10, 10)]
    many = [[ar(f"{hosts[0]}; dkim=none"), border(by=hosts[0])]] * 19
    spare = [[ar(f"{hosts[1]}; dkim=none"), border(by=hosts[1])]]
    assert proposed(learn_receivers([*many, *spare])) == [(hosts[0], 19, 20)]


def test_a_domain_and_a_host_below_it_are_two_ids() -> None:
    traces = [[ar(f"{name}; dkim=none"), border()] for name in ("seller.example", US) for _ in range(5)]
    assert proposed(learn_receivers(traces)) == [(US, 5, 10), ("seller.example", 5, 10)]


def test_hosts_below_a_second_level_domain_are_no_family() -> None:
    hosts = ("mx.one.co.uk", "mx.two.co.uk")
    traces = [[ar(f"{host}; dkim=none"), border(by=host)] for host in hosts * 5]
    assert not [name for name, _, _ in proposed(learn_receivers(traces)) if "*" in name]


@pytest.mark.parametrize(
    ("traces", "reason"),
    [
        ([], "0 mails came by a server; it takes 3 to tell"),
        ([[border()], [border()], [injected(US)], []], "2 mails came by a server; it takes 3 to tell"),
        ([[border()]] * 3, "your server writes no Authentication-Results"),
    ],
)
def test_why_nothing_is_proposed(traces: list[Trace], reason: str) -> None:
    assert learn_receivers(traces) == Learnt(proposals=(), reason=reason)


@pytest.mark.parametrize(
    "line",
    [
        "from [2a00:1450:4001::1] (helo=x) by",
        "from x by",
        "from 8.8.8.8 (8.8.8.8) by",
        "from x (unknown [IPv6:2a00:1450:4001::1]) by",
        "from x (HELO y) (8.8.8.8) by",
    ],
)
def test_peers_of_any_form_take_nothing_from_a_field_above(line: str) -> None:
    trace = [ar(f"{US}; dkim=none"), hop(f"{line} {US}")]
    assert [name for name, _, _ in proposed(learn_receivers([trace] * 5))] == [US]


def test_a_malformed_field_and_a_line_without_hosts_are_passed_over() -> None:
    trace = [ar(f"{US}; dkim=none ("), ar(f"{US}; dkim=none"), border(), hop("nothing")]
    assert proposed(learn_receivers([trace] * 5)) == [(US, 5, 5)]
    assert learn_receivers([[hop("(qmail 1 invoked by uid 0)"), injected(US)]] * 5).proposals == ()


def test_what_a_sender_could_write_is_shown_cut() -> None:
    trace = [ar(f"{US}; dkim=none ({'x' * 5000})"), border()]
    assert len(learn_receivers([trace] * 3).proposals[0].example) == 200


def proposal(authserv_id: str) -> ReceiverProposal:
    return ReceiverProposal(
        authserv_id=authserv_id, mails=5, of=5, example="", needs=(authserv_id,), sure=True
    )


@pytest.mark.parametrize(
    ("configured", "seen", "expected"),
    [
        (("mx.seler.example",), (US,), (US,)),
        (("MX.Seller.Example",), (US,), ()),
        (("*.seller.example",), (US,), ()),
        (("mx1.in.seller.example",), ("*.in.seller.example",), ()),
        (("mx.google.com",), (MICROSOFT,), (MICROSOFT,)),
        (("mx.seler.example", US), (US, "opendmarc"), ()),
        (("mx.seler.example",), (US, "opendmarc"), (US, "opendmarc")),
        ((), (US,), ()),
        ((US,), (), ()),
    ],
)
def test_misspelt_settings(
    configured: tuple[str, ...], seen: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert unlike(configured, [proposal(name) for name in seen]) == expected


def test_both_places_of_postfix_are_two_styles() -> None:
    """The two are told apart by where the fields stand, so that the tests above test both."""
    random = Random(1)
    found = genuine("amazon.com", random)
    assert [name for name, _ in as_trace(postfix(found, random))][-1] == "received"
    assert [name for name, _ in as_trace(postfix_below(found, random))][-1] == "authentication-results"
