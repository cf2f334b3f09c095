"""Prints ten alerts and two briefs of an archive's busiest day.

    python -m devtools.texts --news news.csv.gz --candles candles

Scores, times, agreement of publishers and prices are those of the archive and the candles; headlines, names of sources
and links are of our own, since the texts of an archive belong to others.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from devtools.texts.scored import WEEK, score_busiest_day
from services.common.history.notifying.rows import BriefKind
from services.common.history.open import open_reader
from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.notifier.message import as_text
from services.notifier.notice import Notice
from services.notifier.preview import preview
from services.notifier.rules.load import rules_of
from services.operations.briefs.make import make_brief

ALERTS = 10
MOST_OF_A_KIND = 3
CHANNEL = "phone"
PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")


def texts(news: Path, candles: Path) -> str:
    """The alerts and briefs, as Markdown. Raises StopProgram for files that cannot be used."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder), trading_pairs=PAIRS, candle_timeframe="1h")
        end = score_busiest_day(news, candles, settings)
        rules = rules_of('preset = "normal"\n', "notify.toml", [CHANNEL], PAIRS)
        with closing(open_reader(settings)) as history:
            begun = end - timedelta(days=1)
            found = preview(history, rules, [CHANNEL], begun, end)
            new = [notice for notice in found.notices if _began(history, notice) >= begun]
            blocks = [as_text(notice.message) for notice in _chosen(new)]
            briefs = [
                make_brief(kind, history, None, settings, now=end, since=since).row.text.rstrip()
                for kind, since in (
                    (BriefKind.DAILY, begun),
                    (BriefKind.WEEKLY, end - WEEK),
                )
            ]
            told = _about(history, len(found.notices), found.happened)
    return "\n".join([told, *map(_block, blocks), "Two briefs:\n", *map(_block, briefs)])


def _about(history: HistoryReader, told: int, happened: int) -> str:
    articles = history.counts()["articles"]
    return (
        f"The week has {articles:,} articles; its busiest day has {happened:,} stories with a score, of which the "
        f"preset `normal` tells {told:,}. Ten of them:\n"
    )


def _began(history: HistoryReader, notice: Notice) -> datetime:
    """When the first article of a notice's story was known."""
    first = history.articles_by_id([notice.story])
    return first[notice.story].fetched if first else notice.happened


def _chosen(notices: Sequence[Notice]) -> list[Notice]:
    """The most important ones, few of each kind of news and none with the title of another, in the order of the day."""
    ranked = sorted(notices, key=lambda notice: (-notice.importance, -len(notice.sources), notice.happened))
    kinds: Counter[str] = Counter()
    chosen: list[Notice] = []
    titles: set[str] = set()
    for notice in ranked:
        kind = notice.message.lines[1].partition(",")[0] if len(notice.message.lines) > 1 else ""
        is_new = notice.message.title not in titles
        if is_new and kinds[kind] < MOST_OF_A_KIND and len(chosen) < ALERTS:
            titles.add(notice.message.title)
            kinds[kind] += 1
            chosen.append(notice)
    return sorted(chosen, key=lambda notice: notice.happened)


def _block(text: str) -> str:
    return f"```text\n{text}\n```\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the texts."""
    parser = argparse.ArgumentParser(prog="python -m devtools.texts", description=__doc__)
    parser.add_argument(
        "--news", type=Path, required=True, help="an archive of news, as `history import` reads it"
    )
    parser.add_argument("--candles", type=Path, required=True, help="a directory with candles of one hour")
    given = parser.parse_args(arguments)
    print(texts(given.news, given.candles))


if __name__ == "__main__":
    main()
