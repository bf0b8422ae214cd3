"""From a report to what arrives: which alerts, to whom, and when again. Servers of our own on loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import SignInError
from bounce_watch.records.alert import Alert, AlertKind, AlertOutcome
from bounce_watch.records.change import ChangePoint
from bounce_watch.records.secret import Secret
from bounce_watch.reports.content import Attention, AttentionKind, ReportContent
from bounce_watch.settings import AlertSettings
from bounce_watch.sign_in.secret import SecretSource, fetch_secret
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.alerts import alerts_of, parcels, tell, tell_test
from tests.alerts.wire import Hook, web_hook
from tests.reports.example import CONTENT
from tests.reports.examples import LOUD, SILENT
from tests.store.opening import open_ledger

ALL = AlertSettings()
DAY = timedelta(days=1)


def replace(content: ReportContent, **changes: object) -> ReportContent:
    return dataclasses.replace(content, **changes)  # type: ignore[arg-type]  # names are checked at run time


def test_each_weighty_line_of_the_report_is_an_alert() -> None:
    found = alerts_of(LOUD, ALL)
    assert [(alert.kind, alert.subject, alert.severity.value) for alert in found] == [
        (AlertKind.LEAK, "", "stop"),
        (AlertKind.SILENCE, "amazon.de", "check"),
        (AlertKind.RATE_CHANGED, "rose", "check"),
        (AlertKind.UNRECOGNISED, "", "check"),
    ]
    assert {alert.account for alert in found} == {"uk"}
    assert {alert.at for alert in found} == {LOUD.made_at}
    # Labels and paths are other programs' words.
    assert found[0].text == (
        "Amazon blocked 12 messages to 9 buyers already on your exported list: the export does not reach the sender."
    )
    assert found[1].text == LOUD.attention[1].text


def test_every_kind_has_its_line_in_the_report() -> None:
    """But for the rate, which is asked anew."""
    lines = tuple(Attention(kind=kind, text="x", advice="y") for kind in AttentionKind)
    found = alerts_of(replace(CONTENT, attention=lines), ALL)
    assert {alert.kind for alert in found} == set(AlertKind) - {AlertKind.RATE_HIGH}
    assert all(alert.text == "x" for alert in found)


def test_only_the_kinds_of_the_settings_are_told() -> None:
    (only,) = alerts_of(LOUD, AlertSettings(kinds=frozenset({AlertKind.SILENCE, AlertKind.STALE_POLL})))
    assert only.kind is AlertKind.SILENCE
    assert alerts_of(LOUD, AlertSettings(kinds=frozenset())) == ()


def test_each_silent_marketplace_is_a_case_of_its_own() -> None:
    line = Attention(kind=AttentionKind.SILENCE, text="x")
    silences = (SILENT, *CONTENT.silences, dataclasses.replace(SILENT, marketplace=None))
    found = alerts_of(replace(CONTENT, attention=(line, line), silences=silences), ALL)
    assert [alert.subject for alert in found] == ["amazon.de", ""]


def test_a_rate_that_falls_is_another_case() -> None:
    line = Attention(kind=AttentionKind.RATE_CHANGED, text="x")
    point = ChangePoint(since=CONTENT.period.first_day, before=0.03, after=0.01)
    change = dataclasses.replace(CONTENT.change, point=point)
    (alert,) = alerts_of(replace(CONTENT, attention=(line,), change=change), ALL)
    assert (alert.subject, alert.advice) == ("fell", "See where it comes from: bounce-watch report")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (
            # 49 of 2,540 buyers, 1.46 to 2.54 %: only the running week is surely above.
            0.014,
            "1.9 % of the buyers written to from 16 to 22 Nov 2026 opted out (1.5 to 2.5 %), more than your limit of 1.4 %.",
        ),
        (0.0146, None),
        (None, None),
    ],
)
def test_the_rate_is_told_when_its_lower_end_is_above_the_limit(
    limit: float | None, said: str | None
) -> None:
    found = alerts_of(CONTENT, AlertSettings(rate_above=limit))
    assert [alert.text for alert in found if alert.kind is AlertKind.RATE_HIGH] == ([said] if said else [])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def hooks() -> Iterator[tuple[Hook, Hook]]:
    with web_hook() as first, web_hook() as second:
        yield first, second


class Telling:
    """Tells the alerts of LOUD to two targets, at different times."""

    def __init__(self, ledger: Ledger, hooks: tuple[Hook, Hook]) -> None:
        self.ledger = ledger
        self.addresses = {name: hook.address for name, hook in zip(("A", "B"), hooks, strict=True)}
        self.wanted = AlertSettings(targets=(SecretSource(env="A"), SecretSource(env="B")))

    def fetch(self, source: SecretSource) -> Secret:
        return fetch_secret(source, self.addresses)

    def __call__(self, after: timedelta = timedelta(0), found: tuple[Alert, ...] = ()) -> list[AlertOutcome]:
        now = LOUD.made_at + after
        alerts = found or alerts_of(replace(LOUD, made_at=now), self.wanted)
        due = parcels(self.ledger, [(), alerts], self.wanted, now=now)
        return tell(self.ledger, due, self.fetch, now=now)


def test_it_is_told_once_and_again_after_the_cool_down(ledger: Ledger, hooks: tuple[Hook, Hook]) -> None:
    telling = Telling(ledger, hooks)
    first = telling()
    assert [(one.position, one.scheme, len(one.alerts), one.error) for one in first] == [
        (1, "json", 4, None),
        (2, "json", 4, None),
    ]
    assert telling(timedelta(hours=6)) == []
    again = telling(DAY)
    # The change of the rate is the same news for five weeks, the silence for one.
    assert [{alert.kind for alert in one.alerts} for one in again] == [
        {AlertKind.LEAK, AlertKind.UNRECOGNISED}
    ] * 2
    assert [len(hook.got) for hook in hooks] == [2, 2]
    assert hooks[0].got[0]["title"] == "bounce_watch, uk: stop sending"
    said = hooks[0].got[0]["message"]
    assert said.count("\n\n") == 3
    # Orders, subjects and senders of waiting mails stand in the same report, and labels of messages.
    hidden = [*(row.about for row in LOUD.waiting), *(row.sender for row in LOUD.waiting), "review-request"]
    assert not [text for text in hidden if text and text in said]
    assert len([text for text in hidden if text]) == 5


def test_what_failed_is_told_the_next_time_and_to_nobody_twice(
    ledger: Ledger, hooks: tuple[Hook, Hook]
) -> None:
    telling = Telling(ledger, hooks)
    hooks[1].answer = 503
    assert [one.error is None for one in telling()] == [True, False]
    hooks[1].answer = 200
    (second,) = telling(timedelta(minutes=15))
    assert (second.position, second.error) == (2, None)
    assert [len(hook.got) for hook in hooks] == [1, 2]


def test_an_address_that_can_not_be_had_stops_no_other(ledger: Ledger, hooks: tuple[Hook, Hook]) -> None:
    telling = Telling(ledger, hooks)
    del telling.addresses["A"]
    first, second = telling()
    assert isinstance(first.error, SignInError)
    assert (first.scheme, second.error) == ("", None)
    assert [len(hook.got) for hook in hooks] == [0, 1]


def test_a_target_is_known_by_where_its_address_comes_from(ledger: Ledger, hooks: tuple[Hook, Hook]) -> None:
    telling = Telling(ledger, hooks)
    telling()
    telling.wanted = AlertSettings(targets=(SecretSource(env="B"), SecretSource(env="A")))
    telling.addresses["A"], telling.addresses["B"] = telling.addresses["B"], telling.addresses["A"]
    assert telling() == []
    for other in (SecretSource(file=Path("A")), SecretSource(command="A"), SecretSource(keyring="A")):
        telling.wanted = AlertSettings(targets=(other,))
        assert len(parcels(ledger, [alerts_of(LOUD, ALL)], telling.wanted, now=LOUD.made_at)) == 1


def test_the_test_message_goes_to_all(hooks: tuple[Hook, Hook]) -> None:
    addresses = {"A": hooks[0].address, "B": "nonsense"}
    went = tell_test(
        [SecretSource(env="A"), SecretSource(env="B")], lambda source: fetch_secret(source, addresses)
    )
    assert [(one.position, one.scheme, one.error is None) for one in went] == [
        (1, "json", True),
        (2, "", False),
    ]
    assert hooks[0].got[0]["title"] == "bounce_watch: a test"
