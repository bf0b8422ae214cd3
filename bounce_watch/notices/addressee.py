"""Whether a notice is for this account at all."""

from __future__ import annotations

from collections.abc import Collection

from bounce_watch.records.mail import Message


def is_misdirected(message: Message, addresses: Collection[str]) -> bool:
    """True when the mail names recipients and none of them is one of the account's `addresses`.

    `+tag` behind a local part is ignored. Without addresses nothing is checked; a mail that names no
    recipient at all is not called misdirected.
    """
    if not addresses or not message.recipients:
        return False
    ours = {_untagged(address) for address in addresses}
    return not any(_untagged(recipient) in ours for recipient in message.recipients)


def _untagged(address: str) -> str:
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
