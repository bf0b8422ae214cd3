"""A throw-away certificate authority, and the server certificates that the TLS tests need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate:
    """PEM files of one certificate and its key."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """`good` is for localhost and 127.0.0.1; `expired` for 127.0.0.2; `elsewhere` for another host's name."""

    authority: Path
    other_authority: Path
    good: ServerCertificate
    expired: ServerCertificate
    elsewhere: ServerCertificate


def make_certificates(folder: Path) -> Certificates:
    """Writes them all below `folder`, which must exist."""
    authority = trustme.CA()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return Certificates(
        authority=_write_authority(authority, folder / "authority.pem"),
        other_authority=_write_authority(trustme.CA(), folder / "other-authority.pem"),
        good=_write(authority.issue_cert("localhost", "127.0.0.1"), folder / "good"),
        expired=_write(authority.issue_cert("127.0.0.2", not_after=yesterday), folder / "expired"),
        elsewhere=_write(authority.issue_cert("imap.elsewhere.example"), folder / "elsewhere"),
    )


def _write_authority(authority: trustme.CA, path: Path) -> Path:
    authority.cert_pem.write_to_path(path)
    return path


def _write(certificate: trustme.LeafCert, stem: Path) -> ServerCertificate:
    chain, key = stem.with_suffix(".pem"), stem.with_suffix(".key")
    chain.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    return ServerCertificate(chain=chain, key=key)
