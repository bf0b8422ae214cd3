"""Servers that answer as a test wants: with TLS, without a word, and with what they were sent in several forms."""

from __future__ import annotations

import base64
import socket
import ssl
import struct
import threading
from binascii import Error
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.servers.ports import LOOPBACK
from tests.servers.scripted import HANG_UP, ScriptedServer

SILENCE = b"(silence)"
"""No answer; the connection stays until the server is closed."""

GARBAGE = b"\xff\xfe\x00garbage\x80 {line} {sasl}\r\n"

CAPABILITY = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER\r\n{tag} OK done\r\n"
PLAIN_ONLY = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n"

GOOD: Mapping[str, bytes] = {
    "CAPABILITY": CAPABILITY,
    "AUTHENTICATE": b"+ \r\n",
    "EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n{tag} OK [READ-ONLY] done\r\n",
    "UID": b"* SEARCH\r\n{tag} OK done\r\n",
    "LOGOUT": b"* BYE\r\n{tag} OK done\r\n",
}
"""An empty mailbox; the default is OK."""

ECHOES: Mapping[str, Callable[[bytes], bytes]] = {
    "{sasl}": lambda sent: sent,
    "{hex}": lambda sent: sent.hex().encode(),
    "{HEX}": lambda sent: sent.hex().upper().encode(),
    "{url}": lambda sent: "".join(f"%{octet:02X}" if octet > 127 else chr(octet) for octet in sent).encode(),
    "{b64-1}": lambda sent: base64.b64encode(b"x" + sent),
    "{b64-2}": lambda sent: base64.b64encode(b"xx" + sent),
    "{b64url}": base64.urlsafe_b64encode,
    "{utf7}": lambda sent: sent.decode("utf-8", "replace").encode("utf-7"),
    "{mutf7}": lambda sent: sent.decode("utf-8", "replace").encode("utf-7").replace(b"+", b"&"),
    "{latin1}": lambda sent: sent.decode("utf-8", "replace").encode("latin-1", "replace"),
    "{utf16}": lambda sent: sent.decode("utf-8", "replace").encode("utf-16-le"),
    "{repr}": lambda sent: repr(sent).encode(),
    "{UPPER}": lambda sent: sent.upper(),
}


class TalkativeServer(ScriptedServer):
    """As its parent, with GOOD for what `answers` leave out; `{line}` is the line received, the rest as in ECHOES.

    What is echoed last is the SASL text or the line with the password, so later answers can repeat it, too.
    """

    def __init__(
        self, greeting: bytes, answers: Mapping[str, bytes], tls: ssl.SSLContext | None, *, at_once: bool
    ) -> None:
        super().__init__(greeting, {**GOOD, **answers})
        self._tls = tls
        self._at_once = at_once
        self._secret_line = b""
        # The verb of a second continuation is "again".
        self._silent = threading.Event()
        self._closing = threading.Event()

    def wait_for_silence(self, within_s: float) -> bool:
        """True once the program waits for an answer that never comes."""
        return self._silent.wait(within_s)

    def close(self) -> None:
        self._closing.set()
        super().close()

    def _serve(self, connection: socket.socket) -> None:
        if self._tls and self._at_once:
            connection = self._tls.wrap_socket(connection, server_side=True)
        self._secret_line = tag = b""
        with connection:
            connection.sendall(self._greeting)
            while line := _line(connection):
                words = line.split()
                tag = words[0] if len(words) > 1 else tag
                verb = self._verb(line)
                answer = self._answers.get(verb, b"{tag} OK done\r\n")
                if answer == SILENCE:
                    self._silent.set()
                    self._closing.wait(60)
                if answer in {HANG_UP, SILENCE}:
                    return
                connection.sendall(self._filled(answer.replace(b"{tag}", tag)))
                if answer.startswith(b"* BYE") and verb != "LOGOUT":
                    return
                if verb == "STARTTLS" and self._tls and b" OK" in answer:
                    connection = self._tls.wrap_socket(connection, server_side=True)

    def _verb(self, line: bytes) -> str:
        words = line.split()
        verb = words[1].decode("latin-1").upper() if len(words) > 1 else ""
        if verb == "LOGIN" or not (verb or self._secret_line):
            self._secret_line = line
            return verb
        return verb or "again"

    def _filled(self, answer: bytes) -> bytes:
        line = self._secret_line.rstrip(b"\r\n")
        try:
            sent = base64.b64decode(line, validate=True).replace(b"\0", b" ").replace(b"\1", b" ")
        except Error:
            sent = line.replace(b"\\", b"")
        for name, echo in ECHOES.items():
            answer = answer.replace(name.encode(), echo(sent))
        return answer.replace(b"{line}", line)


def _line(connection: socket.socket) -> bytes:
    """One line, read octet by octet, so that nothing of a TLS handshake behind it is taken."""
    line = b""
    while not line.endswith(b"\n") and (octet := connection.recv(1)):
        line += octet
    return line


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a server does; `certificate` names one of tests.servers.certificates."""

    answers: Mapping[str, bytes] = field(default_factory=dict)
    greeting: bytes = b"* OK ready\r\n"
    certificate: str | None = None
    at_once: bool = True
    newest_tls: ssl.TLSVersion | None = None


@contextmanager
def start_talkative(script: Script, tls: ssl.SSLContext | None) -> Iterator[TalkativeServer]:
    """A server on a loopback port until the end of the block."""
    server = TalkativeServer(script.greeting, script.answers, tls, at_once=script.at_once)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def start_refusing_database() -> Iterator[int]:
    """Speaks as much of PostgreSQL's protocol as is needed to refuse a password, and repeats it; yields the port."""
    listener = socket.create_server((LOOPBACK, 0))

    def serve() -> None:
        with suppress(OSError, struct.error):
            while True:
                connection, _ = listener.accept()
                with connection:
                    _refuse(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


def _refuse(connection: socket.socket) -> None:
    (length,) = struct.unpack("!I", connection.recv(4))
    if length == 8:  # a question for TLS
        connection.recv(4)
        connection.sendall(b"N")
        (length,) = struct.unpack("!I", connection.recv(4))
    connection.recv(length - 4)
    connection.sendall(b"R" + struct.pack("!II", 8, 3))  # a password in clear, please
    sent = connection.recv(4096)[5:-1]
    said = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed: " + sent + b"\0\0"
    connection.sendall(b"E" + struct.pack("!I", len(said) + 4) + said)
