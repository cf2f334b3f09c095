"""The baseline scorer, which uses the valences of words and needs neither a server nor a network.

The valences come from the crypto lexicon of this program and from VADER's general lexicon, which the crypto lexicon
overrides. Rules describe words that change the valences of other words. The scorer reads words, not meaning, so the
model name in every signal calls the scorer a baseline. The scorer abstains on a headline without any known word, be
it a word of this field or of English.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.common.errors import CannotSay
from services.common.runtime.health import DependencyHealth
from services.common.values import COSTLY
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
"""A general word with a smaller absolute valence on VADER's scale of 4 is ignored as noise."""
ALPHA = 15.0
"""VADER's constant, which normalises a sum of valences s to s / sqrt(s^2 + 15) (Hutto and Gilbert, 2014, compound
score)."""
LEAD_WEIGHT = 0.3
LEAD_BOUND = 1.5
"""The maximum amount that the lead may add to or subtract from the sum of valences. It is smaller than the valence of
one plain word in the headline."""
QUESTION_WEIGHT = 0.5
"""The factor on the valences of the words in a headline that only asks a question."""
HALF_CONFIDENT = 3.0
"""The sum of absolute valences at which the strength of the evidence counts half."""
HIGHEST_CONFIDENCE = 0.8
NEUTRAL_CONFIDENCE = 0.2
UNMOVED_CONFIDENCE = 0.1
"""The confidence for an English headline without a word that is good, bad or a sign of no news."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence in the words of one text.

    Attributes:
        valences: the words that count, and their valences.
        neutral: the number of words that say "no news here".
        understood: whether the text is English. If it is not, words without a valence may just be unknown words.
    """

    valences: tuple[tuple[str, float], ...]
    neutral: int
    understood: bool = False

    @property
    def total(self) -> float:
        """The sum of the valences."""
        return sum(valence for _, valence in self.valences)

    def weakened(self, weight: float) -> Evidence:
        """Return the same evidence with smaller valences, for a text that does not claim what its words say."""
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
    """Scores by words. An asset's own clause of the headline counts instead of the headline. Threads may share it."""

    name = "lexicon"
    articles_at_once = 25
    patience = 0.0

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load_lexicon()
        self._valences = {**_general_valences(self._lexicon), **self._lexicon.valences}
        self.model = f"lexicon-baseline-{self._lexicon.version}"

    def check(self) -> None:
        """Do nothing, because this scorer needs nothing that could be unavailable."""

    def health(self) -> DependencyHealth:
        """Report ok, which this scorer always is."""
        return DependencyHealth(ok=True, detail=self.model)

    def digest(self) -> str:
        """Return an empty text, because the name of the model is identification enough."""
        return ""

    def close(self) -> None:
        """Do nothing, because there is nothing to close."""

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Score by the headline, slightly adjusted by the lead.

        Raises:
            CannotSay: no word of the text is known to mean anything here.
        """
        event = event_reader()(text.title, text.body)
        headline = self._headline(text.title, text.title)
        if event in COSTLY:  # an abstention would keep it from strategies that stand aside after such news
            headline = replace(headline, understood=True)
        lead = self.evidence(text.body[:LEAD_CHARS])
        parts: Mapping[str, str] = {}
        if len(assets) > 1 and headline.valences:
            parts = parts_by_asset(text.title, assets, self._says_something)
        own = {ticker: self._headline(part, text.title) for ticker, part in parts.items()}
        own |= self._compared(text.title, parts, assets)
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
        """Return the evidence for each coin whose own part of the headline compares the coin with another coin."""
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
        """Return the evidence in a part of a headline, with half the valences if the headline only asks."""
        found = self.evidence(part)
        return found.weakened(QUESTION_WEIGHT) if self._lexicon.asks(headline) else found

    def evidence(self, text: str) -> Evidence:
        """Return the evidence in the words of a text."""
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
    """Return the one instance for all code that uses the lexicon in addition to another scorer."""
    return LexiconScorer()


def _general_valences(lexicon: Lexicon) -> dict[str, float]:
    """Return VADER's own lexicon without its emoticons, faint words and the words that mean nothing here."""
    dropped = lexicon.ignored | lexicon.neutral
    return {
        word: valence
        for word, valence in SentimentIntensityAnalyzer().lexicon.items()
        if abs(valence) >= FAINTEST_VALENCE and word.isalpha() and word not in dropped
    }


def weigh(headline: Evidence, lead: Evidence) -> AssetScore:
    """Make one score from the evidence in headline and lead.

    The score is VADER's compound score of the headline's valences plus the lead's valences. The lead's are weighted
    by `LEAD_WEIGHT` and limited to `LEAD_BOUND`. The confidence grows with the strength of the evidence, and falls if
    parts of the evidence disagree.

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
