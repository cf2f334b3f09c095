"""News of the past for tests: files of several makings, and what the pipeline needs beside them."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.common.files import format_suffix, is_gzipped
from services.research.history.archive.archive import Archive
from services.research.history.archive.importing import ImportOptions, import_news

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("published", "title", "source", "url", "text", "first_seen")
TITLES = (
    "Bitcoin surges as funds buy again",
    "Ethereum upgrade delayed after bug found",
    "BNB rallies on record trading volume",
    "Crypto market slumps as exchange is hacked",
    "Bitcoin and Ethereum fall while regulators sue",
)


def news_row(number: int, **changes: str) -> dict[str, str]:
    """An article published `number` minutes after NOON and first seen ten minutes later."""
    published = NOON + timedelta(minutes=number)
    row = {
        "published": published.isoformat(),
        "title": f"{TITLES[number % len(TITLES)]} ({number})",
        "source": "wire",
        "url": f"https://news.example/{number}",
        "text": "Traders were told on Thursday.",
        "first_seen": (published + timedelta(minutes=10)).isoformat(),
    }
    return {**row, **changes}


def write_news(path: Path, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> Path:
    """Write rows as CSV or JSON Lines, compressed or not, as the name says."""
    opened = gzip.open(path, "wt", newline="") if is_gzipped(path) else path.open("w", newline="")  # noqa: SIM115 - entered below
    with opened as file:
        if format_suffix(path) == ".csv":
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def make_archive(folder: Path, rows: Iterable[Mapping[str, str]], name: str = "archive.sqlite") -> Path:
    """An archive of these rows."""
    news = write_news(folder / f"{name}.csv", rows)
    import_news(news, folder / name, ImportOptions(), NOW)
    return folder / name


def archived(path: Path) -> list[tuple[str, datetime, datetime]]:
    """Title, publication and availability of each article, in the order of the archive."""
    with Archive.open(path) as archive:
        return [(each.title, each.published, each.known_at) for each in archive.articles()]
