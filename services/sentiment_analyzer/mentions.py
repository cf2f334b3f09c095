"""Finds the names of coins, and words about the market, in a text.

One pass over the words: at each, the longest phrase known to begin with it wins and is consumed, so
"Ethereum Classic" is not also Ethereum, and "Bitcoin Magazine" is no coin at all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.sentiment_analyzer.assets import Asset, Registry

_TOKEN = re.compile(r"\w+")
_LETTERS = re.compile(r"[A-Za-z]{2,10}")
_CAPITALS = re.compile(r"[A-Z]{2,10}")
_QUOTES = (["USD"], ["USDT"], ["USDC"], ["EUR"], ["BTC"], ["ETH"])  # what follows the slash of a pair


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found at `start`: a coin (its ticker), a word about the market, or one of this world at large.

    A coin written as a cashtag or in a pair has a ticker even if the registry does not know it.
    """

    start: int
    ticker: str | None = None
    market: bool = False


@dataclass(frozen=True, slots=True)
class _Phrase:
    tokens: tuple[str, ...]  # lower case
    exact: tuple[str, ...] | None  # as it must be written, or None where case does not matter
    ticker: str | None
    market: bool
    certain: bool  # else it counts only where it is plainly meant
    ignore: bool


class _Words:
    """A text cut into words, with what stands between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        matches = list(_TOKEN.finditer(text))
        self.written = [match[0] for match in matches]
        self.lower = [word.lower() for word in self.written]
        self.starts = [match.start() for match in matches]
        self.ends = [match.end() for match in matches]
        self.shouting = text.isupper()

    def before(self, index: int) -> str:
        """The character before a word, or nothing."""
        start = self.starts[index]
        return self.text[start - 1 : start] if start else ""

    def after(self, index: int) -> str:
        """The character after a word, or nothing."""
        end = self.ends[index]
        return self.text[end : end + 1]


class MentionFinder:
    """Finds mentions of the given assets (by ticker) and of the registry's other phrases."""

    def __init__(self, registry: Registry, assets: Mapping[str, Asset]) -> None:
        self._registry = registry
        self._tickers = frozenset(assets)
        self._by_first: dict[str, list[_Phrase]] = defaultdict(list)
        for ticker, asset in assets.items():
            self._add(asset.names, ticker)
            self._add(asset.words, ticker, certain=False)
        self._add(registry.market_words, None, market=True)
        self._add(registry.topic_words, None)
        self._add(registry.not_assets, None, ignore=True)
        for phrases in self._by_first.values():
            # Longest first; of equal length the one that asks for its exact spelling, as the narrower.
            phrases.sort(key=lambda phrase: (-len(phrase.tokens), phrase.exact is None))

    def _add(
        self,
        spellings: Iterable[str],
        ticker: str | None,
        *,
        market: bool = False,
        certain: bool = True,
        ignore: bool = False,
    ) -> None:
        for spelling in spellings:
            written = tuple(_TOKEN.findall(spelling))
            tokens = tuple(token.lower() for token in written)
            exact = None if spelling == spelling.lower() else written
            self._by_first[tokens[0]].append(_Phrase(tokens, exact, ticker, market, certain, ignore))

    def __call__(self, text: str) -> list[Mention]:
        """The mentions in a text, in its order."""
        words = _Words(text)
        has_symbols = "$" in text or "/" in text
        found: list[Mention] = []
        index = 0
        while index < len(words.lower):
            length = 1
            if has_symbols and (symbol := self._symbol_at(words, index)):
                found.append(Mention(words.starts[index], symbol))
            elif words.lower[index] in self._by_first and (phrase := self._phrase_at(words, index)):
                length = len(phrase.tokens)
                if not phrase.ignore:
                    found.append(Mention(words.starts[index], phrase.ticker, phrase.market))
            index += length
        return found

    def _symbol_at(self, words: _Words, index: int) -> str | None:
        """The ticker written here as a cashtag or as the base of a pair, known or not."""
        word = words.written[index]
        if words.before(index) == "$" and (word.upper() in self._tickers or _LETTERS.fullmatch(word)):
            return word.upper()
        is_pair = words.after(index) == "/" and words.written[index + 1 : index + 2] in _QUOTES
        return word if is_pair and (word in self._tickers or _CAPITALS.fullmatch(word)) else None

    def _phrase_at(self, words: _Words, index: int) -> _Phrase | None:
        for phrase in self._by_first.get(words.lower[index], ()):
            end = index + len(phrase.tokens)
            if (
                tuple(words.lower[index:end]) == phrase.tokens
                and (phrase.exact is None or tuple(words.written[index:end]) == phrase.exact)
                and (phrase.certain or self._is_meant(words, index))
                and not (phrase.ticker and self._is_platform(words, end))
            ):
                return phrase
        return None

    def _is_platform(self, words: _Words, next_index: int) -> bool:
        return (
            next_index < len(words.lower)
            and words.lower[next_index] in self._registry.platform_suffixes
            and words.before(next_index) == "-"
        )

    def _is_meant(self, words: _Words, index: int) -> bool:
        """Whether a possibly ordinary word is plainly the coin: in brackets or beside a market word."""
        if words.shouting:
            return False
        if words.before(index) == "(" and words.after(index) == ")":
            return True
        follows = words.lower[index + 1 : index + 2]
        precedes = words.lower[index - 1 : index] if index else []
        return (words.after(index) == " " and not self._registry.words_after.isdisjoint(follows)) or (
            words.before(index) == " " and not self._registry.words_before.isdisjoint(precedes)
        )
