"""Finds the names of coins, and words about the market, in a text.

The words are read once, in order. At each word the longest known phrase that begins with it is taken, so that
"Ethereum Classic" is not also Ethereum, and "Bitcoin Magazine" is no coin at all. Ambiguous spellings are decided
after all phrases have been found (see `disambiguation`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress, count

from services.sentiment_analyzer.matching.assets import Asset, Registry
from services.sentiment_analyzer.matching.disambiguation import Disambiguator
from services.sentiment_analyzer.matching.words import WORD, Doubt, Found, Phrase, Words

_LETTERS = re.compile(r"[A-Za-z]{2,10}")
_CAPITALS = re.compile(r"[A-Z]{2,10}")
_QUOTES = frozenset({"USD", "USDT", "USDC", "EUR", "BTC", "ETH"})  # what follows the base of a pair
_JOINED_PAIR = re.compile(r"([A-Z0-9]{2,10}?)(?:USDT|USDC|USD)")
_SYMBOL_SIGN = re.compile(rf"[$#]\w|\w[/-]\W*(?:{'|'.join(_QUOTES)})|USD")
"""A pattern that matches every text with a cashtag, a hashtag or a pair, but may also match other texts."""
_HYPHENS = frozenset({" ", "-", "\u2010", "\u2011"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase that was found in a text at the character position `start`.

    The phrase is a coin (given by its ticker), a word about the market, or another word about crypto. A coin that is
    written as a cashtag or in a pair has a ticker even if the registry does not know the coin.
    """

    start: int
    ticker: str | None = None
    market: bool = False


def _nothing_elsewhere() -> bool:
    return False


class MentionFinder:
    """Finds mentions of the given assets, which are keyed by ticker, and of the other phrases in the registry."""

    def __init__(self, registry: Registry, assets: Mapping[str, Asset]) -> None:
        self._registry = registry
        self._disambiguate = Disambiguator(registry)
        self._tickers = frozenset(assets)
        self._by_first: dict[str, list[Phrase]] = defaultdict(list)
        for ticker, asset in assets.items():
            self._add(asset.names, ticker)
            self._add(asset.symbols, ticker, doubt=Doubt.SYMBOL)
            self._add(asset.words, ticker, doubt=Doubt.WORD)
            self._add(asset.common, ticker, doubt=Doubt.COMMON)
        self._add(registry.market_words, None, market=True)
        self._add(registry.topic_words, None)
        self._add(registry.not_assets, None, ignore=True)
        for phrases in self._by_first.values():
            # Longest first; of equal length the one that demands its exact spelling, which matches less.
            phrases.sort(key=lambda phrase: (-len(phrase.tokens), phrase.exact is None))

    def _add(
        self,
        spellings: Iterable[str],
        ticker: str | None,
        *,
        market: bool = False,
        doubt: Doubt = Doubt.NONE,
        ignore: bool = False,
    ) -> None:
        for spelling in spellings:
            written = tuple(WORD.findall(spelling))
            tokens = tuple(token.lower() for token in written)
            exact = None if spelling == spelling.lower() else written
            gaps = tuple(re.sub(r"\w+", "\n", spelling).strip("\n").split("\n")) if len(tokens) > 1 else ()
            loose = ticker is None
            self._by_first[tokens[0]].append(
                Phrase(tokens, exact, gaps, loose, ticker, market, doubt, ignore)
            )

    def __call__(self, text: str, elsewhere: Callable[[], bool] = _nothing_elsewhere) -> list[Mention]:
        """Return the mentions in a text, in the order of the text.

        Args:
            text: the headline or body.
            elsewhere: a function that returns whether the rest of the article is about crypto. It is called at most
                once.
        """
        words = Words(text)
        found: list[Found] = []
        done = 0
        may_have_symbols = _SYMBOL_SIGN.search(text) is not None
        known = map(self._by_first.__contains__, words.lower)
        for index in range(len(words.lower)) if may_have_symbols else compress(count(), known):
            if index < done:
                continue
            one = self._symbol_at(words, index) if may_have_symbols else None
            one = one or self._phrase_at(words, index)
            if one is not None:
                found.append(one)
                done = one.end
        if any(one.doubt for one in found):
            found = self._disambiguate(words, found, elsewhere)
        return [Mention(words.starts[one.first], one.ticker, one.market) for one in found if not one.ignore]

    def _symbol_at(self, words: Words, index: int) -> Found | None:
        """Return the coin that is written at this word as a cashtag, as a hashtag or as the base of a pair."""
        word = words.written[index]
        before = words.before(index)
        if (
            before in {"$", "#"}
            and not words.text[words.starts[index] - 2 : words.starts[index] - 1].isalnum()
        ):
            return self._tagged(word, index, known_only=before == "#")
        if words.after(index) in {"/", "-"} and words.next_written(index) in _QUOTES:
            known = word in self._tickers
            is_pair = known or (words.after(index) == "/" and _CAPITALS.fullmatch(word))
            # After a hyphen the quote is only money; after a slash it may be a coin too, and is looked at next.
            end = index + (2 if words.after(index) == "-" else 1)
            return Found(index, end, word) if is_pair else None
        joined = _JOINED_PAIR.fullmatch(word)
        return Found(index, index + 1, joined[1]) if joined and joined[1] in self._tickers else None

    def _tagged(self, word: str, index: int, *, known_only: bool) -> Found | None:
        ticker = word.upper()
        if known_only:
            return Found(index, index + 1, ticker) if word in self._tickers else None
        if ticker in self._tickers:
            return Found(index, index + 1, ticker)
        if not _LETTERS.fullmatch(word):
            return None
        return Found(index, index + 1, ticker, ignore=ticker in self._registry.stock_symbols)

    def _phrase_at(self, words: Words, index: int) -> Found | None:
        for phrase in self._by_first.get(words.lower[index], ()):
            end = index + len(phrase.tokens)
            if (
                words.lower[index:end] == list(phrase.tokens)
                and (phrase.exact is None or words.written[index:end] == list(phrase.exact))
                and (len(phrase.tokens) == 1 or _joined_as_written(phrase, words, index))
                and not (phrase.ticker and self._is_platform(words, end))
                and not (phrase.doubt and self._disambiguate.excludes(words, index, end, phrase))
            ):
                return Found(index, end, phrase.ticker, phrase.market, phrase.doubt, phrase.ignore)
        return None

    def _is_platform(self, words: Words, next_index: int) -> bool:
        return (
            next_index < len(words.lower)
            and words.lower[next_index] in self._registry.platform_suffixes
            and words.before(next_index) == "-"
        )


def _joined_as_written(phrase: Phrase, words: Words, index: int) -> bool:
    """Whether the words are joined as in the phrase, so that "Bitcoin, cash and gold" is not about Bitcoin Cash."""
    for offset, gap in enumerate(phrase.gaps):
        between = words.between(index + offset, index + offset + 1)
        if between != gap and not (phrase.loose and between in _HYPHENS and gap in _HYPHENS):
            return False
    return True
