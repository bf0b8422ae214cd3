"""A connection to an IMAP server: verified TLS, then sign-in; nothing is sent in clear except to this machine."""

from __future__ import annotations

import imaplib
import ipaddress
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imapclient import IMAPClient, SocketTimeout

from bounce_watch.errors import SettingsError, SignInError, Unreachable
from bounce_watch.mailboxes.imap_errors import translated
from bounce_watch.mailboxes.specs import Auth, ImapSpec, Security
from bounce_watch.records.secret import Secret

# Without a handler Python prints warnings on standard error, and imapclient's repeat what the server said.
logging.getLogger("imapclient").addHandler(logging.NullHandler())

_PLAIN_WORD = re.compile(r"[A-Za-z0-9.@_+=/!#$&'^`|~?-]+")
"""A user name that LOGIN can carry as it is; imaplib quotes the password, but not the user."""

WORD_OCTETS = 998
"""The longest word that goes into a command: lines of about 1000 octets are what RFC 2683 (3.2.1.5) promises."""

_SMUGGLES = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls, which could end a command and start another, and halves of characters, which can't be sent."""


@contextmanager
def signed_in(spec: ImapSpec, secret: Secret | None) -> Iterator[tuple[IMAPClient, Secret]]:
    """A client that is signed in, with the secret that it sent; logged out afterwards.

    Raises SettingsError, Unreachable, TryLater or SignInError, before the secret is sent wherever possible.
    """
    held = _checked(spec, secret)
    with translated(spec, held):
        client = _connected(spec)
    try:
        with translated(spec, held):
            _secure(client, spec)
            _sign_in(client, spec, held)
        yield client, held
    except BaseException:
        # After an error the server may never answer a LOGOUT.
        with suppress(OSError):
            client.shutdown()
        raise
    with suppress(OSError, imaplib.IMAP4.error):
        client.logout()


def check_words(what: str, *texts: str) -> None:
    """Raises SettingsError for an empty or endless text and for control characters, which could smuggle in a command."""
    for text in texts:
        if not text or _SMUGGLES.search(text) or len(text.encode("utf-8")) > WORD_OCTETS:
            raise SettingsError(
                f"The {what} {text[:100]!r} is empty, too long, or has a control character in it.",
                f"Correct the {what} in the settings.",
            )


def is_loopback(host: str) -> bool:
    """True for `localhost` and for an address that never leaves this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verifies certificate and host name, TLS 1.2 or newer; `ca_file` stands in for the system's authorities."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    except OSError as problem:
        raise SettingsError(
            f"The ca_file {ca_file} can't be read as certificates.",
            "Name a PEM file that holds the certificate of the authority.",
        ) from problem
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _checked(spec: ImapSpec, secret: Secret | None) -> Secret:
    check_words("host", spec.host)
    check_words("user", spec.user)
    check_words("folder", *spec.folders)
    if spec.security is Security.NONE and not is_loopback(spec.host):
        raise SettingsError(
            f"security = none is for a server on this machine only, not for {spec.host}.",
            "Use tls (port 993), or starttls (port 143).",
        )
    if secret is None or not secret.reveal():
        raise SignInError(f"There is no secret for {spec.user}.", "Name a password or token in the settings.")
    if any(ord(char) < 32 or ord(char) == 127 for char in secret.reveal()):
        raise SignInError(
            f"The secret for {spec.user} has a line end or another control character in it.",
            "Let the command, file or variable hold the secret alone, in one line.",
        )
    return secret


def _connected(spec: ImapSpec) -> IMAPClient:
    tls = spec.security is Security.TLS
    client = IMAPClient(
        spec.host,
        port=spec.server_port,
        ssl=tls,
        ssl_context=tls_context(spec.ca_file) if tls else None,
        timeout=SocketTimeout(spec.connect_timeout_s, spec.read_timeout_s),
    )
    client.normalise_times = False
    # imapclient sets imaplib's debug level to 5: slower by a fifth, and every line would reach the log.
    client._imap.debug = 0  # noqa: SLF001 - there is no public switch
    return client


def _secure(client: IMAPClient, spec: ImapSpec) -> None:
    if client.welcome.startswith(b"* PREAUTH"):
        raise Unreachable(
            f"The server {spec.place} says that we are signed in already (PREAUTH), so who it is can't be checked.",
            "Check host and port; such a server, or somebody in between, is not to be trusted.",
        )
    if spec.security is not Security.STARTTLS:
        return
    if not client.has_capability("STARTTLS"):
        raise Unreachable(
            f"The server {spec.place} offers no STARTTLS, so nothing was sent.",
            "Use security tls (port 993); if STARTTLS worked before, somebody may be in between.",
        )
    client.starttls(tls_context(spec.ca_file))


def _sign_in(client: IMAPClient, spec: ImapSpec, secret: Secret) -> None:
    if spec.auth is Auth.PASSWORD:
        _sign_in_with_password(client, spec, secret)
        return
    mechanism = spec.auth.value.upper()
    if not client.has_capability(f"AUTH={mechanism}"):
        raise SettingsError(
            f"The server {spec.place} offers no {mechanism}.",
            "Choose another auth for this mailbox in the settings.",
        )
    if spec.auth is Auth.XOAUTH2:
        client.oauth2_login(spec.user, secret.reveal())
    else:
        client.oauthbearer_login(spec.user, secret.reveal())


def _sign_in_with_password(client: IMAPClient, spec: ImapSpec, secret: Secret) -> None:
    if client.has_capability("LOGINDISABLED"):
        raise SignInError(
            f"The server {spec.place} takes no password on this connection.",
            "Use security tls, or another auth; the server's help pages say which.",
        )
    if _PLAIN_WORD.fullmatch(spec.user) and secret.reveal().isascii():
        client.login(spec.user, secret.reveal())
    else:
        # LOGIN can't carry such texts through imaplib; SASL PLAIN is UTF-8 (RFC 4616).
        client.plain_login(spec.user, secret.reveal())
