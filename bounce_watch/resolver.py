"""DNS for our own DKIM check: the only owner of dnspython, used only where an account says `own_dkim = true`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bounce_watch.authenticity.dkim import require_library
from bounce_watch.errors import SettingsError
from bounce_watch.records.account import Account

if TYPE_CHECKING:
    from dns.resolver import Answer

TIMEOUT_S = 3.0
"""Seconds for one name, retries and all servers included."""

MOST_LOOKUPS = 200
"""Names that one run asks for; Amazon uses a few selectors."""

MOST_SILENT = 3
"""Lookups in a row without an answer, after which a run asks no more: the network is down."""


class DnsResolver:
    """TXT records by the machine's own name servers; each name is asked for once in the life of the object.

    Call it with a name: the record (its strings joined), or None when there is none or more than one key;
    OSError when DNS gave no answer, or when a limit of this run is reached. `servers` are IP addresses, for
    tests; None means those that the machine is configured for.
    """

    def __init__(
        self, *, servers: Sequence[str] | None = None, port: int = 53, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._servers = servers
        self._port = port
        self._timeout_s = timeout_s
        self._known = dict[str, bytes | OSError | None]()
        self._silent = 0

    def __call__(self, name: str) -> bytes | None:
        """The TXT record of `name`; see the class."""
        if name not in self._known:
            if len(self._known) >= MOST_LOOKUPS or self._silent >= MOST_SILENT:
                raise OSError("no more lookups in this run")
            self._known[name] = self._look_up(name)
        known = self._known[name]
        if isinstance(known, OSError):
            raise OSError(*known.args)
        return known

    def _look_up(self, name: str) -> bytes | OSError | None:
        import dns.exception
        import dns.resolver

        try:
            record = _one_key(self._ask(name))
        except dns.resolver.NXDOMAIN:
            record = None
        except (dns.exception.DNSException, OSError, ValueError) as error:
            self._silent += 1
            return OSError(type(error).__name__)
        self._silent = 0
        return record

    def _ask(self, name: str) -> Answer:
        import dns.resolver

        resolver = dns.resolver.Resolver(configure=self._servers is None)
        if self._servers is not None:
            resolver.nameservers = list(self._servers)
            resolver.port = self._port
        # With a dot behind it no search list of the machine's is tried.
        return resolver.resolve(
            name.rstrip(".") + ".", "TXT", raise_on_no_answer=False, lifetime=self._timeout_s, search=False
        )


def resolver_for(account: Account) -> DnsResolver | None:
    """What `examine` needs for this account: None unless it says `own_dkim`; else as `dns_resolver`."""
    return dns_resolver() if account.trust.own_dkim else None


def dns_resolver() -> DnsResolver:
    """A resolver for one run; SettingsError when what own_dkim needs is not installed."""
    require_library()
    try:
        import dns.resolver  # noqa: F401  (only whether it is there)
    except ImportError as error:
        raise SettingsError(
            "own_dkim = true needs the package dnspython, which is not installed.",
            "Install bounce-watch with the extra dkim, or set own_dkim = false.",
        ) from error
    return DnsResolver()


def _one_key(answer: Answer) -> bytes | None:
    """The record that looks like a key; RFC 6376, 3.6.2.2 leaves open which of several counts, so none does."""
    texts = [b"".join(record.strings) for record in answer.rrset or ()]
    keys = [text for text in texts if b"p=" in text]
    return keys[0] if len(keys) == 1 else None
