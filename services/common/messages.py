"""The three messages of the pipeline. They are immutable and typed; writing is strict and reading is tolerant.

Field names are those of the specification. Messages are read with `decode` only and written with `encode` only, so
every message in memory is valid. We write no other fields, and times always have an offset. A message that we read
may come from another program or a newer version: see `decode`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from services.common.errors import NeverWorks
from services.common.text.message_text import Reading, cleaned_line, cleaned_lines, mended
from services.common.values import (
    WRITTEN_IN_ISO,
    EventType,
    Label,
    Pair,
    PairOrAsset,
    Scope,
    Timeframe,
    as_utc,
    label_of,
)

SCHEMA_VERSION = 1
MAX_BODY_BYTES = 1024 * 1024
MAX_PROBLEMS = 5
MAX_FIELD_CHARS = 60
MAX_PROBLEM_CHARS = 200

_KINDS_OF_EVENTS = frozenset(EventType)


def _in_utc(value: datetime, info: ValidationInfo) -> datetime:
    if value.tzinfo is None:
        if not isinstance(info.context, Reading):
            raise ValueError("must have an offset from UTC")
        return value.replace(tzinfo=UTC)
    return as_utc(value)


def _known_event(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever was sent
    if isinstance(info.context, Reading) and isinstance(value, str | None):
        return EventType(value) if value in _KINDS_OF_EVENTS else EventType.OTHER
    return value


Time = Annotated[datetime, AfterValidator(_in_utc), WRITTEN_IN_ISO]
Event = Annotated[EventType, BeforeValidator(_known_event)]
Text = Annotated[str, BeforeValidator(cleaned_lines), Field(max_length=200_000)]
ShortText = Annotated[str, BeforeValidator(cleaned_line), Field(max_length=2_000)]
Headline = Annotated[str, BeforeValidator(cleaned_line), Field(min_length=1, max_length=2_000)]
ModelName = Annotated[str, BeforeValidator(cleaned_line), Field(min_length=1, max_length=200)]
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:\-]+$")]
SourceName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.\-]+$")]
OwnerName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.\-]*$")]
Price = Annotated[float, Field(gt=0)]
Score = Annotated[float, Field(ge=-1, le=1)]
Confidence = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]


class Message(BaseModel):
    """The base class of messages: frozen and strict, without NaN or infinity. Only reading ignores unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def encode(self) -> bytes:
        """Return the message as UTF-8 JSON."""
        return self.model_dump_json().encode()


class CandleData(Message):
    """The prices of a candle in the quote currency, and its volume in the base currency."""

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
    """One closed candle. `timestamp` is its opening time; `collected_at` is when we received it after its close."""

    type: Literal["market_data"] = "market_data"
    source: SourceName
    symbol: Pair
    timeframe: Timeframe
    timestamp: Time
    timestamp_ms: Annotated[int, Field(ge=0)]
    data: CandleData
    collected_at: Time


class NewsArticle(Message):
    """One article. `published` is never later than `fetched_at`, whatever the feed claims.

    `weight` is the factor of the source where signals are added up: 1 is normal, and 0 opens no trade.
    `owner` is the publisher of the source: sources of one owner count as one. If `owner` is empty, the
    source is its own owner. `hidden_text` says that the article had text that readers do not see, or see in another
    order.
    """

    type: Literal["news_article"] = "news_article"
    article_id: Identifier
    source: SourceName
    title: Headline
    link: ShortText
    summary: Text = ""
    content: Text = ""
    published: Time
    fetched_at: Time
    weight: Weight = 1.0
    owner: OwnerName = ""
    hidden_text: bool = False

    @model_validator(mode="after")
    def _not_published_after_it_was_fetched(self) -> Self:
        if self.published > self.fetched_at:
            raise ValueError("published must not be later than fetched_at")
        return self


class SentimentSignal(Message):
    """The sentiment of one article for one pair or asset, on a scale from -1 (very bearish) to +1 (very bullish).

    `corroboration` is the number of further sources that had reported the same story when this revision was made;
    `weight` and `owner` belong to the source that reported the story first, as in `NewsArticle`. `suspected` says
    that the article has text that is meant for a model or hidden from readers. `degraded` says that no entries should
    be made on the signal, because a fallback scorer made it, it is not `is_trusted`, or it is positive and
    contradicted.
    """

    type: Literal["sentiment_signal"] = "sentiment_signal"
    article_id: Identifier
    pair: PairOrAsset
    source: SourceName
    headline: ShortText
    sentiment_score: Score
    sentiment_label: Label
    published: Time
    analyzed_at: Time
    model: ModelName
    revision: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    confidence: Confidence = 0.5
    rationale: ShortText = ""
    scope: Scope = Scope.ASSET
    available_at: Time | None = None
    degraded: bool = False
    event_type: Event = EventType.OTHER
    corroboration: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    weight: Weight = 1.0
    owner: OwnerName = ""
    suspected: bool = False

    @property
    def is_trusted(self) -> bool:
        """Whether the signal may open or end a trade: it is not suspected, and its source's weight is above 0."""
        return not self.suspected and self.weight > 0

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

    A time without an offset is read as UTC, unknown fields are ignored, and an unknown kind of event becomes `other`,
    because the writer may be a newer version. Control characters are removed from texts; see `plain_text`.

    Raises:
        NeverWorks: the body is too large or not JSON, or a field is missing, of another type or out of range. The
            text names the fields but does not show their whole values.
    """
    if len(body) > MAX_BODY_BYTES:
        raise NeverWorks(f"message of {len(body)} bytes is over the limit of {MAX_BODY_BYTES}")
    reading = Reading()
    try:
        message = _read(body, model, reading)
    except ValidationError as error:
        raise NeverWorks(f"not a valid {model.__name__}: {_problems(error)}") from None
    if reading.reordered and isinstance(message, NewsArticle):
        return message.model_copy(update={"hidden_text": True})
    return message


def _read(body: bytes, model: type[M], reading: Reading) -> M:
    try:
        return model.model_validate_json(body, extra="ignore", context=reading)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] != "json_invalid":
            raise
        better = mended(body)
        if better is None:
            raise
        return model.model_validate_json(better, extra="ignore", context=reading)


_SAID = {"string_pattern_mismatch": "has characters that are not allowed there"}


def _problems(error: ValidationError) -> str:
    """Return the first problems, each shortened, because the sender's field names and values can have any length."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[:MAX_PROBLEMS]
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])[:MAX_FIELD_CHARS] or 'message'}: "
        f"{_SAID.get(problem['type'], problem['msg'])[:MAX_PROBLEM_CHARS]}"
        for problem in found
    )
