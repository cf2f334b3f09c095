"""The port of a scorer, which scores the meaning of an article for assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.common.errors import CannotSay, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.values import EventType
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset


@dataclass(frozen=True, slots=True)
class AssetScore:
    """The meaning of an article for one asset.

    Attributes:
        score: -1 (very bearish) to +1 (very bullish).
        confidence: 0 (a guess) to 1 (certain).
        rationale: one short line that explains the score to a person.
        event_type: the kind of news.

    Raises:
        ValueError: a number is out of range or not a number.
    """

    score: float
    confidence: float
    rationale: str = ""
    event_type: EventType = EventType.OTHER

    def __post_init__(self) -> None:
        if not -1.0 <= self.score <= 1.0:  # false for NaN as well
            raise ValueError(f"a score of {self.score} is not between -1 and 1")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a confidence of {self.confidence} is not between 0 and 1")


@dataclass(frozen=True, slots=True)
class Usage:
    """The last answer of a language model, and the cost of getting it.

    Attributes:
        digest: an identifier of the model's weights, or the server's description of itself; empty if the server
            states neither of these.
        answer: the last output of the model, cut to a limit.
        requests: the number of requests that were needed.
        prompt_tokens: the number of tokens in all prompts, as counted by the server; 0 if the server does not count
            them.
        answer_tokens: the number of tokens in all answers, counted in the same way.
        seconds: the time from the first request to the last answer.
    """

    digest: str
    answer: str
    requests: int
    prompt_tokens: int
    answer_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one article by ticker. If a ticker is missing, the scorer abstains on it.

    Attributes:
        model: the name of the model that made these scores, as in the signals.
        degraded: whether a fallback made the scores because the configured scorer is unavailable.
        usage: the usage of the language models that were asked, in their order.
    """

    model: str
    by_ticker: Mapping[str, AssetScore]
    degraded: bool = False
    usage: tuple[Usage, ...] = ()


class Abstained(CannotSay):
    """The scorer abstains on every asset, after a language model was asked.

    Attributes:
        usage: the usage of the requests.
    """

    def __init__(self, message: str, usage: tuple[Usage, ...] = ()) -> None:
        super().__init__(message)
        self.usage = usage


class Unusable(Abstained):
    """A language model gave no answer that can be used, which says nothing about the article.

    No receipt is kept, because the same question may be answered with more room for the answer or by another model.
    """


class RefusesAll(TryLater):
    """The scorer's server answers but refuses every article. An ensemble may continue without this scorer."""


class Scorer(Protocol):
    """Scores one article for several assets in one call. All methods may be called from any thread."""

    @property
    def name(self) -> str:
        """The kind of scorer, such as `lexicon` or `ollama`, which is a label of metrics."""
        ...

    @property
    def model(self) -> str:
        """The name of the model, as in the signals. The name of a lexicon changes with its words."""
        ...

    @property
    def articles_at_once(self) -> int:
        """The best number of articles to take from the queue at once, which is 1 if scoring an article takes long."""
        ...

    @property
    def patience(self) -> float:
        """The time in seconds that a score or check may take by the scorer's own limits. A longer call is stuck."""
        ...

    def check(self) -> None:
        """Make sure that scoring can work. If there is a server, have it score a sample article.

        Raises:
            TryLater: the server is unavailable or busy, lacks the model, or refuses us; the message says what to do.
            RefusesAll: as TryLater, if other scorers can continue without this scorer.
            StopProgram: the settings or files of this machine cannot be used.
        """
        ...

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Score an article for each of `assets`, which contains at least one asset.

        Raises:
            TryLater: the server is unavailable, busy or too slow, so nothing is known about the article.
            CannotSay: the scorer abstains on every asset, which is not a score of zero.
            Unusable: the answer of the scorer cannot be used.
            NeverWorks: the server refuses this very request, and will refuse it again.
        """
        ...

    def health(self) -> DependencyHealth:
        """Report the state of the scorer when it was last used. Never waits for the network."""
        ...

    def digest(self) -> str:
        """Return an identifier of all that decides the scores besides `model`, such as the weights; may be empty."""
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...
