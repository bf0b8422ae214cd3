"""What our receiver writes, and what others write in its name: whole headers, read from octets.

Rows T1, T2, T8, T9 and T11 of the threat model. Each expectation follows from the table "Who sent it" in
docs/explanation/how-a-mail-is-judged.md, not from what the program answers.
"""

from __future__ import annotations

from random import Random

import pytest

from bounce_watch.records.account import RequireProof
from bounce_watch.records.notice import Notice, NoticeKind, Outcome

from .forge import FROM_FORMS, TABLES, US, Table, forgery, found_in, is_counted
from .letters import LETTERS, octets
from .providers import STAMP, STYLES, genuine

SES = "a13-38.smtp-out.us-west-2.amazonses.com"
BORDER = f"Received: from {SES} ({SES} [54.240.13.38])\r\n\tby {US} (Postfix) with ESMTPS id 6FFN8N; {STAMP}"
SENDERS = f"Received: from build.internal by relay.amazon.com; {STAMP}"
EN = LETTERS["en, plain"]
ORDER = "026-1234567-7654321"


def judged(trace: list[str], *ids: str, sender: str = "From: auto-communication@amazon.com") -> Outcome:
    found = found_in(octets(trace, [sender], EN, order=ORDER, unique="1"), ids or (US,))
    assert isinstance(found.result, Notice)
    assert found.verdict is not None
    return found.verdict.outcome


def results(text: str) -> str:
    return f"Authentication-Results: {text}"


FORGED = """
dmarc above/dmarc below/spf alone/SES with dmarc/broken signature/dmarc above, everything injected/
dmarc, then injected/dmarc, then injected thrice/nothing passed, then injected/in nested comments/in a reason/
Gmail, its id/Gmail, suffix/Microsoft, no id/Microsoft, the word/Fastmail, a host/Fastmail, suffix/GMX, its id/
GMX, quoted
"""
SAID_NO = {name.strip() for name in FORGED.replace("\n", "").split("/")}
"""Where our receiver says fail. All other tables say nothing of use about the From domain, so: unproven."""


def test_sixty_tables() -> None:
    assert len(TABLES) == 60
    assert not SAID_NO - TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_forgery_of_each_table(name: str) -> None:
    made = forgery(Random(1), TABLES[name], "amazon.com", "bare", EN, how=name)
    found = found_in(made.octets, made.authserv_ids)
    assert isinstance(found.result, Notice)
    assert found.result.kind is NoticeKind.OPT_OUT
    assert found.verdict is not None
    assert found.verdict.outcome is (Outcome.FORGED if name in SAID_NO else Outcome.UNPROVEN)


GENUINE = {
    "rspamd, above": [results(f"{US};\r\n\tdkim=pass header.d=amazon.com header.s=abc header.b=Ab/9=;\r\n\tdmarc=pass (policy=quarantine) header.from=amazon.com"), BORDER],
    "rspamd, below": [BORDER, results(f'{US};\r\n\tdkim=pass header.d=amazonses.com header.s=x header.b="Ab/9";\r\n\tdmarc=pass (policy=quarantine) header.from=amazon.com;\r\n\tspf=pass (mx: domain of b@bounces.amazon.com designates 54.240.13.38 as permitted sender) smtp.mailfrom=b@bounces.amazon.com')],
    "content filter on localhost": [f"Received: from localhost (localhost [127.0.0.1])\r\n\tby {US} (Postfix) with ESMTP id 1; {STAMP}", results(f"{US} (filter); dkim=pass (1024-bit key)\r\n\theader.d=amazon.com"), BORDER],
    "delivered by LMTP": [f"Received: from {US} ([192.168.1.4])\r\n\tby store.seller.example with LMTP id 2; {STAMP}", BORDER, results(f"{US}; dmarc=pass header.from=amazon.com")],
    "delivered locally": [f"Received: by {US} (Postfix, from userid 5000)\r\n\tid 3; {STAMP}", BORDER, results(f"{US}; dkim=pass header.i=@amazon.com")],
    "Exim": [results(f"{US}; iprev=pass ({SES}) smtp.remote-ip=54.240.13.38; spf=pass smtp.mailfrom=bounces.amazon.com; dkim=pass header.d=amazon.com header.s=x header.a=rsa-sha256; dmarc=pass header.from=amazon.com"), f"Received: from {SES} ([54.240.13.38])\r\n\tby {US} with esmtps (TLS1.3) tls TLS_AES_128_GCM_SHA256\r\n\t(Exim 4.98) (envelope-from <b@bounces.amazon.com>) id 1tX; {STAMP}"],
    "over IPv6": [f"Received: from {SES} ({SES} [IPv6:2a05:d018::1])\r\n\tby {US} (8.18.1/8.18.1) with ESMTPS id 4; {STAMP}", results(f"{US}; dkim=pass header.d=amazon.com")],
    "two filters, a field each": [results(f"{US}; dmarc=pass (p=quarantine dis=none) header.from=amazon.com"), results(f"{US}; spf=pass smtp.mailfrom=bounces.amazon.com"), results(f'{US};\r\n\tdkim=pass (2048-bit key) header.d=amazon.com header.i=@amazon.com header.b="q8/"'), BORDER],
    "reasons and versions": [BORDER, results(f'{US} 1; dkim/1=pass reason="good; signature" header.d=amazon.com; dmarc/1 = pass (all is well) header.from = amazon.com')],
    "folded everywhere": [BORDER, f"Authentication-Results:\r\n {US}\r\n ;\r\n dmarc\r\n =\r\n pass\r\n header.from\r\n =\r\n amazon.com"],
    "field name in capitals": [BORDER, f"AUTHENTICATION-RESULTS: {US.upper()}; DMARC=PASS HEADER.FROM=AMAZON.COM"],
    "subdomain signs": [BORDER, results(f"{US}; dkim=pass header.d=eu.bounces.amazon.com")],
    "a stranger's field below": [results(f"{US}; dmarc=pass header.from=amazon.com"), BORDER, SENDERS, results("relay.amazon.com; dmarc=fail header.from=amazon.com")],
    "a stranger's field beside": [BORDER, results(f"{US}; dmarc=pass header.from=amazon.com"), results("mx.evil.example; dmarc=fail header.from=amazon.com")],
    "ARC of ours above": [f"ARC-Authentication-Results: i=1; {US}; dmarc=fail header.from=amazon.com", BORDER, results(f"{US}; dmarc=pass header.from=amazon.com")],
}  # fmt: skip
"""With the fifteen of tests/authenticity/test_verdicts.py: thirty."""


@pytest.mark.parametrize("trace", GENUINE.values(), ids=GENUINE)
def test_genuine_headers(trace: list[str]) -> None:
    assert judged(trace) is Outcome.GENUINE


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("domain", ["amazon.com", "amazon.co.uk", "amazon.com.au"])
def test_providers(name: str, domain: str) -> None:
    style, authserv_id = STYLES[name]
    trace = style(genuine(domain, Random(7)), Random(7))
    sender = f"From: auto-communication@{domain}"
    assert judged(trace, authserv_id, sender=sender) is Outcome.GENUINE
    assert judged(trace, "mx.somebody.example", sender=sender) is Outcome.UNPROVEN


SAID = {"no field": None, "fail": "fail", "softfail": "softfail", "temperror": "temperror", "none": "none"}


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("said", SAID)
def test_a_notice_of_any_language_needs_proof(letter: str, said: str) -> None:
    """T1: five results, ten letters. Only a fail of DMARC is a forgery; none of them counts by itself."""
    field = [results(f"{US}; dmarc={SAID[said]} header.from=amazon.com")] if SAID[said] else []
    made = octets([BORDER, *field], [FROM_FORMS["bare"].replace("{d}", "amazon.com")], LETTERS[letter], order=ORDER, unique="1")  # fmt: skip
    found = found_in(made, (US,))
    assert isinstance(found.result, Notice)
    assert found.result.kind is NoticeKind.OPT_OUT
    assert found.verdict is not None
    assert found.verdict.outcome is (Outcome.FORGED if said == "fail" else Outcome.UNPROVEN)
    assert not is_counted(found, RequireProof.ALWAYS)
    assert not is_counted(found, RequireProof.AUTO)
    assert is_counted(found, RequireProof.AUTO, known_to_us=True) is (said != "fail")


SEAL = "ARC-Seal: i=1; a=rsa-sha256; cv=pass; d=evil.example; s=x; b=abc"
SEALED = (
    f"ARC-Authentication-Results: i=1; {US}; dkim=pass header.d=amazon.com; dmarc=pass header.from=amazon.com"
)
ARC = {
    "arc=pass alone": ([results(f"{US}; arc=pass")], Outcome.UNPROVEN),
    "arc=pass, DMARC fails": ([results(f"{US}; arc=pass; dmarc=fail header.from=amazon.com")], Outcome.FORGED),
    "arc=pass, no policy": ([results(f"{US}; arc=pass header.oldest-pass=0; dmarc=none")], Outcome.UNPROVEN),
    "sealed results, no field of ours": ([SEAL, SEALED], Outcome.UNPROVEN),
    "sealed results, ours says none": ([results(f"{US}; none"), SEAL, SEALED], Outcome.UNPROVEN),
    "arc=fail, DMARC passes": ([results(f"{US}; arc=fail; dmarc=pass header.from=amazon.com")], Outcome.GENUINE),
    "arc=none, Amazon's signature": ([results(f"{US}; arc=none; dkim=pass header.d=amazon.com")], Outcome.GENUINE),
    "what ARC says in a comment": ([results(f"{US}; arc=pass (i=1 dkim=pass dkdomain=amazon.com dmarc=pass fromdomain=amazon.com); spf=fail smtp.mailfrom=evil.example")], Outcome.FORGED),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), ARC.values(), ids=ARC)
def test_a_seal_proves_nothing(fields: list[str], expected: Outcome) -> None:
    """T8: there is no list of trusted sealers, so ARC neither proves nor disproves."""
    assert judged([BORDER, *fields]) is expected


@pytest.mark.parametrize(
    ("pattern", "authserv_id", "expected"),
    [
        ("*.messagingengine.com", "phl-mx-02.messagingengine.com", Outcome.GENUINE),
        ("*.MessagingEngine.com", "MX4.messagingengine.com", Outcome.GENUINE),
        ("*.messagingengine.com", "messagingengine.com", Outcome.UNPROVEN),
        ("*.messagingengine.com", "evilmessagingengine.com", Outcome.UNPROVEN),
        ("*.messagingengine.com", "mx4.messagingengine.com.evil.example", Outcome.UNPROVEN),
        ("mx?.messagingengine.com", "mx4.messagingengine.com", Outcome.GENUINE),
        ("microsoft", "microsoft", Outcome.UNPROVEN),
    ],
)
def test_patterns(pattern: str, authserv_id: str, expected: Outcome) -> None:
    """T9: a pattern names hosts below its domain; the word `microsoft` is no id that a field can carry."""
    border = BORDER.replace(US, "mx4.messagingengine.com")
    field = results(f"{authserv_id}; dmarc=pass header.from=amazon.com")
    assert judged([border, field], pattern) is expected


REDIRECTS = {
    "signature lives, SPF fails": ("spf=fail smtp.mailfrom=x@list.example; dkim=pass header.d=amazon.com; dmarc=pass header.from=amazon.com", Outcome.GENUINE),
    "signature lives, no DMARC": ("spf=softfail smtp.mailfrom=x@list.example; dkim=pass header.d=amazon.com", Outcome.GENUINE),
    "rewritten envelope": ("spf=pass smtp.mailfrom=srs0=a=amazon.com=b@list.example; dkim=pass header.d=amazon.com; dmarc=pass header.from=amazon.com", Outcome.GENUINE),
    "changed on its way": ("spf=fail smtp.mailfrom=x@list.example; dkim=fail header.d=amazon.com; dmarc=fail header.from=amazon.com", Outcome.FORGED),
}  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), REDIRECTS.values(), ids=REDIRECTS)
def test_automatic_redirects(said: str, expected: Outcome) -> None:
    """T11: the field of the server that redirected, below, says pass for its own id in each of them."""
    redirector = results("mx.list.example; dmarc=pass header.from=amazon.com")
    hop = f"Received: from {SES} by mx.list.example; {STAMP}"
    assert (
        judged([BORDER.replace(SES, "mx.list.example"), results(f"{US}; {said}"), redirector, hop])
        is expected
    )


def test_a_table_writes_what_it_says() -> None:
    """The tables are honest: without a domain of the forger's own, our receiver never says pass for it."""
    assert isinstance(TABLES["dmarc below"], Table)
    assert "dmarc=fail header.from=amazon.com" in TABLES["dmarc below"].write("amazon.com", Random(1))[1]
    assert "dmarc=pass header.from=amazon.co" in TABLES["dmarc below"].write("amazon.co", Random(1))[1]
