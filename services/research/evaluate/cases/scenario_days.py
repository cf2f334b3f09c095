"""Reads the days of `scenarios.toml`: their posts, and the feeds that carry the posts."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from services.data_ingestor.news.rss.source import FeedConfig

SCENARIOS_FILE = Path(__file__).with_name("scenarios.toml")
KINDS = ("denial", "repost", "flood", "silencing", "hidden text")
PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
BETWEEN_POLLS = timedelta(minutes=5)
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Post:
    """An entry of a feed, or several similar entries. The fields are explained in `scenarios.toml`."""

    source: str
    poll: int
    title: str
    summary: str
    owner: str = ""
    attack: bool = False
    hidden: str = ""
    link: str = ""
    copies: int = 1
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day of news about a pair."""

    kind: str
    name: str
    pair: str
    posts: tuple[Post, ...]


def read_scenarios(path: Path = SCENARIOS_FILE) -> list[Scenario]:
    """Read a file such as `scenarios.toml`. The file is part of the program, so a mistake in it raises ValueError."""
    scenarios = []
    for entry in tomllib.loads(path.read_text("utf-8"))["scenario"]:
        posts = tuple(Post(**post) for post in entry["post"])
        if entry["kind"] not in KINDS or entry["pair"] not in PAIRS:
            raise ValueError(f"{path.name}: {entry['name']!r} has an unknown kind or pair")
        if not any(post.attack or post.hidden for post in posts):
            raise ValueError(f"{path.name}: nobody attacks in {entry['name']!r}")
        scenarios.append(Scenario(entry["kind"], entry["name"], entry["pair"], posts))
    return scenarios


Entry = tuple[int, str, str, str]
"""An entry of a feed: the number of the first poll that finds it, and its link, title and summary."""


def feeds_of(scenario: Scenario, *, attacked: bool) -> list[tuple[FeedConfig, list[Entry]]]:
    """Return the sources of a day, each with its entries; only the honest entries if `attacked` is false."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    owners: dict[str, str] = {}
    for number, post in enumerate(scenario.posts):
        if post.attack and not attacked:
            continue
        owners[post.source] = post.owner
        entries[post.source] += _entries(post, number, attacked=attacked)
    return [
        (FeedConfig(name=name, url=f"https://{number}.feeds.example/rss", owner=owners[name]), listed)
        for number, (name, listed) in enumerate(entries.items())
    ]


def _entries(post: Post, number: int, *, attacked: bool) -> Iterator[Entry]:
    summary = post.summary + (post.hidden if attacked else "")
    for copy in range(post.copies):
        link = post.link or f"https://news.example/{number}/{copy}"
        words: Mapping[str, Any] = {"n": copy + 1}
        yield post.poll + copy // post.at_once, link, post.title.format_map(words), summary.format_map(words)


def rss_of(entries: Iterable[Entry]) -> bytes:
    """Return a feed with these entries as a server would send it."""
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link><guid>{escape(link)}</guid>"
        f"<pubDate>{format_datetime(BEGIN + poll * BETWEEN_POLLS)}</pubDate>"
        f"<description>{escape(summary)}</description></item>"
        for poll, link, title, summary in entries
    )
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>news</title>'
    return f"{head}{items}</channel></rss>".encode()
