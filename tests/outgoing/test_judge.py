"""Single rules, at their edges."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bounce_watch.outgoing.contents import LARGEST_BYTES
from bounce_watch.outgoing.draft import Attachment, InLedger
from bounce_watch.outgoing.notes import EXAMPLE_LENGTH, EXAMPLES
from bounce_watch.outgoing.rules import Severity
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.text.html_elements import HtmlElements, Image, Link

from .makers import ALIAS, AT, ORDER, found, in_ledger, judged, known, not_checked


def image(source: str = "cid:1", **changes: object) -> Image:
    fields: dict[str, object] = {
        "source": source,
        "words": "",
        "width_px": None,
        "height_px": None,
        "width_percent": 50.0,
        "is_linked": False,
    }
    return Image(**(fields | changes))  # type: ignore[arg-type]  # the fields of the record


def shown(*images: Image, links: tuple[Link, ...] = (), fetched: tuple[str, ...] = ()) -> set[str]:
    html = (HtmlElements(images=images, links=links, fetched=fetched),)
    return found(judged(html=html))


def link(target: str, words: str = "here") -> set[str]:
    return shown(links=(Link(target=target, words=words),))


def test_a_mail_in_order_touches_nothing() -> None:
    judgement = judged()
    assert not judgement.found
    assert not judgement.is_broken
    assert not not_checked(judgement)


@pytest.mark.parametrize("inside", ["Important", "IMPORTANTE", "wichtig", "重要", " Important "])
@pytest.mark.parametrize(
    "form", ["[{}] Order {order}", "Order {order} [{}]", "Re: [{}]{order}", "［{}］{order}"]
)
def test_the_override_is_warned_of_and_breaks_nothing(inside: str, form: str) -> None:
    judgement = judged(subject=form.format(inside, order=ORDER))
    assert found(judgement) == {"override.word subject"}
    assert not judgement.is_broken


@pytest.mark.parametrize(
    "subject", ["Important", "(Important)", "[Importantly]", "[Not Important]", "Important]"]
)
def test_what_is_no_override(subject: str) -> None:
    assert found(judged(subject=f"{subject} {ORDER}")) == set()


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("https://www.amazon.de/gp/help", None),
        ("http://sellercentral.amazon.co.uk/x", None),
        ("https://amazon.co.uk.", None),
        ("https://notamazon.de/", "link.external body"),
        ("https://amazon.de.evil.example/", "link.external body"),
        ("https://amazon.evil/", "link.external body"),
        ("HTTPS://SELLER.EXAMPLE", "link.external body"),
        ("www.seller.example/x", "link.external body"),
        ("//seller.example/x", "link.external body"),
        ("http://seller.example", "link.not_secure body"),
        ("ftp://seller.example", "link.not_secure body"),
        ("javascript:alert(1)", "link.not_secure body"),
        ("https://[::1", "link.not_secure body"),
        ("https://track.dpd.co.uk/1", "link.tracking body"),
        ("http://track.dpd.co.uk/1", "link.not_secure body"),
        ("#top", None),
        ("cid:part1", None),
        (f"mailto:{ALIAS}?subject=x", None),
        ("mailto:shop%40seller.example", "content.email_address body"),
        ("tel:+442079460018", "content.phone body"),
        ("https://seller.example/opt-out?u=1", "content.opt_out_link body"),
        ("https://seller.example/email_unsubscribe", "content.opt_out_link body"),
        ("https://seller.example/%75nsubscribe", "content.opt_out_link body"),
    ],
)
def test_where_a_link_leads(target: str, rule: str | None) -> None:
    assert link(target) == ({rule} if rule else set())


@pytest.mark.parametrize("words", ["Unsubscribe", "Click to opt out", "Newsletter abmelden", "se désabonner"])
def test_words_of_a_link_tell_what_it_is_for(words: str) -> None:
    assert link("https://seller.example/u", words) == {"content.opt_out_link body"}


def test_a_link_in_the_text_counts_once_and_its_line_tells_what_it_is_for() -> None:
    text = (
        "Which?\nUnsubscribe: https://seller.example/a.\n(https://seller.example/b) https://seller.example/b,"
    )
    judgement = judged(text=text)
    assert found(judgement) == {"content.opt_out_link body", "link.external body"}
    assert {each.rule.id: each.examples for each in judgement.found} == {
        "content.opt_out_link": ("https://seller.example/a",),
        "link.external": ("https://seller.example/b",),
    }


def test_words_about_opting_out_without_any_link_are_nothing() -> None:
    assert found(judged(text="You can unsubscribe in your account. Which?")) == set()


@pytest.mark.parametrize(
    ("picture", "rules"),
    [
        (image("https://a.example/p", width_px=1.0, height_px=1.0), {"content.tracking_pixel body"}),
        (image("http://a.example/p.gif", width_px=1.0), {"content.tracking_pixel body"}),
        (image("https://a.example/p", width_px=1.0, height_px=20.0), {"content.remote_image body"}),
        (image("https://a.example/p.gif?x=1"), {"content.remote_image body", "content.gif body"}),
        (image("cid:p", width_px=1.0, height_px=1.0), set()),
        (image("data:image/gif;base64,R0"), {"content.gif body"}),
        (image(width_percent=80.0), set()),
        (image(width_percent=80.5), {"image.too_wide body"}),
        (image(is_linked=True), {"image.linked body"}),
        (image(is_linked=True, words="Shop-Logo_small"), {"image.logo_link body"}),
        (image("cid:logo@1", is_linked=True), {"image.logo_link body"}),
        (image(words="logo"), set()),
    ],
)
def test_what_a_picture_does(picture: Image, rules: set[str]) -> None:
    assert shown(picture) == rules


def test_what_is_fetched_beside_pictures() -> None:
    assert shown(fetched=("https://a.example/x.css",)) == {"content.remote_image body"}
    assert shown(fetched=("cid:x", "data:image/png;base64,AA")) == set()


def test_a_width_that_nobody_knows_is_said() -> None:
    html = (HtmlElements(images=(image(width_percent=None),)),)
    assert not_checked(judged(html=html)) == {"image.too_wide"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("+44 20 7946 0018", "content.phone"),
        ("+1 (202) 555-0143", "content.phone"),
        ("Phone number: 020 7946 0018", "content.phone"),
        ("TELEFON 030 23125 014", "content.phone"),
        ("call us on 020 7946 0018", "content.phone"),
        ("電話03-1234-5678", "content.phone"),
        ("020 7946 0018", "content.maybe_phone"),
        ("(020) 7946 0018", "content.maybe_phone"),
        ("202-555-0143", "content.maybe_phone"),
        ("+12", None),
        ("1Z999AA10123456784", None),
        ("QX123456785GB", None),
        ("4711-0815", None),
        ("from 09:00 to 17:30", None),
        ("2026-11-23 10:00", None),
        ("01/11/2026 and 1.12.26", None),
        ("GBP 1,250.00", None),
        (f"order {ORDER}", None),
        ("4006381333931", None),
    ],
)
def test_what_is_a_telephone_number(text: str, rule: str | None) -> None:
    assert found(judged(text=f"Which?\n{text}\n")) == ({f"{rule} body"} if rule else set())


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("\U0001f600", True),
        ("\u2b50", True),
        ("\u2764\ufe0f", True),
        ("\U0001f1ec\U0001f1e7", True),
        ("\u2764", False),
        ("\u2122 \u00a9 \u2192 :-)", False),
        ("\u65e5\u672c\u8a9e", False),
    ],
)
def test_what_is_an_emoji(text: str, is_one: bool) -> None:
    assert found(judged(text=f"Which? {text}")) == ({"content.emoji body"} if is_one else set())
    assert found(judged(subject=f"{ORDER} {text}")) == ({"content.emoji subject"} if is_one else set())


def test_addresses_but_not_those_of_buyers() -> None:
    judgement = judged(
        text=f"Which? {ALIAS} a@b.example, A.B+c@d-e.example. @nobody a@b", subject=f"{ORDER} x@y.example"
    )
    assert {(each.place, each.examples) for each in judgement.found} == {
        ("subject", ("x@y.example",)),
        ("body", ("a@b.example", "A.B+c@d-e.example")),
    }


@pytest.mark.parametrize(
    ("kind", "ending", "rule"),
    [
        ("application/pdf", "pdf", "attachment.purpose"),
        ("application/pdf", "", "attachment.purpose"),
        ("text/plain", "", "attachment.purpose"),
        ("application/msword", "", "attachment.purpose"),
        ("application/octet-stream", "docx", "attachment.purpose"),
        ("image/tiff", "tif", "attachment.purpose"),
        ("application/pdf", "exe", "attachment.kind"),
        ("application/zip", "", "attachment.kind"),
        ("image/jpeg", "jpg", "attachment.kind"),
        ("message/rfc822", "", "attachment.kind"),
        ("image/gif", "", "content.gif"),
        ("application/octet-stream", "gif", "content.gif"),
    ],
)
def test_what_may_be_attached(kind: str, ending: str, rule: str) -> None:
    attached = (Attachment(kind=kind, ending=ending, size_bytes=10),)
    assert found(judged(attachments=attached)) == {f"{rule} attachment"}


@pytest.mark.parametrize(
    ("size", "is_too_large"), [(LARGEST_BYTES // 2, False), (LARGEST_BYTES // 2 + 1, True)]
)
def test_attachments_are_measured_together(size: int, is_too_large: bool) -> None:
    one = Attachment(kind="application/pdf", ending="pdf", size_bytes=size)
    inside = Attachment(kind="image/png", ending="", size_bytes=LARGEST_BYTES, is_inside=True)
    assert ("attachment.size attachment" in found(judged(attachments=(one, one, inside)))) is is_too_large


def test_a_long_text_with_thanks_is_no_thank_you_mail() -> None:
    thanks = "Thank you for the order."
    assert found(judged(text=thanks)) == {"words.thanks body"}
    assert found(judged(text=f"{thanks} Which?")) == set()
    assert found(judged(text=thanks + " We engrave the plate." * 20)) == set()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a review", True),
        ("REVIEWS", True),
        ("Kundenbewertung", False),
        ("Bewertungen", True),
        ("preview", False),
        ("reviewer", False),
        ("レビューをお願い", True),
        ("Ihr avis", True),
        ("20 % off", False),
    ],
)
def test_words_are_whole_words(text: str, is_one: bool) -> None:
    assert ("review.words body" in found(judged(text=f"{text} {'x ' * 300}"))) is is_one


def test_a_per_cent_sign_needs_no_word_in_front() -> None:
    assert found(judged(text="Which? 20 % off")) == {"words.marketing body"}
    assert found(judged(text="Which? 20% OFF")) == {"words.marketing body"}


def test_only_a_reply_quotes() -> None:
    text = "Which?\n> call 020 7946 0018, a@b.example"
    both = {"content.phone body", "content.email_address body"}
    assert found(judged(text=text)) == both
    assert found(judged(text=text, is_reply=True)) == set()


def test_the_age_of_an_order() -> None:
    def age(days: float) -> tuple[set[str], set[str]]:
        placed = AT - timedelta(days=days)
        judgement = judged(known(ledger=in_ledger(ordered_at=placed)))
        return found(judgement), not_checked(judgement)

    assert age(30) == (set(), set())
    assert age(30.1) == ({"time.over_30_days ledger"}, set())
    judgement = judged(known(ledger=in_ledger(known_since=AT - timedelta(days=41.5))))
    assert judgement.found[0].examples == ("the order is at least 41 days old",)
    assert not judgement.is_broken


@pytest.mark.parametrize("seen_days_ago", [0, 5, 30])
def test_an_order_that_was_seen_lately_may_be_old_all_the_same(seen_days_ago: int) -> None:
    seen = in_ledger(known_since=AT - timedelta(days=seen_days_ago), ordered_at=None)
    judgement = judged(known(ledger=seen))
    assert found(judgement) == set()
    assert not_checked(judgement) == {"time.over_30_days"}


def test_of_a_placed_and_a_seen_order_the_older_counts() -> None:
    both = in_ledger(known_since=AT - timedelta(days=41), ordered_at=AT - timedelta(days=2))
    assert found(judged(known(ledger=both))) == {"time.over_30_days ledger"}


def test_nobody_is_known_to_be_off_a_list_that_is_too_old() -> None:
    judgement = judged(known(ledger=in_ledger(is_stale=True)))
    assert found(judgement) == set()
    (one,) = [each for each in judgement.not_checked if each.rule == "buyer.listed"]
    assert "opt-outs" in one.why
    assert "poll" in one.how


def test_who_is_on_a_list_that_is_too_old_is_on_it() -> None:
    judgement = judged(known(ledger=in_ledger(is_stale=True, listed=(OrderId(ORDER),))))
    assert found(judgement) == {"buyer.listed ledger"}
    assert not_checked(judgement) == set()


def test_a_mail_that_names_no_buyer_can_not_be_looked_up() -> None:
    judgement = judged(subject="x", recipients=("no-reply@marketplace.amazon.it",))
    assert found(judgement) == {"to.shared header", "order.none body"}
    assert not_checked(judgement) == {"buyer.listed"}


def test_who_is_listed_is_named() -> None:
    listed = (Alias.parse(ALIAS), OrderId(ORDER))
    judgement = judged(known(ledger=in_ledger(listed=listed)))
    assert judgement.found[0].examples == (ALIAS, ORDER)
    assert judgement.found[0].count == 2
    assert judgement.is_broken


def test_requests_are_told_by_their_labels() -> None:
    labels = (("order question", AT), ("Feedback-2", AT - timedelta(days=3)))
    judgement = judged(
        known(ledger=in_ledger(labels=labels, messages=3)), text="Please leave feedback. Which?"
    )
    assert found(judgement) == {"review.words body", "review.second ledger"}
    assert judgement.found[1].examples == ("Feedback-2, 2026-11-20",)
    assert not_checked(judgement) == {"review.second"}  # one of the three has no label


def test_without_a_ledger_requests_are_not_known() -> None:
    judgement = judged(known(ledger=None), text="Please leave feedback. Which?")
    assert not_checked(judgement) == {"review.second", "buyer.listed", "time.over_30_days"}


def test_a_mail_that_was_cut_says_so() -> None:
    assert not_checked(judged(cut=("octets",))) == {"mail.whole"}
    assert not_checked(judged(html=(HtmlElements(whole=False),))) == {"mail.whole"}


def test_examples_are_few_and_short() -> None:
    addresses = [f"{'a' * 60}{number}@{'b' * 60}.{'c' * 60}.example" for number in range(10)]
    judgement = judged(text="Which? " + " ".join(addresses) + f" {addresses[0]}")
    (only,) = judgement.found
    assert only.count == 11
    assert len(only.examples) == EXAMPLES
    assert all(len(each) == EXAMPLE_LENGTH + 3 for each in only.examples)


def test_the_weightiest_comes_first_and_is_counted() -> None:
    text = "Please review. Call +44 20 7946 0018 or a@b.example, https://www.dpd.co.uk/1 and 020 7946 0018"
    judgement = judged(text=text + "?", subject=f"{ORDER} a@b.example")
    severities = [each.rule.severity for each in judgement.found]
    assert severities == sorted(severities, key=[*Severity].index)
    assert judgement.count(Severity.FORBIDDEN) == 2
    assert judgement.count(Severity.ADVICE) == 1
    assert judgement.count(Severity.CANNOT_TELL) == 2
    assert judgement.count(Severity.FACT) == 0


def test_an_instant_of_the_ledger_is_aware() -> None:
    with pytest.raises(ValueError, match="known_since"):
        InLedger(known_since=datetime(2026, 1, 1))
