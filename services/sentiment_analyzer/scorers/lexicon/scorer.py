"""The baseline scorer: words with valences, and rules for words that change others. Needs no server and no network.

The words are a crypto lexicon of our own over VADER's general one. It reads words, not meaning, so it is called a
baseline in the model name of every signal. It abstains on a headline in which it knows no word, of this field or of
English.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.common.errors import CannotSay
from services.common.runtime.health import DependencyHealth
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.lexicon.clauses import parts_by_asset
from services.sentiment_analyzer.scorers.lexicon.comparisons import compare_assets
from services.sentiment_analyzer.scorers.lexicon.data import Lexicon, as_term, load_lexicon
from services.sentiment_analyzer.scorers.lexicon.events import event_reader
from services.sentiment_analyzer.scorers.lexicon.rules import compare_figures, read
from services.sentiment_analyzer.scorers.port import AssetScore, Scores

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
UNMOVED_CONFIDENCE = 0.1
"""Of an English headline without a word that is good, bad, or a sign of no news."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the words of one text say.

    Attributes:
        valences: of the words that count.
        neutral: how many say "no news here".
        understood: the text is English, so that words which say nothing are not just words that nobody knows.
    """

    valences: tuple[tuple[str, float], ...]
    neutral: int
    understood: bool = False

    @property
    def total(self) -> float:
        """The sum of the valences."""
        return sum(valence for _, valence in self.valences)

    def weakened(self, weight: float) -> Evidence:
        """The same words of a text that does not claim what they say."""
        return replace(
            self,
            valences=tuple((word, valence * weight) for word, valence in self.valences),
            neutral=self.neutral + 1,
        )

    @property
    def strength(self) -> float:
        """The sum of the absolute valences."""
        return sum(abs(valence) for _, valence in self.valences)


class LexiconScorer:
    """Scores by words: each asset by its own clause of the headline, if it has one. Threads may share it."""

    name = "lexicon"
    articles_at_once = 25
    patience = 0.0

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load_lexicon()
        self._valences = {**_general_valences(self._lexicon), **self._lexicon.valences}
        self.model = f"lexicon-baseline-{self._lexicon.version}"

    def check(self) -> None:
        """Nothing can be missing."""

    def health(self) -> DependencyHealth:
        """Always ok."""
        return DependencyHealth(ok=True, detail=self.model)

    def digest(self) -> str:
        """Empty: the name of the model identifies it."""
        return ""

    def close(self) -> None:
        """Nothing to close."""

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Score by the headline, moved a little by the lead.

        Raises:
            CannotSay: no word of the text is known to mean anything here.
        """
        headline = self._headline(text.title, text.title)
        lead = self.evidence(text.body[:LEAD_CHARS])
        parts: Mapping[str, str] = {}
        if len(assets) > 1 and headline.valences:
            parts = parts_by_asset(text.title, assets, self._says_something)
        own = {ticker: self._headline(part, text.title) for ticker, part in parts.items()}
        own |= self._compared(text.title, parts, assets)
        event = event_reader()(text.title, text.body)
        shared = None
        scores: dict[str, AssetScore] = {}
        for asset in assets:
            if asset.ticker in own:
                score = weigh(own[asset.ticker], lead)
            else:
                score = shared = shared or weigh(headline, lead)
            scores[asset.ticker] = replace(score, event_type=event)
        return Scores(self.model, scores)

    def _compared(
        self, headline: str, parts: Mapping[str, str], assets: Sequence[Asset]
    ) -> dict[str, Evidence]:
        """What a headline says of coins that it holds against one another, each in its own part."""
        found: dict[str, Evidence] = {}
        for text in dict.fromkeys(parts.values()) or [headline]:
            compared = compare_assets(text, assets, self._lexicon.comparisons)
            for ticker, (valence, rest) in compared.items():
                if parts.get(ticker, text) != text:
                    continue
                besides = self._headline(rest, headline)
                weight = QUESTION_WEIGHT if self._lexicon.asks(headline) else 1.0
                valences = (("held_against_another", valence * weight), *besides.valences)
                found[ticker] = replace(besides, valences=valences)
        return found

    def _says_something(self, piece: str) -> bool:
        found = self.evidence(piece)
        return bool(found.valences or found.neutral)

    def _headline(self, part: str, headline: str) -> Evidence:
        """What a part of a headline says; half of it where the headline only asks."""
        found = self.evidence(part)
        return found.weakened(QUESTION_WEIGHT) if self._lexicon.asks(headline) else found

    def evidence(self, text: str) -> Evidence:
        """What the words of a text say."""
        tokens, neutral = self._lexicon.tokens(text), self._lexicon.neutral
        valences = [(sense.token, sense.valence) for sense in read(tokens, self._lexicon, self._valences)]
        if self._lexicon.directions.keys().isdisjoint(tokens) and (compared := compare_figures(text)):
            valences.append(("figures_compared", compared))
        return Evidence(
            tuple(valences),
            neutral=0 if neutral.isdisjoint(tokens) else sum(token in neutral for token in tokens),
            understood=not (
                self._lexicon.english.isdisjoint(tokens) and self._valences.keys().isdisjoint(tokens)
            ),
        )


@cache
def shared_lexicon_scorer() -> LexiconScorer:
    """One instance for all that use the lexicon beside another scorer."""
    return LexiconScorer()


def _general_valences(lexicon: Lexicon) -> dict[str, float]:
    """VADER's own lexicon without what means nothing here, and without its emoticons."""
    dropped = lexicon.ignored | lexicon.neutral
    return {
        word: valence
        for word, valence in SentimentIntensityAnalyzer().lexicon.items()
        if abs(valence) >= FAINTEST_VALENCE and word.isalpha() and word not in dropped
    }


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
        if headline.understood:
            return AssetScore(0.0, UNMOVED_CONFIDENCE, "nothing good or bad in it")
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
