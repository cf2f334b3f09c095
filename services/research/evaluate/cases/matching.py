"""Measures how well articles are matched to assets, on headlines labelled with the assets they are about.

The column `half` of `matching.csv` is `dev` or `held_out`: the matcher was developed on `dev`; `held_out` was
labelled before the development and not used in it. Both halves and the matcher were written by the same author, so
even the figures of `held_out` are too favourable. The column `trap` names the difficulty that a headline tests. The
column `assets` lists the tickers of the assets that the headline is about. An asset counts if the headline names the
asset, or its chain, foundation or fund; a company that only has the same name does not count. The ticker MARKET
means the market as a whole: the headline is about crypto but names no asset. An empty cell means that there is
no asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from services.research.evaluate.cases.rows import HALVES, Row, read_cases, share
from services.sentiment_analyzer.article.text import MAX_BODY_CHARS, MAX_TITLE_CHARS, ArticleText, clean
from services.sentiment_analyzer.matching.assets import MARKET, load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher

HEADLINES_FILE = Path(__file__).with_name("matching.csv")


class Headline(NamedTuple):
    """A labelled headline; `lead` is the article's text, which is empty for most headlines."""

    half: str
    trap: str
    assets: frozenset[str]
    headline: str
    lead: str


class Matched(NamedTuple):
    """The assets that the matcher found in a headline."""

    headline: Headline
    found: frozenset[str]

    @property
    def right(self) -> int:
        """The number of found assets that are labelled."""
        return len(self.found & self.headline.assets)


def read_headlines(path: Path = HEADLINES_FILE) -> list[Headline]:
    """Read a file such as `matching.csv`. The file is part of the program, so a mistake in it raises ValueError."""
    known = {*load_registry().assets, MARKET.ticker}
    headlines = []
    for row in read_cases(path, {}):
        assets = frozenset(row["assets"].split())
        if not assets <= known:
            raise ValueError(f"{path.name}: {row['headline']!r} has an unknown asset")
        headlines.append(Headline(row["half"], row["trap"], assets, row["headline"], row["lead"]))
    return headlines


def match_all(headlines: Sequence[Headline]) -> list[Matched]:
    """Match each headline with all assets of the registry, as if all were traded."""
    matcher = AssetMatcher.of_all_assets()
    matched = []
    for one in headlines:
        text = ArticleText(clean(one.headline, MAX_TITLE_CHARS), clean(one.lead, MAX_BODY_CHARS))
        found = frozenset(target.asset.ticker for target in matcher.match(text).targets)
        matched.append(Matched(one, found))
    return matched


def measure(path: Path = HEADLINES_FILE) -> list[Row]:
    """Measure, for each half, precision and recall of the assets found and the share of fully correct headlines."""
    matched = match_all(read_headlines(path))
    return [
        row
        for half, name in HALVES.items()
        for row in _rows(name, [one for one in matched if one.headline.half == half])
    ]


def _rows(name: str, matched: Sequence[Matched]) -> list[Row]:
    right = sum(one.right for one in matched)
    exact = sum(one.found == one.headline.assets for one in matched)
    return [
        share(f"precision, {name}", right, sum(len(one.found) for one in matched)),
        share(f"recall, {name}", right, sum(len(one.headline.assets) for one in matched)),
        share(f"headlines right in full, {name}", exact, len(matched)),
    ]
