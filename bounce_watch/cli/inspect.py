"""`inspect` says what mails are, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bounce_watch.cli.context import AccountName, AsJson, Config, catalogue, now, settings
from bounce_watch.cli.talk import out, out_lines, say
from bounce_watch.errors import PARTLY, BounceWatchError
from bounce_watch.text.inert import json_text

if TYPE_CHECKING:
    from bounce_watch.notices.catalogue import Catalogue
    from bounce_watch.records.account import Account
    from bounce_watch.records.mail import RawMessage
    from bounce_watch.records.notice import Finding


def inspect(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="mbox, Maildir, folder of .eml, .eml, or -")
    ],
    config: Config = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Say of each mail what it is, and why. Nothing is stored.

    Example: bounce-watch inspect mail.eml
    """
    found = settings(config)
    one, known, code = found.account(account).account, catalogue(found), 0
    for path in paths:
        try:
            for item in _items(path, one, known, explained=not as_json):
                code = PARTLY if "error" in item else code
                _show(item, as_json=as_json)
        except BounceWatchError as error:
            if as_json:
                _show({"path": path, "position": None, "error": error.message}, as_json=True)
            elif len(paths) == 1:
                raise
            say(error.message)
            say(error.advice)
            code = PARTLY
    raise typer.Exit(code)


def _items(path: str, account: Account, known: Catalogue, *, explained: bool) -> Iterator[dict[str, Any]]:
    from bounce_watch.examine import examine_all
    from bounce_watch.flow import wanted
    from bounce_watch.mailboxes.base import open_mailbox
    from bounce_watch.mailboxes.specs import PathSpec
    from bounce_watch.resolver import resolver_for

    spec, resolver = PathSpec(path=Path(path)), resolver_for(account)
    with open_mailbox(spec, None, account=account.name, wanted=wanted(account, known), now=now) as mailbox:
        for batch in mailbox.batches({}):
            found = examine_all(batch.messages, account, known, resolver=resolver)
            for raw, finding in zip(batch.messages, found, strict=True):
                item = as_item(finding)
                if explained and item.get("kind") == "unrecognised":
                    item["explained"] = _explained(raw, known)
                yield item
            for failure in batch.failures:
                yield {"path": path, "position": None, "error": failure}


def as_item(finding: Finding) -> dict[str, Any]:
    """The JSON object of one mail (docs/reference/json.md)."""
    from bounce_watch.records.notice import Notice, NotOurs, Unreadable, Unrecognised

    result, verdict = finding.result, finding.verdict
    item: dict[str, Any] = {"path": finding.ref.folder, "position": finding.ref.position}
    if isinstance(result, Unreadable):
        return item | {"error": result.reason}
    item |= {
        "message_id": finding.message_id,
        "kind": "unrecognised" if isinstance(result, Unrecognised) else "not_amazon",
        "language": None,
        "wording": None,
        "evidence": None,
        "order_id": None,
        "alias": None,
        "marketplace": None,
        "blocked_on": None,
        "verdict": verdict.outcome.value if verdict else None,
        "reason": verdict.reason if verdict else None,
    }
    if isinstance(result, Notice):
        item |= {
            "kind": result.kind.value,
            "language": result.language,
            "wording": result.wording,
            "evidence": result.evidence.value if result.evidence else None,
            "order_id": str(result.order_id) if result.order_id else None,
            "alias": str(result.alias) if result.alias else None,
            "marketplace": result.marketplace,
            "blocked_on": result.blocked_on.isoformat() if result.blocked_on else None,
        }
    elif isinstance(result, (Unrecognised, NotOurs)):
        item["reason"] = result.reason.value
    if isinstance(result, NotOurs):
        item["verdict"] = None
    return item


def _explained(raw: RawMessage, known: Catalogue) -> list[str]:
    from bounce_watch.mailboxes.parse import parse_message
    from bounce_watch.notices.explain import explain
    from bounce_watch.records.mail import Message

    message = parse_message(raw)
    return list(explain(message, known)) if isinstance(message, Message) else []


def _show(item: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out(json_text(item))
        return
    place = item["path"] if item["position"] in {None, 1} else f"{item['path']} mail {item['position']}"
    if "error" in item:
        out_lines([f"{place}: can't be read: {item['error']}"])
        return
    facts = [item["kind"], item["order_id"], item["alias"], item["marketplace"], item["verdict"]]
    out_lines([f"{place}: " + " · ".join(str(fact) for fact in facts if fact)])
    rule = f"{item['evidence']} {item['wording']}" if item["wording"] else None
    out_lines(f"    {line}" for line in (rule, item["reason"], *item.get("explained", ())) if line)
