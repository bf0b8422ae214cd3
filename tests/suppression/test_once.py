from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.suppression.once import Once

ALIASES = st.builds(
    Alias,
    st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", fullmatch=True)
    | st.text("0z", min_size=1, max_size=4),
    st.sampled_from(["amazon.it", "amazon.de", "amazon.com.au"]),
)
ORDERS = st.from_regex(r"(?:[0-9]{3}|[A-Z][0-9]{2})-[0-9]{7}-[0-9]{7}", fullmatch=True).map(OrderId)


@given(st.lists(ALIASES) | st.lists(ORDERS))
def test_it_knows_exactly_what_a_set_knows(names: list[Alias] | list[OrderId]) -> None:
    once, known = Once(), set[Alias | OrderId]()
    for name in [*names, *names]:
        assert once.is_new(name) is (name not in known)
        known.add(name)


def test_zeros_that_lead_and_the_domain_make_a_difference() -> None:
    once = Once()
    names = [
        Alias("0" * length, market) for length in (8, 9, 22, 23, 24) for market in ("amazon.de", "amazon.it")
    ]
    assert all(once.is_new(name) for name in names)
    assert not any(once.is_new(name) for name in names)


def test_it_stays_exact_and_small_while_it_grows() -> None:
    once = Once()
    names = 20_000
    assert all(once.is_new(OrderId(f"203-{number:07d}-0000000")) for number in range(names))
    assert not any(once.is_new(OrderId(f"203-{number:07d}-0000000")) for number in range(names))
    assert sys.getsizeof(once._high) + sys.getsizeof(once._low) <= names * 48 + 1000
