"""What is kept of somebody's own words."""

from __future__ import annotations

import pytest

from bounce_watch.store.key import Key
from bounce_watch.store.rows import send_values, without_names

from .makers import send


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("review 203-1234567-1234567 to jane@mail.example", "review – to –"),
        ("s01\u20111234567\u20111234567 / jane\uff20mail.example", "– / –"),
        ("203 - 1234567 - 1234567, D01\u22121234567\u22121234567", "–, –"),
        ("\uff12\uff10\uff13\uff0d1234567\uff0d1234567.eml", "–.eml"),
        ("Bewertung 2026\u201111\u201123", "Bewertung 2026\u201111\u201123"),
    ],
)
def test_a_label_loses_its_buyer_and_nothing_else(text: str, kept: str) -> None:
    assert without_names(text) == kept
    (row,) = send_values([send(1, label=text)], 1, key=Key(bytes(32)))
    assert row["label"] == kept
