"""A headless Chromium, driven over a pipe by its own protocol: real keys, real pointer, and every request seen.

No driver, no library: the DevTools protocol is JSON between NUL bytes. Used by the tests of the page and by the
script that makes the pictures of the docs.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0
"""Seconds for one answer; the first one waits for the start of the browser."""


def chromium() -> str | None:
    """Where Chromium is, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab. `events` holds what the browser told of by itself since the last `go`."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes, self._number, self._rest = reads, writes, 0, b""
        self.events: list[dict[str, Any]] = []
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; raises RuntimeError for a refusal, TimeoutError without an answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            answer = self._next(end)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reads], [], [], max(0.0, end - time.monotonic()))
            chunk = os.read(self._reads, 1 << 20) if ready else b""
            if not chunk:
                raise TimeoutError("Chromium does not answer")
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def look(
        self, width: int, *, dark: bool = False, height: int = 900, scale: float = 1.0, media: str = ""
    ) -> None:
        """Set the size of the window in CSS pixels, the colour scheme, and the medium (`print`, or the screen)."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def go(self, path: Path, *, script: bool = True) -> None:
        """Open a file and wait until it is loaded."""
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + PATIENCE
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(end))

    def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited if it is a promise; raises RuntimeError if it throws."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"].get("exception", answer["exceptionDetails"])))
        return answer["result"].get("value")

    def seen(self) -> str:
        """What stands on the page, hidden text left out; also where the page's own script may not run."""
        return str(self.asked("document.body.innerText"))

    def asked(self, expression: str) -> Any:
        """The value of an expression, in a world of its own: also where the page's own script may not run."""
        world = self.call("Page.createIsolatedWorld", frameId=self._frame())["executionContextId"]
        asked = {"expression": expression, "contextId": world, "returnByValue": True}
        return self.call("Runtime.evaluate", **asked)["result"]["value"]

    def _frame(self) -> str:
        return str(self.call("Page.getFrameTree")["frameTree"]["frame"]["id"])

    def key(self, name: str) -> None:
        """Press a key, as a keyboard would."""
        codes = {
            "Tab": 9,
            "Enter": 13,
            "Escape": 27,
            "End": 35,
            "Home": 36,
            "ArrowLeft": 37,
            "ArrowRight": 39,
        }
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=name,
                windowsVirtualKeyCode=codes[name],
                **more,
            )

    def point(self, selector: str, *, click: bool = False) -> None:
        """Move the pointer over the middle of an element, and click if wanted."""
        spot = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        for kind in ("mouseMoved", *(("mousePressed", "mouseReleased") if click else ())):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, x=spot[0], y=spot[1], **button)

    def requests(self) -> list[str]:
        """The addresses that the page asked for since `go`, the page's own among them."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [str(event["params"]["request"]["url"]) for event in sent]

    def complaints(self) -> list[str]:
        """What the browser wrote into its console since `go`: refusals of the policy, errors."""
        entries = [
            event["params"]["entry"]["text"] for event in self.events if event["method"] == "Log.entryAdded"
        ]
        thrown = [
            str(event["params"]) for event in self.events if event["method"] == "Runtime.exceptionThrown"
        ]
        return [*entries, *thrown]

    def picture(self, *, whole: bool = True, clip: Sequence[float] = ()) -> bytes:
        """A PNG of the whole page, of the window, or of `clip` (x, y, width, height in CSS pixels)."""
        more: dict[str, Any] = {"captureBeyondViewport": whole or bool(clip)}
        if clip:
            more["clip"] = dict(zip(("x", "y", "width", "height"), clip, strict=True), scale=1)
        elif whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            more["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", **more)["data"])

    def printed(self, *, inches: tuple[float, float] = (8.27, 11.69)) -> bytes:
        """A PDF of the page, on A4 if not told otherwise."""
        width, height = inches
        answer = self.call("Page.printToPDF", paperWidth=width, paperHeight=height, preferCSSPageSize=False)
        return base64.b64decode(answer["data"])


@contextmanager
def started(program: str, *, fonts: str = "") -> Iterator[Page]:
    """A browser with one tab and an empty profile, ended and cleaned up behind the block; `fonts` is a fonts.conf."""
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    with tempfile.TemporaryDirectory(prefix="page-", ignore_cleanup_errors=True) as profile:
        quiet = os.open(os.devnull, os.O_RDWR)
        moved = [(quiet, 0), (quiet, 1), (quiet, 2), (theirs_in, 3), (theirs_out, 4)]
        actions = [(os.POSIX_SPAWN_DUP2, ours, theirs) for ours, theirs in moved]
        environment = dict(os.environ, HOME=profile)
        if fonts:
            Path(profile, "fonts.conf").write_text(fonts, "utf-8")
            environment["FONTCONFIG_FILE"] = f"{profile}/fonts.conf"
        arguments = [program, *FLAGS, f"--user-data-dir={profile}/data", "about:blank"]
        process = os.posix_spawn(program, arguments, environment, file_actions=actions, setpgroup=0)
        for each in (quiet, theirs_in, theirs_out):
            os.close(each)
        try:
            yield Page(ours_in, ours_out)
        finally:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(ours_in)
            os.close(ours_out)
