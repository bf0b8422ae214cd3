"""A throw-away certificate authority, and the server certificates that the TLS tests need, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = tests
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


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


def find_openssl() -> str | None:
    """The program; Debian's Dovecot brings it along."""
    return shutil.which("openssl")


def make_certificates(folder: Path) -> Certificates:
    """Writes them all into `folder`, which must exist."""
    (folder / "authority.cnf").write_text(_CONFIG)
    return Certificates(
        authority=_make_authority(folder, "authority"),
        other_authority=_make_authority(folder, "other-authority"),
        good=_make(folder, "good", names="DNS:localhost,IP:127.0.0.1"),
        # A life of no days is over at once.
        expired=_make(folder, "expired", names="IP:127.0.0.2", days=0),
        elsewhere=_make(folder, "elsewhere", names="DNS:imap.elsewhere.example"),
    )


def _make_authority(folder: Path, name: str) -> Path:
    _openssl(
        folder,
        *("req", "-x509", "-config", "authority.cnf", "-extensions", "authority", "-days", "2"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}"),
        *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
    )
    return folder / f"{name}.pem"


def _make(folder: Path, name: str, *, names: str, days: int = 2) -> ServerCertificate:
    (folder / f"{name}.cnf").write_text(f"{_CONFIG}subjectAltName = {names}\n")
    _openssl(
        folder,
        *("req", "-new", "-config", f"{name}.cnf", "-subj", "/CN=server"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
    )
    _openssl(
        folder,
        *("x509", "-req", "-in", f"{name}.csr", "-days", str(days)),
        *("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"),
        *("-extfile", f"{name}.cnf", "-extensions", "server", "-out", f"{name}.pem"),
    )
    return ServerCertificate(chain=folder / f"{name}.pem", key=folder / f"{name}.key")


def _openssl(folder: Path, *words: str) -> None:
    program = find_openssl()
    if program is None:
        raise RuntimeError("the openssl command is missing")
    subprocess.run([program, *words], cwd=folder, check=True, capture_output=True)
