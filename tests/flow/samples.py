"""The samples of fixtures/ and how one is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bounce_watch.cli.inspect import as_item
from bounce_watch.examine import examine
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.records.notice import Finding

FIXTURES = Path(__file__).parents[2] / "fixtures"
SAMPLES = sorted((FIXTURES / "notices").rglob("*.eml")) + sorted((FIXTURES / "lookalikes").rglob("*.eml"))
DEFAULT_RECEIVER = ["mx.seller.example"]


def twin(sample: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(sample.with_suffix(".json").read_text("utf-8"))
    return content


def account(settings: dict[str, Any]) -> Account:
    return Account(
        name="uk",
        addresses=tuple(settings.get("addresses", ())),
        trust=Trust(
            require_proof=RequireProof(settings.get("require_proof", "auto")),
            authserv_ids=tuple(settings.get("authserv_ids", DEFAULT_RECEIVER)),
            trusted_forwarders=tuple(settings.get("trusted_forwarders", ())),
        ),
    )


def raw(octets: bytes) -> RawMessage:
    return RawMessage(ref=MessageRef(account="uk", folder="sample", position=1), octets=octets)


def read(octets: bytes, settings: dict[str, Any], catalogue: Catalogue) -> Finding:
    return examine(raw(octets), account(settings), catalogue=catalogue)


def told(finding: Finding, expected: dict[str, Any]) -> dict[str, Any]:
    """What `inspect --json` says of a sample, for the keys that its twin names."""
    item = as_item(finding)
    return {key: item.get(key) for key in expected}
