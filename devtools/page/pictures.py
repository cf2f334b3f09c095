"""Takes the pictures of the page for docs/dashboard.md: `python -m devtools.page.pictures`."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from devtools.page.browser import chromium, watched_page
from devtools.page.server import served
from services.common.settings.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "pictures"
NOW = datetime(2026, 11, 29, 14, 5, 20, tzinfo=UTC)
PICTURES = (
    ("now", "/", 1280, 900, "light"),
    ("story", "/news/sample-fund", 1280, 900, "light"),
    ("trade", "/trades/3", 1280, 900, "light"),
    ("sources", "/sources", 1280, 500, "light"),
    ("now-phone-dark", "/", 390, 844, "dark"),
)
"""Name, path, width, height and colour scheme of each picture."""
_DRAWN_MILLISECONDS = 1500


def take_pictures(folder: Path = FOLDER) -> None:
    """Write the pictures into a folder, in the place of earlier ones."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="cryptoboy-page-") as state,
        served(Path(state), NOW) as api,
        chromium() as browser,
    ):
        for name, path, width, height, scheme in PICTURES:
            with watched_page(browser, width, height, scheme) as watched:
                watched.go(api.link())
                watched.go(f"{api.address}{path}")
                watched.page.wait_for_timeout(_DRAWN_MILLISECONDS)
                watched.page.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    take_pictures()
