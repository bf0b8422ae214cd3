"""Brings messages to mail, chat and webhooks. The only place that knows apprise, which comes with the extra `alerts`.

An address holds its secret (mailto://user:password@host), so it comes as a Secret, and neither it nor what apprise
says of a failure is ever repeated: a target is named by its scheme.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bounce_watch.alerts.message import Message
from bounce_watch.errors import BounceWatchError, SettingsError, Unreachable
from bounce_watch.records.alert import AlertSeverity
from bounce_watch.records.secret import Secret

if TYPE_CHECKING:
    from apprise import NotifyBase, NotifyType

SECONDS = 60.0
"""How long all deliveries together may take; apprise's own limits (4 s to connect, 4 s to answer) come first."""

_CHECK = "Check the address, its password and the network; apprise's own program tells more: apprise -vv -b test ADDRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How it went: `scheme` names the kind of target ("" for an address of no known form), `error` says why it failed."""

    scheme: str
    error: BounceWatchError | None = None


def require_library() -> None:
    """SettingsError when apprise is missing."""
    if find_spec("apprise") is None:
        raise SettingsError(
            "Alerts need a library that is not installed.",
            "Install the extra named alerts: pip install 'bounce-watch[alerts]'.",
        )


def deliver(parcels: Iterable[tuple[Secret, Message]], *, seconds: float = SECONDS) -> list[Delivery]:
    """Send each message to its address, all at the same time; how each went, in their order.

    None waits for another. What has not ended after `seconds` counts as failed. SettingsError when apprise is missing.
    """
    require_library()
    errands = [_Errand(secret, message) for secret, message in parcels]
    for errand in errands:
        errand.start()
    until = time.monotonic() + seconds
    for errand in errands:
        errand.join(max(0.0, until - time.monotonic()))
    return [errand.delivery() for errand in errands]


class _Errand(threading.Thread):
    """One delivery. A thread that nobody waits for at the end: a server that never answers must not keep us."""

    _loading = threading.Lock()

    def __init__(self, secret: Secret, message: Message) -> None:
        super().__init__(daemon=True)
        self._secret = secret
        self._message = message
        self._scheme = ""
        self._error: BounceWatchError | None = Unreachable(
            "The message was not taken within a minute.", _CHECK
        )

    def delivery(self) -> Delivery:
        """How it went up to now."""
        return Delivery(scheme=self._scheme, error=self._error)

    def run(self) -> None:
        """Deliver it."""
        try:
            self._error = self._send()
        except Exception:  # noqa: BLE001 - apprise's services are plug-ins, which may raise anything
            self._error = Unreachable("Sending the message failed.", _CHECK)

    def _send(self) -> BounceWatchError | None:
        from apprise import Apprise, NotifyFormat

        with self._loading:
            service = _service(self._secret)
        if service is None:
            return SettingsError(
                "The address is of no form that apprise knows.",
                "docs/how-to/alerts.md has examples; write @ and other signs in a password as %40 and the like.",
            )
        self._scheme = _scheme(service, self._secret)
        notifier = Apprise(asset=service.asset)
        notifier.add(service)
        taken = notifier.notify(
            title=self._message.title,
            body=self._message.body,
            notify_type=_type(self._message.severity),
            body_format=NotifyFormat.TEXT,
        )
        return None if taken else Unreachable("The message was not taken.", _CHECK)


def _service(secret: Secret) -> NotifyBase | None:
    """The service that an address stands for, or None."""
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        app_id="bounce_watch",
        app_desc="bounce_watch",
        app_url="",
        async_mode=False,
        # No waiting of its own: it would hold the end of the program until the server answers.
        service_timeout=0,
        storage_mode="memory",
        # A message and the secret in its address go where the seller said, and nowhere else.
        http_redirects=False,
        image_url_mask="",
        image_url_logo="",
    )
    return Apprise.instantiate(secret.reveal(), asset=asset)


def _scheme(service: NotifyBase, secret: Secret) -> str:
    known = sorted(service.schemas())  # type: ignore[no-untyped-call]  # apprise has types, but not here
    written = secret.reveal().partition("://")[0].lower()
    return written if written in known else known[0]


def _type(severity: AlertSeverity | None) -> NotifyType:
    from apprise import NotifyType

    if severity is None:
        return NotifyType.INFO
    return NotifyType.FAILURE if severity is AlertSeverity.STOP else NotifyType.WARNING
