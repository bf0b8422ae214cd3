"""Which fields are our own receiver's, and what a property of theirs says: cases that a forger would try."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.authenticity.judge import judge
from bounce_watch.authenticity.results import own_fields, parse_results, placed_fields
from bounce_watch.records.account import Trust
from bounce_watch.records.notice import Outcome

from .test_verdicts import BORDER, OURS, ar, hop, mail, outcome

QUOTED = st.text(alphabet=string.printable.replace("\x0b", "").replace("\x0c", ""), max_size=40)


@given(QUOTED)
def test_a_quoted_local_part_names_no_domain(hidden: str) -> None:
    """RFC 6376 lets a signer put any local part into `i=`, also one that looks like an address."""
    local = '"' + "".join(f"\\{letter}" if letter in '"\\' else letter for letter in hidden) + '"'
    assert outcome(f"{OURS}; dkim=pass header.i={local}@evil.example") is Outcome.UNPROVEN
    assert outcome(f"{OURS}; dmarc=pass header.from={local}@evil.example") is Outcome.UNPROVEN
    assert outcome(f"{OURS}; dkim=pass header.i={local}@amazon.com") is Outcome.GENUINE


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ('"x@amazon.com"@evil.example', "x@amazon.com@evil.example"),
        ('"x@amazon.com" (c) @evil.example', "x@amazon.com@evil.example"),
        ('"amazon.com"', "amazon.com"),
        ('"amazon.com" @', "amazon.com@"),
        ("x@amazon.com", "x@amazon.com"),
        ('"a" header.s=@x', "a"),
    ],
)
def test_an_address_in_a_property_is_one_value(value: str, read: str) -> None:
    field = parse_results(f"{OURS}; dkim=pass header.i={value}")
    assert field is not None
    assert field.results[0].property("header.i") == read


@pytest.mark.parametrize(
    "peer",
    [
        "from [2a00:1450:4001::1] (helo=mx.seller.example) by",
        "from 2a00:1450:4001::1 (HELO mx.seller.example) by",
        "from mx.seller.example (mx.seller.example [8.8.8.8] (may be forged)) by",
        "from mx.seller.example (mx.seller.example [203.0.113.7] (may be forged)) by",
    ],
)
def test_a_peer_without_a_proven_name_is_outside(peer: str) -> None:
    """Exim writes an address in the name's place, sendmail a note behind a name that leads elsewhere."""
    above = ar(f"{OURS}; spf=pass smtp.mailfrom=evil.example")
    line = hop(f"{peer} mx.seller.example with ESMTP; Thu, 10 Sep 2026 10:00:00 +0000")
    injected = ar(f"{OURS}; dmarc=pass header.from=amazon.com")
    trust = Trust(authserv_ids=(OURS,))
    assert judge(mail([above, line, injected]), trust).outcome is Outcome.UNPROVEN


@pytest.mark.parametrize(
    "peer",
    [
        "from mx.seller.example (unknown [IPv6:fd12:3456::7]) by",
        "from mx.seller.example (mx.seller.example [IPv6:2a00:1450:4001::1]) by",
        "from filter (localhost [IPv6:::1]) by",
        "from filter ([10.1.2.3]) by",
    ],
)
def test_a_hop_in_our_own_house_over_ipv6_is_none_from_outside(peer: str) -> None:
    inner = hop(f"{peer} mx.seller.example with LMTP; Thu, 10 Sep 2026 10:00:01 +0000")
    passed = ar(f"{OURS}; dmarc=pass header.from=amazon.com")
    trace = [inner, passed, hop(BORDER)]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.GENUINE
    assert judge(mail([inner, hop(BORDER), passed]), Trust(authserv_ids=(OURS,))).outcome is Outcome.GENUINE


NAMELESS = ar("spf=pass smtp.mailfrom=x; dkim=pass header.d=amazon.com; dmarc=pass header.from=amazon.com")
BOTH = Trust(authserv_ids=("microsoft", OURS))


def test_a_field_without_an_id_counts_at_microsoft_only() -> None:
    """Another receiver of the same seller takes out what stands under its own id, not what has none."""
    true = ar(f"{OURS}; dkim=pass header.d=evil.example")
    assert judge(mail([hop(BORDER), true, NAMELESS]), BOTH).outcome is Outcome.UNPROVEN
    assert judge(mail([hop(BORDER), NAMELESS]), BOTH).outcome is Outcome.UNPROVEN
    assert judge(mail([NAMELESS]), BOTH).outcome is Outcome.UNPROVEN


def test_a_peer_that_calls_itself_microsofts_is_outside_elsewhere() -> None:
    line = BORDER.replace(
        "from a13-17.smtp-out.amazonses.com (a13-17.smtp-out", "from x.outlook.com (a13-17.smtp-out"
    )
    above = ar(f"{OURS}; spf=pass smtp.mailfrom=evil.example")
    injected = ar(f"{OURS}; dmarc=pass header.from=amazon.com")
    assert judge(mail([above, hop(line), injected]), BOTH).outcome is Outcome.UNPROVEN
    feigned = hop("from x by y.outlook.com; Thu, 10 Sep 2026 09:00:00 +0000")
    assert judge(mail([hop(line), feigned, NAMELESS]), BOTH).outcome is Outcome.UNPROVEN


def test_only_the_topmost_nameless_field_is_microsofts() -> None:
    inner = hop("from a.prod.outlook.com (2603:10a6::1) by b.outlook.office365.com with HTTPS; Thu, 10 Sep 2026 10:00:02 +0000")  # fmt: skip
    failed = ar("dmarc=fail header.from=amazon.com")
    kept = own_fields([inner, failed, NAMELESS], ("microsoft",))
    assert [field.results[0].result for field in kept] == ["fail"]


def test_where_a_field_stands() -> None:
    """Nobody outside can write above the line by which the mail came in."""
    above, below = ar(f"{OURS}; dkim=pass"), ar(f"{OURS}; dkim=fail")
    trace = [above, hop(BORDER), below]
    assert [(each.text, each.below_border) for each in placed_fields(trace, (OURS,))] == [(above[1], False)]
    trace = [hop(BORDER), below]
    assert [(each.text, each.below_border) for each in placed_fields(trace, (OURS,))] == [(below[1], True)]
