"""The port of a scorer, which says what an article means for assets."""

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
    """What an article means for one asset.

    Attributes:
        score: -1 (very bearish) to +1 (very bullish).
        confidence: 0 (a guess) to 1 (certain).
        rationale: one short line for a person.
        event_type: what kind of news it is.

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
    """An answer of a language model, and what it cost.

    Attributes:
        digest: identifies the model's weights, or what the server says about itself; empty where it says nothing.
        answer: what the model printed last, bounded.
        requests: how many were needed.
        prompt_tokens: of all requests together, as the server counts them; 0 where it does not.
        answer_tokens: likewise.
        seconds: from the first request to the last answer.
    """

    digest: str
    answer: str
    requests: int
    prompt_tokens: int
    answer_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one article by ticker. A ticker left out is one on which the scorer abstains.

    Attributes:
        model: name of the model that made these scores, as it stands in the signals.
        degraded: a fallback made them, because the configured scorer is away.
        usage: of the language models that were asked, in their order.
    """

    model: str
    by_ticker: Mapping[str, AssetScore]
    degraded: bool = False
    usage: tuple[Usage, ...] = ()


class Abstained(CannotSay):
    """The scorer abstains on every asset, after a language model was asked.

    Attributes:
        usage: of the requests.
    """

    def __init__(self, message: str, usage: tuple[Usage, ...] = ()) -> None:
        super().__init__(message)
        self.usage = usage


class Unusable(Abstained):
    """A language model gave no answer that can be used, which says nothing about the article.

    There is no receipt of it: with more room for the answer, or another model, the same question may be answered.
    """


class RefusesAll(TryLater):
    """The scorer's server answers and refuses every article. An ensemble may go on without this scorer."""


class Scorer(Protocol):
    """Scores one article for several assets in one call. All methods may be called from any thread."""

    @property
    def name(self) -> str:
        """The kind of scorer, a label of metrics: `lexicon`, `ollama`."""
        ...

    @property
    def model(self) -> str:
        """Name of the model, as it stands in the signals; that of a lexicon changes with its words."""
        ...

    @property
    def articles_at_once(self) -> int:
        """How many articles it pays to take from the queue together: 1 where each takes long."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that one score, or a check, may take by the scorer's own time limits. Beyond them a call is stuck."""
        ...

    def check(self) -> None:
        """Make sure that scoring can work: where there is a server, by having it score a sample article.

        Raises:
            TryLater: the server is away or busy, lacks the model, or refuses us; says what to do.
            RefusesAll: of these, where others can do without it.
            StopProgram: the settings or files of this machine cannot be used.
        """
        ...

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Score an article for each of `assets`, at least one.

        Raises:
            TryLater: the server is away, busy or too slow; nothing is known about the article.
            CannotSay: it abstains on every asset. That is not a score of zero.
            Unusable: what it answered cannot be used.
            NeverWorks: the server refuses this very request, and will again.
        """
        ...

    def health(self) -> DependencyHealth:
        """How it was when last used. Never waits for the network."""
        ...

    def digest(self) -> str:
        """Identifies what decides the scores besides `model`, such as the weights, as far as is known; may be empty."""
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...
