"""Whose mail can be a notice: domains, forms of From, buyers, other mail of Amazon's. Rows T4, T5, T6, T12, T14."""

from __future__ import annotations

import pytest

from bounce_watch.records.account import RequireProof
from bounce_watch.records.notice import Finding, Notice, NoticeKind, NotOurs, Outcome, Unrecognised

from .forge import AMAZON, DOMAINS, FROM_FORMS, OWNED, US, found_in, is_counted
from .letters import ALIAS, LETTERS, Letter, octets
from .test_receivers import BORDER, EN, ORDER, results

PROOFS = (RequireProof.ALWAYS, RequireProof.AUTO, RequireProof.NEVER)


def arrived(sender: str, *, passed: str = "", letter: Letter = EN) -> Finding:
    """A mail for whose From domain our receiver says dmarc=pass."""
    lines = sender.split("\r\nFrom")
    senders = [lines[0], *(f"From{rest}" for rest in lines[1:])]
    domain = passed or sender.rpartition("@")[2].rstrip(">")
    trace = [BORDER, results(f"{US}; dmarc=pass header.from={domain}")]
    return found_in(octets(trace, senders, letter, order=ORDER, unique="1"), (US,))


def test_twenty_five_domains_and_twenty_forms() -> None:
    assert (len(DOMAINS), len(FROM_FORMS)) == (25, 20)


@pytest.mark.parametrize("domain", DOMAINS)
def test_only_the_marketplaces_own_domains_write_notices(domain: str) -> None:
    """T4. The forger's own domains pass DMARC for themselves, truthfully; still nothing of theirs counts."""
    found = arrived(f"From: auto-communication@{domain}")
    for proof in PROOFS:
        assert is_counted(found, proof) is (domain in AMAZON)
    if domain in {"amazon.cm", "amazon.co", "amazon.con"}:  # like a marketplace that Amazon might open
        assert isinstance(found.result, Unrecognised)
    elif domain in OWNED or domain == "mail.amazon.com":
        assert isinstance(found.result, NotOurs)


SIGNERS = {
    "amazon.com": True, "AMAZON.COM": True, "amazon.com.": True, "bounces.amazon.com": True,
    "a.b.amazon.com": True, '"amazon.com"': True, "eu.bounces.amazon.com.": True,
    "amazonses.com": False, "com": False, "co.uk": False, "amazon.co.uk": False, "amazon.de": False,
    "marketplace.amazon.de": False, "notamazon.com": False, "evil-amazon.com": False, "amaz0n.com": False,
    "аmazon.com": False, "xn--mazon-3ve.com": False, "amazon.com.evil.example": False, "amazon.co": False,
    "amazon": False, "evil.example": False, "amazon.com@evil.example": False, '"amazon.com"@evil.example': False,
    "amazon.community": False,
}  # fmt: skip


@pytest.mark.parametrize(("signer", "aligned"), SIGNERS.items())
def test_whose_signature_proves_amazon_com(signer: str, aligned: bool) -> None:
    """T4, 25 signing domains: only the From domain or one below it (RFC 7489, 3.1.1)."""
    assert len(SIGNERS) == 25
    trace = [BORDER, results(f"{US}; dkim=pass header.d={signer}")]
    made = octets(trace, ["From: auto-communication@amazon.com"], EN, order=ORDER, unique="1")
    verdict = found_in(made, (US,)).verdict
    assert verdict is not None
    assert verdict.outcome is (Outcome.GENUINE if aligned else Outcome.UNPROVEN)


READ = {"bare", "name", "upper case", "encoded name", "comment behind", "folded"}
"""Forms with one field, one mailbox, and Amazon's address in its place (RFC 5322, 3.4)."""

OTHERS = {"address as name", "encoded address as name", "address in a comment"}
"""Forms whose one address is x@evil.example."""


@pytest.mark.parametrize("form", FROM_FORMS)
def test_forms_of_from(form: str) -> None:
    """T5: read as an address, never searched for words; what is not one mailbox is nobody's."""
    found = arrived(FROM_FORMS[form].replace("{d}", "amazon.com"), passed="amazon.com")
    for proof in PROOFS:
        assert is_counted(found, proof) is (form in READ)
    if form in READ:
        assert found.from_address == "auto-communication@amazon.com"
    elif form in OTHERS:
        assert found.from_address == "x@evil.example"
    else:
        assert found.from_address != "auto-communication@amazon.com"


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("letter", LETTERS)
def test_buyer_quotes_the_notice(letter: str, typed: bool) -> None:
    """T6: a buyer's message passes for a domain of Amazon's, and he can write the sentence and the id."""
    text = LETTERS[letter]
    said = Letter(language=text.language, subject=text.subject, body=text.body, html=text.html, typed=typed)
    found = arrived(f'From: "Buyer" <{ALIAS}@marketplace.amazon.com>', letter=said)
    assert found.verdict is not None
    assert found.verdict.outcome is Outcome.GENUINE
    assert isinstance(found.result, Notice)
    assert found.result.kind is NoticeKind.OTHER
    assert not any(is_counted(found, proof, known_to_us=True) for proof in PROOFS)


SENTENCES = {name: LETTERS[name].body for name in ("en, plain", "fr, plain", "ja, plain", "it, wording")}
TEXTS: dict[str, tuple[str, str]] = {
    # who wrote it, and what stands around the sentence
    "reply with a quote": ("owner@seller.example", "See below.\n\n> {s}\n"),
    "reply in a thread": ("auto-communication@amazon.com", "> {s}\n>\n> more\n"),
    "newsletter": ("news@sellers.example", "What sellers read these days: {s}\n"),
    "forum digest": ("digest@forum.example", "On Tuesday somebody wrote:\n{s}\n3 answers\n"),
    "Amazon's news": ("store-news@amazon.com", "A notice may look like this: {s}\n"),
    "Amazon's policy mail": ("seller-notification@amazon.com", "Example for order 111-1111111-1111111:\n{s}\n"),
    "copy of an own message": ("auto-communication@amazon.com", "Here is a copy of the e-mail that you sent to A.\n\n--- Begin message ---\n{s}\n--- End message ---\n"),
    "copy, form of 2026": ("donotreply@amazon.com", "Here is a copy of the e-mail that you sent to A.\n\nMessage:\n{s}\nEnd message\n"),
    "relay address": ("no-reply@marketplace.amazon.it", "{s}\n"),
    "amazonses customer": ("x@amazonses.com", "{s}\n"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("text", TEXTS)
def test_the_sentence_in_other_mail_never_counts(text: str, sentence: str) -> None:
    """T12: forty texts, each proven to come from its sender."""
    sender, around = TEXTS[text]
    said = "\n> ".join(SENTENCES[sentence].split("\n")) if "> {s}" in around else SENTENCES[sentence]
    letter = Letter(language="xx", subject="Re: your message", body=around.replace("{s}", said))
    found = arrived(f"From: {sender}", letter=letter)
    assert not any(is_counted(found, proof, known_to_us=True) for proof in PROOFS)


SHARED_AT = "it es de fr co.uk nl pl se com.be ie".split()


@pytest.mark.parametrize("tld", SHARED_AT)
def test_the_address_of_all_business_buyers_is_nobodys(tld: str) -> None:
    """T14: at ten marketplaces; the opt-out is kept by its order alone."""
    body = LETTERS["it, wording"].body.replace(f"{ALIAS}@marketplace.amazon.it", f"no-reply-amazon-iba-buyer@marketplace.amazon.{tld}")  # fmt: skip
    letter = Letter(language="it", subject="x", body=body, html=True)
    found = arrived("From: auto-communication@amazon.com", letter=letter)
    assert is_counted(found, RequireProof.ALWAYS)
    assert isinstance(found.result, Notice)
    assert found.result.alias is None
    assert str(found.result.order_id) == ORDER
