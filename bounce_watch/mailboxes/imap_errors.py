"""What imapclient, imaplib, ssl and the socket raise, turned into one sentence on what is wrong and one of advice."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from imapclient.exceptions import LoginError

from bounce_watch.errors import BounceWatchError, SignInError, TryLater, Unreachable
from bounce_watch.mailboxes.specs import Auth, ImapSpec, Security
from bounce_watch.records.secret import Secret
from bounce_watch.text.traces import shows

_BUSY = re.compile(r"\[(?:THROTTLED|INUSE|UNAVAILABLE|OVERQUOTA|LIMIT)\b", re.IGNORECASE)
"""Response codes that pass by themselves: RFC 5530 (INUSE, UNAVAILABLE, OVERQUOTA, LIMIT); Google's THROTTLED."""

_REFUSED = re.compile(r"\[(?:AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED)\b", re.IGNORECASE)
"""Response codes of RFC 5530 that speak of the user or the secret, even when the server hangs up with them."""

_SHOWN = 200
_ENDLESS = "got more than"
"""How imaplib calls a line without an end."""


@contextmanager
def translated(spec: ImapSpec, secret: Secret) -> Iterator[None]:
    """Raises SignInError, TryLater or Unreachable in place of the libraries' errors.

    A server may repeat what it was sent, in any form; its words are then neither shown nor chained.
    """
    try:
        yield
    except (imaplib.IMAP4.error, OSError) as problem:
        raise translate(problem, spec, secret) from (None if shows(secret, str(problem)) else problem)


def translate(problem: Exception, spec: ImapSpec, secret: Secret) -> BounceWatchError:
    """The error to show for `problem`, an imaplib or operating-system error."""
    if isinstance(problem, imaplib.IMAP4.error):
        return _from_protocol(problem, spec, shown(problem, secret))
    return _from_socket(problem, spec, secret)


def is_busy(problem: Exception) -> bool:
    """True when the server said that it may answer later."""
    return _BUSY.search(str(problem)) is not None


def shown(problem: Exception, secret: Secret) -> str:
    """What a server said: one short line, no control characters, and nothing of it if it shows the secret."""
    text = str(problem)
    if shows(secret, text):
        return "its words are not shown here, for a piece of the secret stands in them"
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return re.sub(r"""b(['"])(.*)\1""", r"\2", text)[:_SHOWN]


def _from_protocol(problem: Exception, spec: ImapSpec, said: str) -> BounceWatchError:
    if is_busy(problem):
        return TryLater(
            f"The server {spec.place} is busy: {said}",
            "Run the same command again in a quarter of an hour; nothing is lost.",
        )
    refused = isinstance(problem, LoginError) and not (_broke_off(problem) or _ENDLESS in str(problem))
    if refused or _REFUSED.search(str(problem)):
        return SignInError(f"The server {spec.place} refused {spec.user}: {said}", _sign_in_advice(spec.auth))
    if _broke_off(problem):
        return Unreachable(
            f"The server {spec.place} broke off: {said}",
            "Run the same command again; it goes on where it stopped.",
        )
    return Unreachable(
        f"The server {spec.place} gave an answer that can't be used: {said}",
        "Check host, port and security; if they are right, run the same command again later.",
    )


def _broke_off(problem: BaseException) -> bool:
    """True for a lost connection, also when imapclient calls one during sign-in a LoginError."""
    return isinstance(problem, imaplib.IMAP4.abort) or isinstance(problem.__context__, imaplib.IMAP4.abort)


def _sign_in_advice(auth: Auth) -> str:
    if auth is Auth.PASSWORD:
        return (
            "Check user and password; many providers want an app password here, "
            'and Microsoft 365 wants auth = "xoauth2".'
        )
    return "Check the user, and that the command for the token prints a fresh access token for IMAP."


def _from_socket(problem: Exception, spec: ImapSpec, secret: Secret) -> Unreachable:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return Unreachable(
            f"The certificate of {spec.place} can't be trusted: {problem.verify_message}",
            "Check the host name; if the server has a certificate authority of its own, "
            "name that authority's PEM file as ca_file; an expired certificate must be renewed there.",
        )
    if isinstance(problem, ssl.SSLError):
        return Unreachable(
            f"No TLS connection to {spec.place}: {_reason(problem, secret)}.", _tls_advice(spec.security)
        )
    if isinstance(problem, socket.gaierror):
        return Unreachable(
            f"There is no address for the host of {spec.place}.", "Check the host name and the network."
        )
    if isinstance(problem, TimeoutError):
        return Unreachable(
            f"No answer from {spec.place} in time.",
            "Check host, port, security and firewall; if they are right, run the same command again later.",
        )
    return Unreachable(
        f"No connection to {spec.place}: {_reason(problem, secret)}.",
        "Check host, port and network, and run the same command again later.",
    )


def _tls_advice(security: Security) -> str:
    other = "starttls (port 143)" if security is Security.TLS else "tls (port 993)"
    return f"Check the port; TLS 1.2 or newer is needed. The server may want security {other}."


def _reason(problem: Exception, secret: Secret) -> str:
    if isinstance(problem, ssl.SSLError) and problem.reason:
        return problem.reason.replace("_", " ").lower()
    return (problem.strerror if isinstance(problem, OSError) else None) or shown(problem, secret)
