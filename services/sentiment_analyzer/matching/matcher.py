"""Decides which of the traded assets an article is about.

The headline decides. The body counts only if the headline names neither coins nor the market:

1. If the headline names coins, the article is about those coins, even if the body mentions others in passing. If none
   of these coins is traded here, the article has no target.
2. If the headline names no coins but the market ("crypto", "altcoins", ...), the article is about all pairs.
3. If the beginning of the body has one or two coins as its subject (named in its first sentence, or twice), the
   article is about those coins. If it has more than two, the article is a roundup, which is about all pairs.
4. If there is any other word about crypto, the article is about the market. Without such a word it is off topic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.common.values import asset_of
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import MARKET, Asset, Registry, load_registry
from services.sentiment_analyzer.matching.mentions import Mention, MentionFinder

LEAD_CHARS = 600
MOST_SUBJECTS_OF_A_LEAD = 2
MENTIONS_OF_A_SUBJECT = 2

HEADLINE_CERTAINTY = 1.0
LEAD_CERTAINTY = 0.8
MARKET_CERTAINTY = 0.5


class About(StrEnum):
    """The kind of subject that an article has, with regard to the traded pairs."""

    ASSETS = "assets"
    MARKET = "market"
    NOT_TRADED = "not_traded"
    OFF_TOPIC = "off_topic"


@dataclass(frozen=True, slots=True)
class Target:
    """An asset to be scored, and the names (pairs, or the asset itself) to which the score of the asset applies.

    Attributes:
        certainty: the certainty (0..1) that the article is about these pairs. The confidence of a score is multiplied
            by this number.
    """

    asset: Asset
    pairs: tuple[str, ...]
    certainty: float


@dataclass(frozen=True, slots=True)
class Match:
    """The subject of an article.

    If `about` is ASSETS, there is one target for each asset. If `about` is MARKET, there is one target for all pairs.
    Otherwise there is no target.
    """

    about: About
    targets: tuple[Target, ...] = ()

    @property
    def named_tickers(self) -> frozenset[str]:
        """The tickers of the traded assets that the article is about; empty if the article is about the market."""
        return frozenset(target.asset.ticker for target in self.targets if self.about is About.ASSETS)


class AssetMatcher:
    """Matches articles to pairs. The same text always gives the same result. Threads may share a matcher."""

    def __init__(self, registry: Registry, pairs: Iterable[str]) -> None:
        self._pairs = tuple(pairs)
        self._traded: dict[str, tuple[str, ...]] = {}
        for pair in self._pairs:
            self._traded[asset_of(pair)] = (*self._traded.get(asset_of(pair), ()), pair)
        traded_assets = {ticker: registry.asset(ticker) for ticker in self._traded}
        self._find = MentionFinder(registry, {**registry.assets, **traded_assets})
        self._assets = traded_assets

    @classmethod
    def of_all_assets(cls) -> AssetMatcher:
        """Return a matcher that treats every asset of the registry as traded."""
        registry = load_registry()
        return cls(registry, [f"{ticker}/USDT" for ticker in registry.assets])

    def match(self, text: ArticleText) -> Match:
        """Decide what one article is about."""
        body = text.body[:LEAD_CHARS]
        headline = self._find(text.title, lambda: bool(self._find(body)))
        if named := _tickers(headline):
            return self._of(named, HEADLINE_CERTAINTY)
        if any(mention.market for mention in headline):
            return self._market()
        lead = self._find(body)
        subjects = _subjects(lead, len(body.split(". ", 1)[0]))
        if len(subjects) > MOST_SUBJECTS_OF_A_LEAD:
            return self._market()
        if subjects:
            return self._of(subjects, LEAD_CERTAINTY)
        return self._market() if headline or lead else Match(About.OFF_TOPIC)

    def _of(self, tickers: Sequence[str], certainty: float) -> Match:
        targets = tuple(
            Target(self._assets[ticker], self._traded[ticker], certainty)
            for ticker in tickers
            if ticker in self._traded
        )
        return Match(About.ASSETS, targets) if targets else Match(About.NOT_TRADED)

    def _market(self) -> Match:
        return Match(About.MARKET, (Target(MARKET, self._pairs, MARKET_CERTAINTY),))


def _tickers(mentions: Sequence[Mention]) -> list[str]:
    return list(dict.fromkeys(mention.ticker for mention in mentions if mention.ticker))


def _subjects(mentions: Sequence[Mention], first_sentence_end: int) -> list[str]:
    counts = Counter(mention.ticker for mention in mentions)
    early = {mention.ticker for mention in mentions if mention.start < first_sentence_end}
    return [
        ticker for ticker in _tickers(mentions) if ticker in early or counts[ticker] >= MENTIONS_OF_A_SUBJECT
    ]
