"""The messages of the pipeline. They are immutable and typed; writing is strict and reading is tolerant.

Field names are those of the specification. Messages are read with `decode` only and written with `encode` only, so
every message in memory is valid. We write no other fields, and times always have an offset. A message that we read
may come from another program or a newer version: see `decode`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from services.common.errors import NeverWorks
from services.common.message_fields import (
    Confidence,
    Event,
    Headline,
    Identifier,
    Message,
    ModelName,
    OwnerName,
    Price,
    Score,
    ShortText,
    SourceName,
    Text,
    Time,
    Weight,
    Word,
)
from services.common.text.message_text import Reading, mended
from services.common.values import EventType, Label, Pair, PairOrAsset, Scope, Timeframe, label_of

SCHEMA_VERSION = 1
MAX_BODY_BYTES = 1024 * 1024
MAX_PROBLEMS = 5
MAX_FIELD_CHARS = 60
MAX_PROBLEM_CHARS = 200


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


class ScoringReceipt(Message):
    """The answer on which the scores of an article are based, and its cost.

    Attributes:
        model: the model of the scorer, as in the signals.
        digest: a further identifier of the model, such as the hash of its weights; may be empty.
        prompt_version: the version of the prompt.
        answer: the last output of the language model, cut to a limit. If no language model was asked, the scores and
            their reasons as JSON, keyed by ticker.
        tokens: the number of tokens in all prompts and answers, as counted by the server; 0 if none was counted.
        latency: the time from the first request to the last answer, in seconds; 0 if no language model was asked.
    """

    model: ModelName
    digest: ShortText = ""
    prompt_version: Annotated[int, Field(ge=0, le=1_000_000)]
    answer: Text = ""
    tokens: Annotated[int, Field(ge=0)] = 0
    latency: Annotated[float, Field(ge=0)] = 0.0


class NewsScored(Message):
    """The end of the processing of one article.

    Attributes:
        outcome: the way in which it ended, such as `scored`, `abstained`, `expired` or `dead_lettered`; a newer
            writer may know others.
        reason: why there are no signals, or why there are signals other than the article's own.
        story: the id of the first article of the story; empty if it is unknown.
        suspicions: the kinds of content in the article that seem to be meant to steer a language model.
        receipt: None if no scorer was asked, or if its answer was not kept.
    """

    type: Literal["news_scored"] = "news_scored"
    article_id: Identifier
    outcome: Word
    reason: ShortText = ""
    story: Identifier | Literal[""] = ""
    suspicions: tuple[Word, ...] = ()
    receipt: ScoringReceipt | None = None
    scored_at: Time


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
