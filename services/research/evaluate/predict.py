"""Makes the predictions of scorers and baselines for labelled texts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.common.errors import CannotSay, NeverWorks
from services.common.values import Label, label_of
from services.research.evaluate.labelled import Sentiment
from services.research.progress import Progress
from services.sentiment_analyzer.article.text import MAX_TITLE_CHARS, ArticleText, clean
from services.sentiment_analyzer.matching.assets import MARKET, Asset
from services.sentiment_analyzer.matching.matcher import About, AssetMatcher
from services.sentiment_analyzer.scorers.port import AssetScore, Scorer

VADER_THRESHOLD = 0.05
"""The threshold that VADER's authors advise: a compound score beyond it is positive or negative (Hutto and
Gilbert, 2014)."""
_SHOW_EVERY_SECONDS = 0.2

_CLASSES = {
    Label.VERY_BULLISH: Sentiment.POSITIVE,
    Label.BULLISH: Sentiment.POSITIVE,
    Label.NEUTRAL: Sentiment.NEUTRAL,
    Label.BEARISH: Sentiment.NEGATIVE,
    Label.VERY_BEARISH: Sentiment.NEGATIVE,
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """The class of a text, or None if the scorer abstains; and the confidence (0..1), or None if none is given."""

    sentiment: Sentiment | None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One scorer's predictions, in the order of the texts, and the time in seconds that they took."""

    scorer: str
    model: str
    predictions: tuple[Prediction, ...]
    seconds: float


Predict = Callable[[str], Prediction]


def predict_all(
    scorer: str, model: str, predict: Predict, texts: Sequence[str], *, at_once: int = 1, progress: Progress
) -> Run:
    """Predict the classes of all texts; `at_once` texts are processed at the same time.

    Raises:
        TryLater: the scorer raised it. The run stops then, because figures of some of the texts would be mistaken for
            figures of all texts.
    """
    predictions: list[Prediction] = []
    start = shown = time.perf_counter()
    for prediction in _in_order(predict, texts, at_once):
        predictions.append(prediction)
        now = time.perf_counter()
        if now - shown >= _SHOW_EVERY_SECONDS:  # showing progress takes time that would count as the scorer's
            shown = now
            progress(len(predictions), len(texts))
    return Run(scorer, model, tuple(predictions), time.perf_counter() - start)


def _in_order(predict: Predict, texts: Sequence[str], at_once: int) -> Iterator[Prediction]:
    if at_once == 1:
        yield from map(predict, texts)
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield from pool.map(predict, texts)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class WithScorer:
    """Predicts with one of the product's scorers and the product's labels, whose thresholds are +-0.3.

    A text is scored as a headline: for its coin if it is about exactly one coin, otherwise for the market.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._matcher = AssetMatcher.of_all_assets()

    def __call__(self, text: str) -> Prediction:
        """Return the class of a text, or no class if the scorer abstains. Raises TryLater if the scorer does."""
        score = self.score(text)
        if score is None:
            return Prediction(None)
        return Prediction(_CLASSES[label_of(score.score)], score.confidence)

    def score(self, text: str) -> AssetScore | None:
        """Return the score of a text. A request that a server refuses counts as an abstention.

        Raises:
            TryLater: the scorer raised it.
        """
        article = ArticleText(clean(text, MAX_TITLE_CHARS))
        asset = self._asset(article)
        try:
            return self._scorer.score(article, [asset]).by_ticker.get(asset.ticker)
        except (CannotSay, NeverWorks):
            return None

    def _asset(self, article: ArticleText) -> Asset:
        match = self._matcher.match(article)
        alone = match.about is About.ASSETS and len(match.targets) == 1
        return match.targets[0].asset if alone else MARKET


def always_neutral(_text: str) -> Prediction:
    """Predict neutral for every text; this is the baseline that needs no knowledge."""
    return Prediction(Sentiment.NEUTRAL)


class PlainVader:
    """The baseline without domain vocabulary, which is VADER as published."""

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()

    def __call__(self, text: str) -> Prediction:
        """Return the class by VADER's compound score."""
        compound = self._analyzer.polarity_scores(text)["compound"]
        if compound >= VADER_THRESHOLD:
            return Prediction(Sentiment.POSITIVE)
        return Prediction(Sentiment.NEGATIVE if compound <= -VADER_THRESHOLD else Sentiment.NEUTRAL)
