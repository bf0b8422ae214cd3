"""The ledger's key: it turns order ids and aliases into hashes that nobody can compute without it.

A plain hash of an order id can be undone by trying all ids; a keyed one can't. The key lies beside the ledger,
moves with it, and is never made anew for a ledger that has one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bounce_watch.errors import LedgerError, SettingsError
from bounce_watch.records.ids import Alias, OrderId

if TYPE_CHECKING:
    from sqlalchemy import URL

_APP = "bounce-watch"
_FORM = "bounce-watch key 1 "
KEY_MARK = "key_mark"
"""The name in the table `meta` under which a ledger keeps the mark of its key."""

_OCTETS = 32
_BLOCK = 64
"""Octets that SHA-256 takes in at once, to which HMAC fills the key up (RFC 2104)."""
_HEX_DIGITS = 32
"""128 bits of HMAC-SHA-256: two of ten million names are alike once in 10^24 ledgers."""


@dataclass(frozen=True, slots=True)
class Key:
    """Makes keyed hashes, 32 hexadecimal digits each (HMAC-SHA-256, RFC 2104, cut to 128 bits)."""

    octets: bytes = field(repr=False)
    _inner: hashlib._Hash = field(init=False, repr=False, compare=False)
    _outer: hashlib._Hash = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        block = (self.octets if len(self.octets) <= _BLOCK else hashlib.sha256(self.octets).digest()).ljust(
            _BLOCK, b"\0"
        )
        object.__setattr__(self, "_inner", hashlib.sha256(bytes(octet ^ 0x36 for octet in block)))
        object.__setattr__(self, "_outer", hashlib.sha256(bytes(octet ^ 0x5C for octet in block)))

    def of(self, name: OrderId | Alias) -> str:
        """The hash of an order id or alias; of one that is a hash already, that hash."""
        # Asked for each row of an outgoing file: what `digest` gives, from a key that has been taken in already,
        # which takes half of the time.
        if isinstance(name, OrderId):
            text, octets = name.value, b"order\0" + name.value.encode()
        else:
            text, octets = name.local, f"alias\0{name.local}@marketplace.{name.marketplace}".encode()
        if text[0] == "#":
            return text[1:].removesuffix("s")
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(octets)
        outer.update(inner.digest())
        return outer.hexdigest()[:_HEX_DIGITS]

    def digest(self, purpose: str, text: str) -> str:
        """The hash of a text; equal texts of two purposes have nothing in common."""
        return hmac.digest(self.octets, f"{purpose}\0{text}".encode(), "sha256").hex()[:_HEX_DIGITS]

    @property
    def mark(self) -> str:
        """By which a ledger knows its key again."""
        return self.digest("mark", _APP)


def key_path(url: URL, folder: Path | None) -> Path:
    """Where the key of a ledger lies: beside a SQLite file, else in `folder`, named after server and database.

    SettingsError for a ledger of a server without a folder: a key in a place that nobody chose gets lost.
    """
    if url.get_backend_name() == "sqlite":
        return Path(f"{url.database}.key")
    if folder is None:
        raise SettingsError(
            "There is no place for the key of a ledger in PostgreSQL.", "Name a key_file in the settings."
        )
    place = f"{url.host or url.query.get('host')}:{url.port}/{url.database}"
    return folder / f"{hashlib.sha256(place.encode()).hexdigest()[:12]}.key"


def read_key(path: Path) -> Key | None:
    """The key of a file, None when there is no such file; LedgerError when it holds no key or can't be read."""
    try:
        words = path.read_text(encoding="ascii", errors="replace").rstrip("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(
            f"The ledger's key {path} can't be read ({error.strerror}).", "Make it readable for you alone."
        ) from error
    octets = words.removeprefix(_FORM)
    if octets == words or len(octets) != 2 * _OCTETS or set(octets) - set("0123456789abcdef"):
        raise LedgerError(f"The file {path} is not a key of a ledger.", "Restore it from a backup.")
    return Key(bytes.fromhex(octets))


def make_key(path: Path) -> Key:
    """A new key in a file of mode 0600, whole from the first moment; the one that another process made first."""
    words = f"{_FORM}{secrets.token_hex(_OCTETS)}\n"
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(0o700)
        _write(draft, words)
        try:
            _publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(
            f"The ledger's key {path} can't be written ({error.strerror}).",
            "Name a folder in the settings that you may write to.",
        ) from error
    key = read_key(path)
    if key is None:
        raise LedgerError(f"The ledger's key {path} vanished while it was made.", "Run the command again.")
    return key


def _publish(draft: Path, path: Path) -> None:
    """Give the draft its name, unless somebody else was faster."""
    with suppress(FileExistsError):
        try:
            os.link(draft, path)
        except (NotImplementedError, PermissionError):  # A file system without links (exFAT, some shares).
            _write(path, draft.read_text(encoding="ascii"))


def _write(path: Path, words: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(words)
        file.flush()
        os.fsync(file.fileno())
