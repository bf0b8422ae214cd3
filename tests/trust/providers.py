"""The fields that five kinds of receivers write on top of a mail, as their users see them in a mail's source.

Host names of the seller's own are invented; those of the providers are the public ones that decide how the
fields are read. `Found` is what the receiver found out about the sender; a receiver never lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

STAMP = "Thu, 10 Sep 2026 07:12:07 +0000"
TO = "support@seller.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Results of each method: signing domains with their result, the envelope's domain, DMARC for the From."""

    dkim: tuple[tuple[str, str], ...] = ()
    spf: tuple[str, str] = ("none", "nobody.example")
    dmarc: tuple[str, str] | None = None
    host: str = "a13-38.smtp-out.us-west-2.amazonses.com"
    address: str = "54.240.13.38"


def genuine(domain: str, random: Random) -> Found:
    """What a receiver finds about a notice of Amazon's: two signatures, and an envelope of bounces.DOMAIN.

    One in five came by an automatic redirect: SPF fails, the signatures live on (reliability.md, T11).
    """
    signatures = [("pass", domain), ("pass", "amazonses.com")]
    random.shuffle(signatures)
    redirected = random.random() < 0.2
    number = random.randrange(1, 255)
    return Found(
        dkim=tuple(signatures),
        spf=("fail" if redirected else "pass", f"bounces.{domain}"),
        dmarc=("pass", domain),
        host="mail.redirect.example" if redirected else f"a13-{number}.smtp-out.us-west-2.amazonses.com",
        address="192.0.2.25" if redirected else f"54.240.13.{number}",
    )


def forged(domain: str, random: Random, *, policy: bool = True) -> Found:
    """What a receiver finds about a forger who signs with a domain of his own."""
    number = random.randrange(1, 255)
    return Found(
        dkim=(("pass", "evil.example"),) if random.random() < 0.5 else (),
        spf=("pass", "evil.example"),
        dmarc=("fail", domain) if policy else None,
        host=f"host{number}.evil.example",
        address=f"203.0.113.{number}",
    )


def gmail(found: Found, random: Random) -> list[str]:
    result, envelope = found.spf
    comment = f"(google.com: domain of 0102@{envelope} designates {found.address} as permitted sender)"
    parts = [
        f"dkim={each} header.i=@{domain} header.s={_letters(random, 32)} header.b={_letters(random, 8)}"
        for each, domain in found.dkim
    ]
    parts.append(f"spf={result} {comment} smtp.mailfrom=0102@{envelope}")
    if found.dmarc:
        each, domain = found.dmarc
        parts.append(f"dmarc={each} (p=QUARANTINE sp=QUARANTINE dis=NONE) header.from={domain}")
    results = "mx.google.com;\r\n       " + ";\r\n       ".join(parts)
    return [
        f"Delivered-To: {TO}",
        (
            f"Received: by 2002:a05:6a10:6283:b0:{_hex(random, 3)}:{_hex(random, 4)} with SMTP id {_hex(random, 14)};"
            f"\r\n        {STAMP}"
        ),
        (
            f"X-Received: by 2002:a17:907:531d:b0:{_hex(random, 3)}:{_hex(random, 4)} with SMTP id"
            f" {_hex(random, 14)}.17;\r\n        {STAMP}"
        ),
        f"ARC-Seal: i=1; a=rsa-sha256; t=1789024325; cv=none; d=google.com; s=arc-20240605; b={_letters(random, 40)}",
        f"ARC-Authentication-Results: i=1; {results}",
        f"Return-Path: <0102@{envelope}>",
        (
            f"Received: from {found.host} ({found.host}. [{found.address}])\r\n        by mx.google.com with ESMTPS id"
            f" {_hex(random, 22)}\r\n        for <{TO}>\r\n        (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256"
            f" bits=128/128);\r\n        {STAMP}"
        ),
        f"Received-SPF: {result} {comment} client-ip={found.address};",
        f"Authentication-Results: {results}",
    ]


def microsoft(found: Found, random: Random) -> list[str]:
    result, envelope = found.spf
    dkim = "; ".join(
        f"dkim={each} (signature was {'verified' if each == 'pass' else 'not verified'}) header.d={domain}"
        for each, domain in found.dkim
    )
    each, domain = found.dmarc or ("none", "none")
    compauth = "pass reason=100" if each == "pass" else "fail reason=000"
    inner = f"AS8PR05MB{random.randrange(1000, 9999)}.eurprd05.prod.outlook.com (2603:10a6:20b:{_hex(random, 3)}::9)"
    edge = f"AM4PEPF{_hex(random, 8).upper()}.mail.protection.outlook.com"
    return [
        f"Received: from {inner}\r\n by DB9PR05MB8200.eurprd05.prod.outlook.com with HTTPS; {STAMP}",
        (
            "Received: from AM0PR02CA0100.eurprd02.prod.outlook.com (2603:10a6:208:154::41) by"
            f"\r\n {inner} with Microsoft\r\n SMTP Server (version=TLS1_2,"
            f"\r\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.9100.14; {STAMP}"
        ),
        (
            f"Received: from {edge}\r\n (2603:10a6:208:154:cafe::{_hex(random, 2)}) by"
            f" AM0PR02CA0100.outlook.office365.com\r\n (2603:10a6:208:154::41) with Microsoft SMTP Server id"
            f" 15.20.9100.10 via Frontend\r\n Transport; {STAMP}"
        ),
        (
            f"Authentication-Results: spf={result} (sender IP is {found.address})\r\n smtp.mailfrom={envelope};"
            f" {dkim or 'dkim=none (message not signed) header.d=none'};dmarc={each} action=none"
            f"\r\n header.from={domain};compauth={compauth}"
        ),
        (
            f"Received-SPF: {result.capitalize()} (protection.outlook.com: domain of {envelope} designates"
            f"\r\n {found.address} as permitted sender) receiver=protection.outlook.com; pr=C"
        ),
        (
            f"Received: from {found.host} ({found.address}) by\r\n {edge} (10.167.16.88) with Microsoft SMTP"
            f"\r\n Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.9100.10 via"
            f"\r\n Frontend Transport; {STAMP}"
        ),
        f"Return-Path: 0102@{envelope}",
    ]


def fastmail(found: Found, random: Random) -> list[str]:
    receiver = f"mx{random.randrange(1, 7)}.messagingengine.com"
    result, envelope = found.spf
    dkim = ";\r\n    ".join(
        f"dkim={each} (2048-bit rsa key sha256) header.d={domain} header.i=@{domain}"
        f" header.b={_letters(random, 8)} header.a=rsa-sha256 header.s={_letters(random, 12)} x-bits=2048"
        for each, domain in found.dkim
    )
    each, domain = found.dmarc or ("none", "none.example")
    results = (
        f"{receiver};\r\n    arc=none (no signatures found);"
        f"\r\n    bimi=skipped (DMARC Policy is not at enforcement);"
        f"\r\n    {dkim or 'dkim=none (no signatures found)'};"
        f"\r\n    dmarc={each} policy.published-domain-policy=quarantine"
        f"\r\n      policy.applied-disposition=none policy.evaluated-disposition=none"
        f"\r\n      (p=quarantine,d=none,d.eval=none) policy.policy-from=p"
        f"\r\n      header.from={domain};"
        f"\r\n    iprev=pass smtp.remote-ip={found.address} ({found.host});"
        f"\r\n    spf={result} smtp.mailfrom=0102@{envelope}"
        f"\r\n      smtp.helo={found.host}"
    )
    return [
        f"Return-Path: <0102@{envelope}>",
        (
            f"Received: from compute{random.randrange(1, 9)}.internal (compute4.nyi.internal [10.202.2.44])"
            f"\r\n\t by sloti22d1t06 (Cyrus 3.9.0) with LMTPA;\r\n\t {STAMP}"
        ),
        f"Received: from {receiver} ([10.202.2.202])\r\n  by compute4.internal (LMTPProxy); {STAMP}",
        (
            f"Received: from {receiver} (localhost [127.0.0.1])\r\n\tby mailmx.nyi.internal (Postfix) with ESMTP id"
            f" {_hex(random, 11)}\r\n\tfor <{TO}>; {STAMP}"
        ),
        (
            f"Received: from mailmx.nyi.internal (localhost [127.0.0.1])\r\n    by {receiver} (Authentication Milter)"
            f" with ESMTP\r\n    id {_hex(random, 11)};\r\n    {STAMP}"
        ),
        f"ARC-Authentication-Results: i=1; {results}",
        f"X-ME-Authentication-Results: {receiver};\r\n    x-aligned-from=pass (Address match)",
        f"Authentication-Results: {results}",
        (
            f"Received: from {found.host} ({found.host} [{found.address}])\r\n\t(using TLSv1.3 with cipher"
            f" TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n\tby {receiver} (Postfix) with ESMTPS id {_hex(random, 11)}"
            f"\r\n\tfor <{TO}>; {STAMP}"
        ),
    ]


def gmx(found: Found, random: Random) -> list[str]:
    number = random.randrange(10, 120)
    fields = [
        f"Authentication-Results: gmx.net; dkim={each} header.i=@{domain}" for each, domain in found.dkim
    ]
    if found.dmarc:
        each, domain = found.dmarc
        fields.append(f"Authentication-Results: gmx.net; dmarc={each} header.from={domain}")
    return [
        f"Return-Path: <0102@{found.spf[1]}>",
        (
            f"Received: from {found.host} ([{_public(found, random)}]) by mx-ha.gmx.net\r\n (mxgmx{number}"
            f" [212.227.15.9]) with ESMTPS (Nemesis) id {_letters(random, 22)} for\r\n <{TO}>; {STAMP}"
        ),
        *fields,
    ]


def postfix(found: Found, random: Random, *, below: bool = False) -> list[str]:
    """Postfix with OpenDKIM, OpenDMARC and policyd-spf, a field each; above or below Postfix's own line."""
    us = "mx.seller.example"
    result, envelope = found.spf
    fields = [
        f"Authentication-Results: {us};\r\n\tdkim={each} (2048-bit key) header.d={domain} header.i=@{domain}"
        f" header.b={_letters(random, 8)}"
        for each, domain in found.dkim
    ]
    fields.append(f"Authentication-Results: {us}; spf={result} smtp.mailfrom={envelope}")
    if found.dmarc:
        each, domain = found.dmarc
        fields.insert(
            0,
            f"Authentication-Results: {us}; dmarc={each} (p=quarantine dis=none) header.from={domain}",
        )
    border = (
        f"Received: from {found.host} ({found.host} [{found.address}])"
        "\r\n\t(using TLSv1.2 with cipher ECDHE-RSA-AES128-GCM-SHA256 (128/128 bits))"
        f"\r\n\tby {us} (Postfix) with ESMTPS id {_hex(random, 11).upper()}\r\n\tfor <{TO}>; {STAMP}"
    )
    inner = (
        f"Received: from {us}\r\n\tby {us} with LMTP\r\n\tid {_letters(random, 12)}\r\n\tfor <{TO}>; {STAMP}"
    )
    top = [f"Return-Path: <0102@{envelope}>", f"Delivered-To: {TO}", inner]
    return [*top, border, *fields] if below else [*top, *fields, border]


def postfix_below(found: Found, random: Random) -> list[str]:
    return postfix(found, random, below=True)


Style = Callable[[Found, Random], list[str]]

STYLES: dict[str, tuple[Style, str]] = {
    "Gmail": (gmail, "mx.google.com"),
    "Microsoft 365": (microsoft, "microsoft"),
    "Fastmail": (fastmail, "*.messagingengine.com"),
    "GMX": (gmx, "gmx.net"),
    "Postfix": (postfix, "mx.seller.example"),
    "Postfix, fields below": (postfix_below, "mx.seller.example"),
}
"""Each style with what has to stand in `authserv_ids`."""


def _public(found: Found, random: Random) -> str:
    """An address that is not one of the documentation's: where no name was looked up, it says what is outside."""
    return f"8.8.{random.randrange(256)}.{random.randrange(1, 255)}"


def _hex(random: Random, digits: int) -> str:
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def _letters(random: Random, count: int) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=count))
