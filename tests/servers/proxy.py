"""A proxy in front of a server: notes every line that the client sends, and can cut the line."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.servers.ports import LOOPBACK


class Proxy:
    """`port` is where to connect. `cut_after` octets from the server the connection is dropped (None: never)."""

    def __init__(self, target_port: int, cut_after: int | None) -> None:
        self._target_port = target_port
        self._left = cut_after
        self._listener = socket.create_server((LOOPBACK, 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.port = int(self._listener.getsockname()[1])
        self.sent = bytearray()
        self.received = 0

    @property
    def commands(self) -> list[str]:
        """The verbs that the client sent, in their order; `UID FETCH` is one."""
        verbs = []
        for line in bytes(self.sent).decode("latin-1").splitlines():
            words = line.split(" ")
            if len(words) > 1:
                verbs.append(" ".join(words[1:3]) if words[1] == "UID" else words[1])
        return verbs

    def run(self) -> None:
        """Takes connections until `close`."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((LOOPBACK, self._target_port))
                self._sockets += [client, server]
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def close(self) -> None:
        """Drops everything."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while block := client.recv(65536):
                self.sent += block
                server.sendall(block)
            server.shutdown(socket.SHUT_WR)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := server.recv(65536):
                if self._left is not None:
                    block, self._left = block[: self._left], self._left - len(block[: self._left])
                self.received += len(block)
                client.sendall(block)
                if self._left == 0:
                    break
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def start_proxy(target_port: int, *, cut_after: int | None = None) -> Iterator[Proxy]:
    """A proxy to a loopback port until the end of the block."""
    proxy = Proxy(target_port, cut_after)
    threading.Thread(target=proxy.run, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
