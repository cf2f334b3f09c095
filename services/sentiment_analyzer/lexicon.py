"""The baseline scorer: VADER with a crypto lexicon of our own. Needs no server and no network.

It reads words, not meaning, so it is called a baseline in the model name of every signal. It abstains on a text
in which it knows no word that is good, bad, or a sign of a text without news.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SentimentIntensityAnalyzer

from services.common.errors import CannotSay
from services.common.health import DependencyHealth
from services.sentiment_analyzer.assets import Asset
from services.sentiment_analyzer.lexicon_data import Lexicon, as_term, load_lexicon
from services.sentiment_analyzer.scorer import AssetScore, Scores
from services.sentiment_analyzer.text import ArticleText

LEAD_CHARS = 500
FAINTEST_VALENCE = 0.8
"""A general word below this on VADER's scale of 4 is noise here."""
ALPHA = 15.0
"""VADER's normalisation of a sum of valences s to s / sqrt(s^2 + 15) (Hutto and Gilbert, 2014, compound score)."""
LEAD_WEIGHT = 0.3
LEAD_BOUND = 1.5
"""Most that the lead may add or take away, in valence: less than one plain word of the headline."""
QUESTION_WEIGHT = 0.5
"""How much of its words' valence a headline keeps that only asks."""
HALF_CONFIDENT = 3.0
"""Sum of absolute valences at which the strength of evidence counts half."""
HIGHEST_CONFIDENCE = 0.8
NEUTRAL_CONFIDENCE = 0.2

_MAY_NEGATE = frozenset(NEGATE) | {"so", "this"}
"""Words that the library's check for negations looks for; "so" and "this" stand in it beside "never"."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the words of one text say: valences of those that count, and how many say "no news here"."""

    valences: tuple[tuple[str, float], ...]
    neutral: int

    @property
    def total(self) -> float:
        """The sum of the valences."""
        return sum(valence for _, valence in self.valences)

    def weakened(self, weight: float) -> Evidence:
        """The same words of a text that does not claim what they say."""
        return Evidence(tuple((word, valence * weight) for word, valence in self.valences), self.neutral + 1)

    @property
    def strength(self) -> float:
        """The sum of the absolute valences."""
        return sum(abs(valence) for _, valence in self.valences)


class _Analyzer(SentimentIntensityAnalyzer):  # type: ignore[misc]  # the library has no type information
    """VADER's reading of negations, boosters and "but", giving each word's valence instead of one sum."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        dropped = lexicon.ignored | lexicon.neutral
        self.lexicon: dict[str, float] = {
            word: valence
            for word, valence in self.make_lex_dict().items()
            if abs(valence) >= FAINTEST_VALENCE and word not in dropped
        }
        self.lexicon |= lexicon.valences

    def valences(self, words: list[str]) -> tuple[tuple[str, float], ...]:
        """The words that count, in their order, each with its valence. Words are in lower case.

        Does what the library's `polarity_scores` does up to its sum, but stops only at words that it knows.
        """
        text = _Words(words)
        found = [0.0] * len(words)
        for i, word in enumerate(words):
            if word in self.lexicon and word not in BOOSTER_DICT and words[i : i + 2] != ["kind", "of"]:
                found[i] = self.sentiment_valence(0.0, text, word, i, [])[0]
        if "but" in words:
            found = self._but_check(words, found)
        return tuple((word, valence) for word, valence in zip(words, found, strict=True) if valence)

    # The library goes through the whole text, and through all its negations, again for each word that counts. These
    # give it the words around that one, which are all that it uses, and nothing where no negation is among them.

    def _negation_check(self, valence: float, words: list[str], start_i: int, i: int) -> float:
        around = words[max(0, i - 3) : i + 1]
        if _MAY_NEGATE.isdisjoint(around) and not any("n't" in word for word in around):
            return valence
        return float(super()._negation_check(valence, around, start_i, len(around) - 1))

    def _special_idioms_check(self, valence: float, words: list[str], i: int) -> float:
        first = max(0, i - 3)
        return float(super()._special_idioms_check(valence, words[first : i + 3], i - first))


class _Words:
    """What the library's functions need to know of a text."""

    is_cap_diff = False

    def __init__(self, words: list[str]) -> None:
        self.words_and_emoticons = words


class LexiconScorer:
    """Scores by words. The same score goes to every asset asked for. Threads may share it."""

    name = "lexicon"
    articles_at_once = 25

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load_lexicon()
        self._analyzer = _Analyzer(self._lexicon)
        self.model = f"lexicon-baseline-{self._lexicon.version}"

    def check(self) -> None:
        """Nothing can be missing."""

    def health(self) -> DependencyHealth:
        """Always well."""
        return DependencyHealth(ok=True, detail=self.model)

    def digest(self) -> str:
        """The model's name says all."""
        return ""

    def close(self) -> None:
        """Nothing to let go of."""

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Score by the headline, moved a little by the lead.

        Raises:
            CannotSay: no word of the text is known to mean anything here.
        """
        headline = self.evidence(text.title)
        if self._lexicon.asks(text.title):
            headline = headline.weakened(QUESTION_WEIGHT)
        lead = self.evidence(text.body[:LEAD_CHARS])
        score = weigh(headline, lead)
        return Scores(self.model, {asset.ticker: score for asset in assets})

    def evidence(self, text: str) -> Evidence:
        """What the words of a text say."""
        tokens = self._lexicon.tokens(text)
        return Evidence(self._analyzer.valences(tokens), sum(map(self._lexicon.neutral.__contains__, tokens)))


def weigh(headline: Evidence, lead: Evidence) -> AssetScore:
    """One score from the evidence of headline and lead.

    The score is VADER's compound of the headline's valences, plus the lead's at `LEAD_WEIGHT`, within
    `LEAD_BOUND`. The confidence grows with the strength of the evidence and falls where it disagrees.

    Raises:
        CannotSay: there is no evidence at all.
    """
    strength = headline.strength + LEAD_WEIGHT * lead.strength
    if not strength:
        if headline.neutral or lead.neutral:
            return AssetScore(0.0, NEUTRAL_CONFIDENCE, "no news for the price")
        raise CannotSay("no word of the text is in the lexicon")
    total = headline.total + max(-LEAD_BOUND, min(LEAD_BOUND, LEAD_WEIGHT * lead.total))
    agreement = abs(headline.total + LEAD_WEIGHT * lead.total) / strength
    confidence = HIGHEST_CONFIDENCE * strength / (strength + HALF_CONFIDENT) * (0.5 + 0.5 * agreement)
    return AssetScore(total / math.sqrt(total * total + ALPHA), confidence, _rationale(headline, lead))


def _rationale(headline: Evidence, lead: Evidence) -> str:
    words = headline.valences or lead.valences
    strongest = sorted(words, key=lambda word: -abs(word[1]))[:4]
    named = ", ".join(f"{as_term(word)} {valence:+.1f}" for word, valence in strongest)
    return f"{'headline' if headline.valences else 'text'}: {named}"
