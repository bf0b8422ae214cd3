"""A tiny DNS server on the loopback address that answers, refuses, cuts short or keeps silent, by name."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

KEY = "v=DKIM1; p=" + "A" * 400
"""Longer than the 255 octets of one string."""

TEXTS = {
    "key": [KEY],
    "long": [KEY],
    "two": [KEY, "v=DKIM1; p=BBBB"],
    "mixed": ["some note", KEY],
    "note": ["some note"],
}


@dataclass(slots=True)
class Dns:
    """Where the server listens, and every question over UDP and TCP."""

    port: int = 0
    udp: list[str] = field(default_factory=list)
    tcp: list[str] = field(default_factory=list)


def answer(octets: bytes, *, whole: bool) -> bytes | None:
    """The answer to a question, or None for none; what it is stands in the first label of the name."""
    question = dns.message.from_wire(octets)
    name = question.question[0].name
    kind = name.labels[0].decode()
    reply = dns.message.make_response(question)
    if kind == "silent":
        return None
    if kind == "garbage":
        return b"\0" * 5
    if kind in {"servfail", "refused", "nxdomain"}:
        reply.set_rcode(dns.rcode.from_text(kind.upper()))
    elif kind in {"long", "longer"} and not whole:
        reply.flags |= dns.flags.TC
    elif kind == "alias":
        target = f"key.{name.parent()}"
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target))
        reply.answer.append(dns.rrset.from_text(target, 60, "IN", "TXT", *map(quoted, TEXTS["key"])))
    elif texts := TEXTS.get(kind):
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *map(quoted, texts)))
    return reply.to_wire()


def quoted(text: str) -> str:
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


def asked_for(octets: bytes) -> str:
    return dns.message.from_wire(octets).question[0].name.to_text()


class UdpServer(socketserver.ThreadingUDPServer):
    """Answers datagrams."""

    seen: Dns


class TcpServer(socketserver.ThreadingTCPServer):
    """Answers the same over TCP; a name that begins with `longer` gets nothing."""

    allow_reuse_address = True
    seen: Dns


class OverUdp(socketserver.BaseRequestHandler):
    server: UdpServer

    def handle(self) -> None:
        octets, socket = self.request
        self.server.seen.udp.append(asked_for(octets))
        if (reply := answer(octets, whole=False)) is not None:
            socket.sendto(reply, self.client_address)


class OverTcp(socketserver.StreamRequestHandler):
    server: TcpServer

    def handle(self) -> None:
        octets = self.rfile.read(*struct.unpack("!H", self.rfile.read(2)))
        name = asked_for(octets)
        self.server.seen.tcp.append(name)
        reply = answer(octets, whole=True)
        if reply is not None and not name.startswith("longer"):
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


def bound() -> tuple[UdpServer, TcpServer]:
    """Two servers on one port; somebody else may hold a port for the other protocol."""
    for _ in range(50):
        udp = UdpServer(("127.0.0.1", 0), OverUdp)
        try:
            return udp, TcpServer(("127.0.0.1", udp.server_address[1]), OverTcp)
        except OSError:
            udp.server_close()
    raise OSError("no port is free for both protocols")


@contextmanager
def dns_server() -> Iterator[Dns]:
    """The server, while the block runs."""
    udp, tcp = bound()
    udp.seen = tcp.seen = seen = Dns(port=udp.server_address[1])
    with udp, tcp:
        servers: tuple[socketserver.BaseServer, ...] = (udp, tcp)
        for server in servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield seen
        for server in servers:
            server.shutdown()
