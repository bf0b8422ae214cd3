"""The rules as data: what is shipped holds together, and a wrong file is refused with rule and reason."""

from __future__ import annotations

import re

import pytest

from bounce_watch.errors import DataError
from bounce_watch.outgoing.rules import Grade, Severity, load_rules, may_still_send, parse_rules
from tests.docs.pages import ROOT, read, rows, words

GOOD = """
[[rule]]
id = "topic.name"
says = "Something."
grade = "reported"
source = "Somebody."
severity = "forbidden"
to_do = "Take it out."
"""
PAGE = "explanation/what-a-seller-may-send.md"


def test_a_rule_is_read_whole() -> None:
    rule = parse_rules(
        GOOD + 'words = ["one", "two*"]\nhosts = ["a.example"]\ncannot = "So."\nhow = "Thus."'
    )["topic.name"]
    assert (rule.topic, rule.says, rule.source, rule.to_do) == (
        "topic",
        "Something.",
        "Somebody.",
        "Take it out.",
    )
    assert (rule.grade, rule.severity) == (Grade.REPORTED, Severity.FORBIDDEN)
    assert (rule.words, rule.hosts) == (("one", "two*"), ("a.example",))
    assert (rule.cannot, rule.how, rule.may_send) == ("So.", "Thus.", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[rule]", "The file of rules.toml is no TOML"),
        ("", "The file of rules.toml holds something other than a list of rules"),
        ("rule = 1", "The file of rules.toml holds something other than a list of rules"),
        (GOOD + "[other]\na = 1", "The file of rules.toml holds something other than a list of rules"),
        (GOOD + 'colour = "red"', "Rule 1 of rules.toml has an unknown key 'colour'"),
        (GOOD.replace('source = "Somebody."', ""), "Rule 1 of rules.toml lacks the key 'source'"),
        (GOOD.replace('"Something."', '" "'), "Rule 1 of rules.toml has an empty or wrong 'says'"),
        (GOOD.replace('"Something."', "7"), "Rule 1 of rules.toml has an empty or wrong 'says'"),
        (GOOD + 'words = "one"', "Rule 1 of rules.toml has an empty or wrong 'words'"),
        (GOOD + 'hosts = ["a", 1]', "Rule 1 of rules.toml has an empty or wrong 'hosts'"),
        (GOOD.replace("reported", "likely"), "Rule 1 of rules.toml 'likely' is not a valid Grade"),
        (GOOD.replace("forbidden", "bad"), "Rule 1 of rules.toml 'bad' is not a valid Severity"),
        (
            GOOD.replace("topic.name", "name"),
            "Rule 1 of rules.toml has the id 'name', which is no topic.name",
        ),
        (GOOD + GOOD, "Rule 2 of rules.toml has the id 'topic.name', which is taken already"),
        (GOOD.replace("forbidden", "fact"), "Rule 1 of rules.toml is a fact, which no mail can break"),
        (GOOD.replace('to_do = "Take it out."', ""), "Rule 1 of rules.toml does not say what to do"),
        (GOOD + 'cannot = "So."', "Rule 1 of rules.toml has only one of 'cannot' and 'how'"),
    ],
)
def test_a_wrong_file_is_refused(text: str, reason: str) -> None:
    with pytest.raises(DataError) as refused:
        parse_rules(text)
    assert refused.value.message.startswith(reason)
    assert refused.value.advice


def test_what_may_still_be_sent() -> None:
    """The three critical topics of the facts, and answers on the buyer's own thread."""
    sentences = may_still_send()
    assert len(sentences) == 4
    assert all(sentence.endswith(".") and len(sentence) < 80 for sentence in sentences)
    for word in ("customised", "delivery", "address", "answer"):
        assert sum(word in sentence.lower() for sentence in sentences) >= 1
    assert not any("mportant" in sentence for sentence in sentences)


def test_no_rule_recommends_the_override() -> None:
    for rule in load_rules().values():
        told = f"{rule.to_do} {rule.how} {rule.may_send}"
        assert "[" not in told
        assert not re.search(r"(?i)\b(resend|send it again|use the word|important)\b", told), rule.id


def test_every_rule_that_a_module_names_is_there_and_every_checked_rule_is_named() -> None:
    modules = [path for path in (ROOT / "bounce_watch" / "outgoing").glob("*.py") if path.name != "rules.py"]
    code = "".join(path.read_text("utf-8") for path in modules)
    topics = {rule.topic for rule in load_rules().values()}
    named = {
        each for each in re.findall(r'"([a-z_]+\.[a-z0-9_]+)"', code) if each.partition(".")[0] in topics
    }
    checked = {rule.id for rule in load_rules().values() if rule.severity is not Severity.FACT}
    assert named == checked


def test_the_page_shows_every_rule_as_it_is() -> None:
    shown = {words(row[0])[0]: row for row in rows(read(PAGE)) if words(row[0])}
    rules = load_rules()
    assert shown.keys() == rules.keys()
    for rule in rules.values():
        severity = rule.severity.value.replace("_", " ")
        assert list(shown[rule.id][1:]) == [rule.says, severity, rule.grade.value, rule.source], rule.id


def test_the_page_says_what_may_still_be_sent() -> None:
    page = " ".join(read(PAGE).split())
    assert all(sentence in page for sentence in may_still_send())
