"""A Chromium that shows the page and remembers what went wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield the machine's own Chromium, without a window. Raises FileNotFoundError if there is none."""
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("there is no chromium; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A browser's page, with what it must not do.

    Attributes:
        page: the page.
        errors: what it wrote to its console as an error, and its uncaught exceptions.
        foreign: the requests that it made to another host than that of its address.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        """Open an address, and wait until its scripts have run."""
        self.page.goto(address, wait_until="load")


@contextmanager
def watched_page(browser: Browser, width: int, height: int = 900, scheme: str = "light") -> Iterator[Watched]:
    """Yield a new page in a context of its own, without cookies.

    Args:
        browser: the browser.
        width: of the window, in pixels.
        height: of the window, in pixels.
        scheme: `light` or `dark`.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Asia/Tokyo",
    )
    try:
        watched = Watched(context.new_page())
        page = watched.page
        page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", lambda asked: _note_foreign(watched, asked.url))
        page.on("websocket", lambda opened: _note_foreign(watched, opened.url))
        yield watched
    finally:
        context.close()


def _note_foreign(watched: Watched, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1":
        watched.foreign.append(url)
