"""A server that says what a test tells it to: for greetings and refusals that no real server gives on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from tests.servers.ports import LOOPBACK

HANG_UP = b""
"""An answer that is none: the connection is closed."""


class ScriptedServer:
    """Sends `greeting`, then for each command the answer by its verb, `{tag}` filled in; else OK.

    The verb of a line that only continues a command is the empty text.
    """

    def __init__(self, greeting: bytes, answers: Mapping[str, bytes]) -> None:
        self._greeting = greeting
        self._answers = answers
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        self.sent = bytearray()

    def run(self) -> None:
        """Serves one connection after the other until `close`."""
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self._serve(connection)

    def close(self) -> None:
        """No more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        tag = b""
        connection.sendall(self._greeting)
        with connection.makefile("rb") as lines:
            for line in lines:
                self.sent += line
                words = line.split()
                tag = words[0] if len(words) > 1 else tag
                verb = words[1].decode("latin-1").upper() if len(words) > 1 else ""
                answer = self._answers.get(verb, b"{tag} OK done\r\n")
                if answer == HANG_UP:
                    return
                connection.sendall(answer.replace(b"{tag}", tag))


CAPABILITY = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n{tag} OK done\r\n"


@contextmanager
def start_scripted(
    answers: Mapping[str, bytes] | None = None, *, greeting: bytes = b"* OK ready\r\n"
) -> Iterator[ScriptedServer]:
    """A scripted server on a loopback port until the end of the block."""
    server = ScriptedServer(greeting, {"CAPABILITY": CAPABILITY, **(answers or {})})
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
