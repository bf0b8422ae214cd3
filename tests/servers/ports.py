"""Free ports, and waiting for a server to speak."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> tuple[int, ...]:
    """That many different loopback ports that nobody listens on right now."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = tuple(int(each.getsockname()[1]) for each in sockets)
    for each in sockets:
        each.close()
    return ports


def wait_for_greeting(port: int, *, alive: Callable[[], bool], within_s: float = 20.0) -> None:
    """Returns once the server on `port` has said something; RuntimeError if it dies or stays silent."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and alive():
        try:
            with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
                if connection.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"no server came up on port {port}")
