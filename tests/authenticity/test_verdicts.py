"""The verdict, by tables of Authentication-Results fields: genuine styles of receivers, and attacks."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.authenticity.judge import counts, judge, judge_forward
from bounce_watch.authenticity.results import own_fields, parse_results
from bounce_watch.authenticity.tokens import tokens
from bounce_watch.records.account import RequireProof, Trust
from bounce_watch.records.mail import Message, MessageRef
from bounce_watch.records.notice import Method, Outcome

OURS = "mx.seller.example"
BORDER = "from a13-17.smtp-out.amazonses.com (a13-17.smtp-out.amazonses.com [54.240.13.17]) by mx.seller.example with ESMTPS; Thu, 10 Sep 2026 10:00:00 +0000"
SENDERS = "from build.internal (build.internal [10.0.0.7]) by relay.stranger.example; Thu, 10 Sep 2026 09:59:59 +0000"
NOTICE = "auto-communication@amazon.com"

Trace = list[tuple[str, str]]


def ar(value: str) -> tuple[str, str]:
    return "authentication-results", value


def hop(value: str) -> tuple[str, str]:
    return "received", value


def mail(trace: Trace, from_address: str | None = NOTICE) -> Message:
    return Message(
        ref=MessageRef(account="uk", folder="INBOX"),
        fingerprint="0" * 64,
        message_id="<1@example>",
        from_address=from_address,
        from_name="Amazon.com",
        subject="",
        text="",
        links=(),
        sent_at=None,
        received_at=None,
        in_reply_to=None,
        references=(),
        recipients=(),
        space_type=None,
        marketplace_id=None,
        trace=tuple(trace),
        embedded=(),
        cut=(),
        size_bytes=0,
    )


def outcome(*results: str, ids: tuple[str, ...] = (OURS,), from_address: str = NOTICE) -> Outcome:
    """The verdict when our border wrote these fields under its Received line."""
    trace = [hop(BORDER), *(ar(value) for value in results), hop(SENDERS)]
    return judge(mail(trace, from_address), Trust(authserv_ids=ids)).outcome


GENUINE = {
    "dmarc": f"{OURS}; dmarc=pass (p=quarantine dis=none) header.from=amazon.com",
    "rspamd": f"{OURS}; dkim=pass header.d=amazon.com header.s=x; dmarc=pass (policy=quarantine) header.from=amazon.com; spf=pass smtp.mailfrom=1@bounces.amazon.com",
    "opendkim with i and d": f"{OURS}; dkim=pass (2048-bit key) header.d=amazon.com header.i=@amazon.com header.b=Ab+/9=",
    "only header.i": f"{OURS}; dkim=pass header.i=@amazon.com",
    "subdomain signs": f"{OURS}; dkim=pass header.d=bounces.amazon.com",
    "redirected: spf fails": f"{OURS}; spf=fail smtp.mailfrom=x@list.example; dkim=pass header.d=amazon.com; dmarc=pass header.from=amazon.com",
    "version token": f"{OURS} 1; dmarc=pass header.from=amazon.com",
    "method version": f"{OURS}; dmarc/1=pass header.from=amazon.com",
    "upper case": "MX.Seller.Example; DMARC=Pass header.from=Amazon.com",
    "comment before id": f"(our own) {OURS} (really); (x) dmarc (y) = (z) pass header.from=amazon.com",
    "quoted value": f'{OURS}; dmarc=pass header.from="amazon.com"',
    "reason": f'{OURS}; dmarc=pass reason="all; is=well" header.from=amazon.com',
    "trailing semicolon": f"{OURS}; dmarc=pass header.from=amazon.com;",
    "two signatures": f"{OURS}; dkim=pass header.d=amazonses.com; dkim=pass header.d=amazon.com",
    "trailing dot": f"{OURS}; dkim=pass header.d=amazon.com.",
}

UNPROVEN = {
    "no result": f"{OURS}; none",
    "softfail": f"{OURS}; spf=softfail smtp.mailfrom=x@amazon.com",
    "temperror": f"{OURS}; dmarc=temperror header.from=amazon.com",
    "permerror": f"{OURS}; dkim=permerror header.d=amazon.com",
    "none": f"{OURS}; dkim=none; spf=none; dmarc=none",
    "spf alone": f"{OURS}; spf=pass smtp.mailfrom=x@bounces.amazon.com",
    "SES signs for everybody": f"{OURS}; dkim=pass header.d=amazonses.com",
    "suffix": f"{OURS}; dkim=pass header.d=amazon.com.evil.example",
    "prefix": f"{OURS}; dkim=pass header.d=notamazon.com",
    "parent": f"{OURS}; dkim=pass header.d=com",
    "other marketplace": f"{OURS}; dkim=pass header.d=amazon.de",
    "dmarc for another": f"{OURS}; dmarc=pass header.from=evil.example",
    "dmarc for nobody": f"{OURS}; dmarc=pass",
    "foreign id": "mx.evil.example; dmarc=pass header.from=amazon.com",
    "id with a prefix": f"x{OURS}; dmarc=pass header.from=amazon.com",
    "id with a suffix": f"{OURS}.evil.example; dmarc=pass header.from=amazon.com",
    "id in a comment": f"(mx) mx.evil.example ({OURS}); dmarc=pass header.from=amazon.com",
    "id in the version's place": f"evil.example {OURS}; dmarc=pass header.from=amazon.com",
    "pass in a comment": f"{OURS}; spf=none (; dmarc=pass header.from=amazon.com)",
    "pass in a string": f'{OURS}; spf=none smtp.mailfrom="; dmarc=pass header.from=amazon.com"',
    "escaped quote": f'{OURS}; spf=none smtp.mailfrom="\\"; dmarc=pass header.from=amazon.com"',
    "comment never ends": f"{OURS}; dmarc=pass header.from=amazon.com (",
    "string never ends": f'{OURS}; dmarc=pass header.from=amazon.com "',
    "backslash at the end": f"{OURS}; dmarc=pass header.from=amazon.com (\\",
    "quoted method": f'{OURS}; "dmarc"=pass header.from=amazon.com',
    "no id": "dmarc=pass header.from=amazon.com",
    "empty": "",
    "method is not first": f"{OURS}; x dmarc=pass header.from=amazon.com",
}

FORGED = {
    "dmarc": f"{OURS}; dmarc=fail (p=quarantine) header.from=amazon.com",
    "dmarc fails twice over": f"{OURS}; dmarc=pass header.from=amazon.com; dmarc=fail header.from=amazon.com",
    "dkim with a comment": f"{OURS}; dkim=fail (dkim=pass header.d=amazon.com) header.d=amazon.com",
    "dkim without a domain": f"{OURS}; dkim=fail",
    "dkim of Amazon fails, SES passes": f"{OURS}; dkim=fail header.d=amazon.com; dkim=pass header.d=amazonses.com",
    "spf alone": f"{OURS}; spf=fail smtp.mailfrom=x@evil.example",
    "nested comment": f"{OURS}; dmarc=fail (a (b) ; dmarc=pass header.from=amazon.com)",
}


@pytest.mark.parametrize("results", GENUINE.values(), ids=GENUINE)
def test_genuine(results: str) -> None:
    assert outcome(results) is Outcome.GENUINE


@pytest.mark.parametrize("results", UNPROVEN.values(), ids=UNPROVEN)
def test_unproven(results: str) -> None:
    assert outcome(results) is Outcome.UNPROVEN


@pytest.mark.parametrize("results", FORGED.values(), ids=FORGED)
def test_forged(results: str) -> None:
    assert outcome(results) is Outcome.FORGED


def test_several_fields_of_one_receiver_are_one_answer() -> None:
    spf = f"{OURS}; spf=pass smtp.mailfrom=x@bounces.amazon.com"
    dkim = f"{OURS}; dkim=pass header.d=amazon.com"
    dmarc = f"{OURS}; dmarc=pass header.from=amazon.com"
    assert outcome(spf, dkim, dmarc) is Outcome.GENUINE
    assert outcome(spf, dkim) is Outcome.GENUINE


def test_two_signatures_in_two_fields_of_their_own() -> None:
    border = BORDER.replace("by mx.seller.example", "by mx-ha.gmx.net (mxgmx017)")
    fields = [ar(f"gmx.net; dkim=pass header.i=@{domain}") for domain in ("amazonses.com", "amazon.com")]
    assert judge(mail([hop(border), *fields]), Trust(authserv_ids=("gmx.net",))).outcome is Outcome.GENUINE


def test_a_fail_in_a_lower_field_of_ours_is_a_fail() -> None:
    passed = f"{OURS}; dmarc=pass header.from=amazon.com"
    assert outcome(passed, f"{OURS}; dmarc=fail header.from=amazon.com") is Outcome.FORGED


def test_the_topmost_result_of_a_signing_domain_wins() -> None:
    failed = f"{OURS}; dkim=fail header.d=amazon.com"
    assert outcome(failed, f"{OURS}; dkim=pass header.d=amazon.com") is Outcome.FORGED


@pytest.mark.parametrize(
    ("true", "injected"),
    [
        (
            f"{OURS}; dkim=none; spf=fail smtp.mailfrom=e@evil.example",
            f"{OURS}; dmarc=pass header.from=amazon.com",
        ),
        (f"{OURS}; dkim=none", f"{OURS}; dkim=pass header.d=amazon.com"),
        (f"{OURS}; dmarc=none", f"{OURS}; dmarc=pass header.from=amazon.com"),
        (f"{OURS}; spf=softfail", f"{OURS}; dmarc=pass header.from=amazon.com"),
    ],
)
def test_a_field_under_our_id_that_ours_above_contradicts_is_the_senders(true: str, injected: str) -> None:
    assert outcome(true, injected) is not Outcome.GENUINE


def test_a_field_below_a_foreign_hop_is_the_senders() -> None:
    trace = [hop(BORDER), hop(SENDERS), ar(f"{OURS}; dmarc=pass header.from=amazon.com")]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.UNPROVEN


@pytest.mark.parametrize(
    "feigned",
    [
        "from mx.seller.example by mx.seller.example; Thu, 10 Sep 2026 09:00:00 +0000",
        "by mx.seller.example; Thu, 10 Sep 2026 09:00:00 +0000",
        "from localhost by build.internal; Thu, 10 Sep 2026 09:00:00 +0000",
    ],
)
def test_a_hop_that_the_sender_feigns_behind_our_border_opens_nothing(feigned: str) -> None:
    trace = [hop(BORDER), hop(feigned), ar(f"{OURS}; dmarc=pass header.from=amazon.com")]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.UNPROVEN


@pytest.mark.parametrize(
    "true",
    [
        f"{OURS}; dkim=pass header.d=evil.example",
        f"{OURS}; spf=pass smtp.mailfrom=x@evil.example",
        f"{OURS}; dmarc=pass header.from=evil.example",
        f"{OURS}; none",
    ],
)
@pytest.mark.parametrize("claim", ["dkim=pass header.d=amazon.com", "dmarc=pass header.from=amazon.com"])
def test_what_stands_below_the_border_is_the_senders_if_ours_stands_above(true: str, claim: str) -> None:
    """A receiver that checks little, and does not take out fields under its own id."""
    trace = [ar(true), hop(BORDER), ar(f"{OURS}; {claim}")]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.UNPROVEN


def test_a_content_filter_between_two_fields_of_ours_is_no_border() -> None:
    inner = "from localhost (localhost [127.0.0.1]) by mx.seller.example (Postfix); Thu, 10 Sep 2026 10:00:01 +0000"
    trace = [
        ar(f"{OURS}; spf=pass smtp.mailfrom=x@bounces.amazon.com"),
        hop(inner),
        ar(f"{OURS}; dkim=pass header.d=amazon.com"),
        hop(BORDER),
    ]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.GENUINE


def test_a_peer_that_calls_itself_ours_is_known_by_the_name_that_was_looked_up() -> None:
    border = BORDER.replace("from a13-17.smtp-out.amazonses.com (a13", "from mx.seller.example (a13")
    feigned = "from x by mx.seller.example; Thu, 10 Sep 2026 09:00:00 +0000"
    trace = [hop(border), hop(feigned), ar(f"{OURS}; dmarc=pass header.from=amazon.com")]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.UNPROVEN


def test_our_own_hops_above_the_field_are_passed() -> None:
    inner = "from mx.seller.example (mx.seller.example [192.0.2.1]) by store.seller.example with LMTP; Thu, 10 Sep 2026 10:00:01 +0000"
    local = "by store.seller.example (Dovecot); Thu, 10 Sep 2026 10:00:02 +0000"
    trace = [hop(local), hop(inner), hop(BORDER), ar(f"{OURS}; dmarc=pass header.from=amazon.com")]
    assert judge(mail(trace), Trust(authserv_ids=(OURS,))).outcome is Outcome.GENUINE


def test_a_received_line_that_names_no_host_of_ours_ends_our_part() -> None:
    for odd in ("from somewhere to nowhere", "from x (by (mx.seller.example", ""):
        trace = [hop(odd), ar(f"{OURS}; dmarc=pass header.from=amazon.com")]
        assert own_fields(trace, (OURS,)) == []


def test_an_id_under_a_public_suffix_does_not_make_the_suffix_ours() -> None:
    trace = [
        hop(
            "from evil.example (evil.example [198.51.100.1]) by mail.stranger.co.uk; Thu, 10 Sep 2026 10:00:00 +0000"
        ),
        ar("seller.co.uk; dmarc=pass header.from=amazon.com"),
    ]
    assert own_fields(trace, ("seller.co.uk",)) == []


def test_a_pattern_names_numbered_receivers() -> None:
    field = "mx3.messagingengine.com; dmarc=pass header.from=amazon.com"
    border = BORDER.replace("by mx.seller.example", "by mx3.messagingengine.com")
    trace = [hop(border), ar(field)]
    assert judge(mail(trace), Trust(authserv_ids=("*.messagingengine.com",))).outcome is Outcome.GENUINE
    assert judge(mail(trace), Trust(authserv_ids=("*.messaging.example",))).outcome is Outcome.UNPROVEN


def test_microsoft_is_the_topmost_field_without_an_id() -> None:
    inner = "from AM6PR01.eurprd01.prod.outlook.com (2603:10a6::1) by DB8PR01.prod.outlook.com with HTTPS; Thu, 10 Sep 2026 10:00:02 +0000"
    border = BORDER.replace("by mx.seller.example", "by DB5EUR01.mail.protection.outlook.com (10.152.4.1)")
    passed = "spf=pass (sender IP is 54.240.13.17) smtp.mailfrom=b.amazon.com; dkim=pass (signature was verified) header.d=amazon.com;dmarc=pass action=none header.from=amazon.com;compauth=pass reason=100"
    trust = Trust(authserv_ids=("microsoft",))
    assert judge(mail([hop(inner), hop(border), ar(passed)]), trust).outcome is Outcome.GENUINE
    failed = passed.replace("dmarc=pass", "dmarc=fail")
    assert judge(mail([hop(inner), hop(border), ar(failed), ar(passed)]), trust).outcome is Outcome.FORGED
    assert judge(mail([hop(BORDER), ar(passed)]), trust).outcome is Outcome.UNPROVEN


def test_without_a_configured_receiver_nothing_is_proven() -> None:
    verdict = judge(mail([ar(f"{OURS}; dmarc=pass header.from=amazon.com")]), Trust())
    assert (verdict.outcome, verdict.method) == (Outcome.UNPROVEN, Method.NONE)
    assert "authserv_ids" in verdict.reason


def test_a_mail_without_a_from_domain_is_never_genuine() -> None:
    trace = [hop(BORDER), ar(f"{OURS}; dkim=pass header.d=amazon.com; dmarc=pass header.from=amazon.com")]
    assert judge(mail(trace, None), Trust(authserv_ids=(OURS,))).outcome is not Outcome.GENUINE


def test_the_verdict_names_what_it_rests_on() -> None:
    verdict = judge(mail([ar(GENUINE["dmarc"])]), Trust(authserv_ids=(OURS,)))
    assert (verdict.authserv_id, verdict.signing_domain, verdict.aligned) == (OURS, "amazon.com", True)
    assert verdict.method is Method.AUTHENTICATION_RESULTS


HIDDEN = st.text(alphabet=string.printable.replace("\x0b", "").replace("\x0c", ""), max_size=60)


@given(HIDDEN)
def test_nothing_in_a_comment_changes_a_verdict(hidden: str) -> None:
    comment = "(" + "".join(f"\\{letter}" if letter in "()\\" else letter for letter in hidden) + ")"
    assert outcome(f"{OURS}; spf=none {comment}") is Outcome.UNPROVEN
    assert (
        outcome(f"{OURS} {comment}; dmarc {comment}=pass{comment} header.from=amazon.com {comment}")
        is Outcome.GENUINE
    )
    assert outcome(f"{OURS}; {comment} dmarc=fail {comment} header.from=amazon.com") is Outcome.FORGED


@given(HIDDEN)
def test_nothing_in_a_quoted_string_changes_a_verdict(hidden: str) -> None:
    quoted = '"' + "".join(f"\\{letter}" if letter in '"\\' else letter for letter in hidden) + '"'
    assert outcome(f"{OURS}; spf=none smtp.mailfrom={quoted}") is Outcome.UNPROVEN
    assert outcome(f"{OURS}; dmarc=fail reason={quoted} header.from=amazon.com") is Outcome.FORGED


@given(st.text(max_size=200))
def test_any_text_is_a_field_or_none(value: str) -> None:
    found = tokens(value)
    assert (parse_results(value) is None) == (found is None)


OWNER = "owner@seller.example"


def forwarded(trace: Trace, sender: str, *, trusted: tuple[str, ...] = (OWNER,)) -> Outcome:
    trust = Trust(authserv_ids=(OURS,), trusted_forwarders=trusted)
    verdict = judge_forward(mail(trace, sender), trust)
    assert verdict.method is Method.FORWARD
    return verdict.outcome


@pytest.mark.parametrize(
    ("trace", "sender", "expected"),
    [
        ([ar(f"{OURS}; dmarc=pass header.from=seller.example")], OWNER, Outcome.GENUINE),
        ([ar(f"{OURS}; dmarc=fail header.from=seller.example")], OWNER, Outcome.FORGED),
        ([], OWNER, Outcome.UNPROVEN),
        ([ar(f"{OURS}; dmarc=pass header.from=stranger.example")], "x@stranger.example", Outcome.UNPROVEN),
        ([ar(f"{OURS}; dmarc=fail header.from=stranger.example")], "x@stranger.example", Outcome.FORGED),
        ([ar(f"{OURS}; dmarc=pass header.from=seller.example")], "other@seller.example", Outcome.UNPROVEN),
    ],
)
def test_a_forward_counts_by_who_brought_it(trace: Trace, sender: str, expected: Outcome) -> None:
    assert forwarded(trace, sender) is expected


def test_trusted_forwarders_are_compared_without_case() -> None:
    trace = [ar(f"{OURS}; dmarc=pass header.from=seller.example")]
    assert forwarded(trace, OWNER, trusted=("Owner@Seller.Example",)) is Outcome.GENUINE


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("proof", list(RequireProof))
def test_what_counts_under_each_policy(proof: RequireProof, known: bool) -> None:
    assert counts(Outcome.GENUINE, proof, known_to_us=known)
    assert not counts(Outcome.FORGED, proof, known_to_us=known)
    expected = proof is RequireProof.NEVER or (proof is RequireProof.AUTO and known)
    assert counts(Outcome.UNPROVEN, proof, known_to_us=known) is expected


def test_the_trace_of_a_mail_is_all_that_matters() -> None:
    first = mail([hop(BORDER), ar(GENUINE["dmarc"])])
    assert judge(replace(first, text="dmarc=fail"), Trust(authserv_ids=(OURS,))).outcome is Outcome.GENUINE


@pytest.mark.parametrize(
    "peer",
    [
        "from mail (unknown [8.8.8.8]) by",
        "from mx.seller.example (unknown [8.8.8.8]) by",
        "from unknown (HELO mx.seller.example) (8.8.8.8) by",
        "from mx.seller.example ([IPv6:2a00:1450:4001::1]) by",
        "from neighbour.seller.example (neighbour.seller.example [8.8.8.8]) by",
    ],
)
def test_a_peer_of_which_nothing_was_found_out_is_from_outside(peer: str) -> None:
    """What stands below such a line is the sender's, also under our id and beside a field of ours above it."""
    border = f"{peer} mx.seller.example with SMTP; Thu, 10 Sep 2026 10:00:00 +0000"
    injected = ar(f"{OURS}; dmarc=pass header.from=amazon.com")
    trust = Trust(authserv_ids=(OURS,))
    above = ar(f"{OURS}; spf=pass smtp.mailfrom=evil.example")
    assert judge(mail([above, hop(border), injected]), trust).outcome is Outcome.UNPROVEN
    feigned = hop("from x by mx.seller.example; Thu, 10 Sep 2026 09:00:00 +0000")
    assert judge(mail([hop(border), feigned, injected]), trust).outcome is Outcome.UNPROVEN


@pytest.mark.parametrize("speaks_of", ["auto-communication@amazon.com", "amazon.com."])
def test_header_from_may_be_an_address_or_end_in_a_dot(speaks_of: str) -> None:
    assert outcome(f"{OURS}; dmarc=pass header.from={speaks_of}") is Outcome.GENUINE


def test_a_dmarc_pass_that_names_no_domain_leaves_it_to_dkim() -> None:
    assert outcome(f"{OURS}; dkim=pass header.d=amazon.com; dmarc=pass") is Outcome.GENUINE
    assert outcome(f"{OURS}; dkim=pass header.d=evil.example; dmarc=pass") is Outcome.UNPROVEN


def test_a_hand_over_without_a_comment_is_our_own_delivery() -> None:
    """Dovecot's LMTP writes such a line above that of the border, and OpenDKIM its field below both."""
    lmtp = "from mx.seller.example by mx.seller.example with LMTP id x; Thu, 10 Sep 2026 10:00:01 +0000"
    passed = ar(f"{OURS}; dkim=pass header.d=amazon.com")
    assert (
        judge(mail([hop(lmtp), hop(BORDER), passed]), Trust(authserv_ids=(OURS,))).outcome is Outcome.GENUINE
    )
