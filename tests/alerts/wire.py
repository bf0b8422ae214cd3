"""A web server and a mail server of our own on loopback, which keep what arrives."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers.ports import free_ports


@dataclass
class Hook:
    """A web hook: `address` is apprise's name for it, `answer` the status it answers with, None for never."""

    port: int
    answer: int | None = 200
    location: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"json://seller:Hunter2-secret@127.0.0.1:{self.port}/hook/Token-secret"


@contextmanager
def web_hook(answer: int | None = 200, location: str = "") -> Iterator[Hook]:
    hook = Hook(port=0, answer=answer, location=location)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            hook.headers.append(dict(self.headers))
            if hook.answer is None:
                time.sleep(3)
                return
            self.send_response(hook.answer)
            if hook.location:
                self.send_header("Location", hook.location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield hook
    server.shutdown()
    server.server_close()


@dataclass
class Postbox:
    port: int
    got: list[EmailMessage] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=watch@seller.example&to=owner@seller.example"


@contextmanager
def mail_server() -> Iterator[Postbox]:
    (port,) = free_ports(1)
    box = Postbox(port=port)

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
            box.got.append(BytesParser(EmailMessage, policy=default).parsebytes(envelope.content))
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
