"""The registry of coins and their spellings, which is read once from `assets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.common.publishers import load_publishers

REGISTRY_FILE = Path(__file__).with_name("assets.toml")
SHORTEST_CERTAIN_TICKER = 3


class Asset(BaseModel):
    """A coin and its spellings.

    There are several kinds of spellings, from unambiguous names (`names`) to words that mostly mean something else
    (`common`). The top of `assets.toml` says when a spelling of each kind counts as the coin.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticker: str
    name: str
    names: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    common: tuple[str, ...] = ()


MARKET = Asset(ticker="MARKET", name="the crypto market as a whole")
"""The target of an article that is about the market and not about particular assets."""


class Registry(BaseModel):
    """The content of a registry file. Phrases of several words are written with single spaces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    market_words: tuple[str, ...]
    topic_words: tuple[str, ...]
    not_assets: tuple[str, ...]
    stock_symbols: frozenset[str]
    words_before: frozenset[str]
    words_after: frozenset[str]
    name_words_after: frozenset[str]
    price_words: frozenset[str]
    stock_words_after: frozenset[str]
    platform_suffixes: frozenset[str]
    abbreviations: frozenset[str]
    assets: Mapping[str, Asset] = Field(min_length=1)

    def asset(self, ticker: str) -> Asset:
        """Return the asset with that ticker. An asset that is not in the registry is known only by its ticker.

        A ticker that is not in the registry is recognised wherever it is written in capitals. Such a ticker counts as
        ambiguous if it is very short or a common abbreviation.
        """
        if ticker in self.assets:
            return self.assets[ticker]
        if len(ticker) < SHORTEST_CERTAIN_TICKER or ticker in self.abbreviations:
            return Asset(ticker=ticker, name=ticker, words=(ticker,))
        return Asset(ticker=ticker, name=ticker, names=(ticker,))


@cache
def load_registry(path: Path = REGISTRY_FILE) -> Registry:
    """Read a registry file.

    The file is part of the program, so a mistake in it is a bug and raises ValueError.
    """
    content = tomllib.loads(path.read_text("utf-8"))
    content["not_assets"] += [name for name in load_publishers().names if not name.isalnum()]
    content["assets"] = {
        ticker: {"ticker": ticker, **entry} for ticker, entry in content.get("assets", {}).items()
    }
    return Registry.model_validate(content)
