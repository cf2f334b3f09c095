"""The three messages of the pipeline: immutable, typed, and refusing what they do not know.

Field names are those of the specification. `decode` is the only way in, `encode` the only way out, so a
message that exists in memory is a valid one.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.common.errors import NeverWorks
from services.common.values import EventType, Label, Pair, Scope, Timeframe, UtcTime, label_of

SCHEMA_VERSION = 1
MAX_BODY_BYTES = 1024 * 1024
MAX_PROBLEMS = 5
MAX_FIELD_CHARS = 60
MAX_PROBLEM_CHARS = 200

Text = Annotated[str, Field(max_length=200_000)]
ShortText = Annotated[str, Field(max_length=2_000)]
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:\-]+$")]
SourceName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.\-]+$")]
Price = Annotated[float, Field(gt=0)]
Score = Annotated[float, Field(ge=-1, le=1)]
Confidence = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]


class Message(BaseModel):
    """Base of the messages: frozen, strict types, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def encode(self) -> bytes:
        """The message as UTF-8 JSON."""
        return self.model_dump_json().encode()


class CandleData(Message):
    """Prices in the quote currency, volume in the base currency."""

    open: Price
    high: Price
    low: Price
    close: Price
    volume: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _high_and_low_enclose(self) -> Self:
        if not self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise ValueError("open and close must lie between low and high")
        return self


class MarketData(Message):
    """One closed candle. `timestamp` is when it opened, `collected_at` when we had it closed."""

    type: Literal["market_data"] = "market_data"
    source: SourceName
    symbol: Pair
    timeframe: Timeframe
    timestamp: UtcTime
    timestamp_ms: Annotated[int, Field(ge=0)]
    data: CandleData
    collected_at: UtcTime


class NewsArticle(Message):
    """One article. `published` is never later than `fetched_at`, whatever the feed claims.

    `weight` is how much its source counts beside others where signals are added up; 1 is normal.
    """

    type: Literal["news_article"] = "news_article"
    article_id: Identifier
    source: SourceName
    title: Annotated[str, Field(min_length=1, max_length=2_000)]
    link: ShortText
    summary: Text = ""
    content: Text = ""
    published: UtcTime
    fetched_at: UtcTime
    weight: Weight = 1.0

    @model_validator(mode="after")
    def _not_published_after_it_was_fetched(self) -> Self:
        if self.published > self.fetched_at:
            raise ValueError("published must not be later than fetched_at")
        return self


class SentimentSignal(Message):
    """What one article means for one pair, on a scale from -1 (very bearish) to +1 (very bullish).

    `corroboration` is the number of further sources that told the same story when this revision was made; `weight` is
    that of the source that told it first, as in `NewsArticle`.
    """

    type: Literal["sentiment_signal"] = "sentiment_signal"
    article_id: Identifier
    pair: Pair
    source: SourceName
    headline: Annotated[str, Field(max_length=2_000)]
    sentiment_score: Score
    sentiment_label: Label
    published: UtcTime
    analyzed_at: UtcTime
    model: Annotated[str, Field(min_length=1, max_length=200)]
    revision: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    confidence: Confidence = 0.5
    rationale: ShortText = ""
    scope: Scope = Scope.ASSET
    available_at: UtcTime | None = None
    degraded: bool = False
    event_type: EventType = EventType.OTHER
    corroboration: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    weight: Weight = 1.0

    @model_validator(mode="after")
    def _label_belongs_to_score(self) -> Self:
        expected = label_of(self.sentiment_score)
        if self.sentiment_label is not expected:
            raise ValueError(
                f"sentiment_label must be {expected.value!r} for a score of {self.sentiment_score}"
            )
        return self

    @model_validator(mode="after")
    def _not_published_after_it_was_analyzed(self) -> Self:
        if self.published > self.analyzed_at:
            raise ValueError("published must not be later than analyzed_at")
        return self


M = TypeVar("M", bound=Message)


def decode(body: bytes, model: type[M]) -> M:
    """Read a message of the given type from a JSON body.

    Raises:
        NeverWorks: the body is too large, not JSON, of another type, or has a field that is missing,
            unknown or out of range. The text names the fields, not their whole values.
    """
    if len(body) > MAX_BODY_BYTES:
        raise NeverWorks(f"message of {len(body)} bytes is over the limit of {MAX_BODY_BYTES}")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise NeverWorks(f"not a valid {model.__name__}: {_problems(error)}") from None


def _problems(error: ValidationError) -> str:
    """The first problems, each in few words: names of fields and some values are the sender's, of any length."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[:MAX_PROBLEMS]
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])[:MAX_FIELD_CHARS] or 'message'}: "
        f"{problem['msg'][:MAX_PROBLEM_CHARS]}"
        for problem in found
    )
