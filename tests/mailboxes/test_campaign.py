from __future__ import annotations

import pytest

from bounce_watch.mailboxes.campaign import campaign_of


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ([], None),
        ([("Subject", "x"), ("X-Campaign", " ")], None),
        ([("X-Mailgun-Tag", "first"), ("X-Mailgun-Tag", "second")], "first"),
        ([("List-Id", "x <a.shop.example>"), ("X-CAMPAIGN", "autumn")], "autumn"),
        ([("List-Id", '"All buyers" <a.shop.example>')], "a.shop.example"),
        ([("X-PM-Tag", "=?utf-8?Q?gr=C3=BC=C3=9Fe?=")], "grüße"),
        ([("X-PM-Tag", "=?utf-8?Q?gr=C3")], "=?utf-8?Q?gr=C3"),
        ([("X-PM-Tag", "=?nothing?B?AAAA?=")], "=?nothing?B?AAAA?="),
        ([("X-PM-Tag", "two\t words" + "x" * 100)], "two words" + "x" * 71),
    ],
)
def test_the_name_of_a_mailing(fields: list[tuple[str, str]], name: str | None) -> None:
    assert campaign_of(fields) == name
