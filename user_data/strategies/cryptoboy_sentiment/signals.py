"""Defines and validates a signal, which is one article's sentiment for one pair, and frames of signals."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import (  # comes with Freqtrade
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
)

from cryptoboy_sentiment.news_events import EVENT_TYPES, OTHER

LABELS = ("very_bearish", "bearish", "neutral", "bullish", "very_bullish")
CLOCK_SKEW = timedelta(minutes=5)  # between the machines of a live system
_TIME = "datetime64[us, UTC]"
_TRUTH = {"false": False, "true": True}


class SignalError(ValueError):
    """A signal that must not be used for trading; the message names the field, its value, and the expected value."""


class Signal(NamedTuple):
    """One article's sentiment for one pair. The fields are named and ordered like the columns of the history CSV."""

    available_at: datetime  # UTC; when it could first be acted on
    published: datetime  # UTC; never later than available_at
    pair: str
    score: float  # -1..+1
    label: str
    confidence: float  # 0..1
    scope: str  # 'asset' or 'market'
    degraded: bool  # a fallback scorer made it, or nobody is to buy on it for another reason
    weight: float  # not negative
    corroboration: float  # not negative
    article_id: str
    revision: int  # a higher one corrects the same article, pair and model
    source: str
    headline: str
    model: str
    owner: str = ""  # who publishes the source; empty: the source is its own owner
    suspected: bool = False  # something in the article was meant for a machine
    event_type: str = OTHER  # one of `EVENT_TYPES`


def moment_of(value: object) -> datetime:
    """Convert an ISO 8601 time to UTC. Raises ValueError if the text is not a time or has no offset."""
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("no offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar, in some zones
        raise ValueError("outside of the calendar") from None


def _truth(value: object) -> bool:
    truth = _TRUTH.get(str(value).lower())
    if truth is None:
        raise ValueError("neither")
    return truth


def _whole(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.isascii():  # int() takes the digits of every script
        raise ValueError("digits of another script")
    return int(value)  # pydantic takes 1.0 as text for a whole number


def _known_event(value: object) -> str:
    # A newer version may write kinds that this version does not know: the signal counts all the same.
    return value if isinstance(value, str) and value in EVENT_TYPES else OTHER


TIME = Field(description="ISO 8601 with an explicit offset, as 2025-10-29T10:00:00+00:00")

Moment = Annotated[datetime, PlainValidator(moment_of), TIME]
Name = Annotated[str, Field(pattern=r"\S", description="text that is not empty")]
Text = Annotated[str, Field(description="text")]
Score = Annotated[float, Field(ge=-1, le=1, description="a number from -1 to 1")]
Share = Annotated[float, Field(ge=0, le=1, description="a number from 0 to 1")]
Weight = Annotated[float, Field(ge=0, description="a number that is not negative")]
Label = Annotated[
    Literal["very_bearish", "bearish", "neutral", "bullish", "very_bullish"],
    Field(description="one of " + ", ".join(LABELS)),
]
Scope = Annotated[Literal["asset", "market"], Field(description="asset or market")]
Truth = Annotated[bool, PlainValidator(_truth), Field(description="true or false")]
EventType = Annotated[str, PlainValidator(_known_event), Field(description="text")]
Revision = Annotated[
    int, BeforeValidator(_whole), Field(ge=0, lt=2**63, description="a whole number that is not negative")
]


class SignalFields(BaseModel):
    """The fields of a `Signal` as in a line of the history CSV. Other fields are ignored."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    available_at: Moment
    published: Moment
    pair: Name
    score: Score
    label: Label
    confidence: Share
    scope: Scope
    degraded: Truth
    weight: Weight
    corroboration: Weight
    article_id: Name
    revision: Revision
    source: Text
    headline: Text
    model: Name
    owner: Text = ""  # older files and messages lack it, and the next two
    suspected: Truth = False
    event_type: EventType = OTHER

    def signal(self, skew: timedelta = timedelta(0)) -> Signal:
        """Create the signal, whose `published` must not be later than its `available_at`.

        Because clocks differ, a `published` that is later by at most `skew` is set to `available_at`.

        Raises:
            SignalError: the signal was published more than `skew` after it was available.
        """
        if self.published > self.available_at + skew:
            raise SignalError(
                f"available_at is {self.available_at.isoformat()}, "
                f"expected no earlier than published, {self.published.isoformat()}"
            )
        signal = Signal(**self.__dict__)
        return (
            signal._replace(published=signal.available_at)
            if signal.published > signal.available_at
            else signal
        )


LATER_FIELDS = frozenset(name for name, field in SignalFields.model_fields.items() if not field.is_required())
"""The fields that older files lack."""


def parse_signal(cells: Mapping[str, str]) -> Signal:
    """Validate a signal given as texts named like the fields of `Signal`. `LATER_FIELDS` may be missing.

    Raises:
        SignalError: a field is missing, malformed, out of range or contradicts another field.
    """
    try:
        return SignalFields.model_validate_strings(cells).signal()
    except ValidationError as error:
        raise refusal(error, SignalFields) from None


def refusal(error: ValidationError, fields: type[SignalFields]) -> SignalError:
    """The error to raise for the first field that is not valid."""
    first = error.errors(include_url=False, include_context=False)[0]
    if not first["loc"]:
        return SignalError(f"not JSON, or no object ({first['msg'][:80]})")
    name, field = next(
        (name, field)
        for name, field in fields.model_fields.items()
        if first["loc"][0] in {name, field.validation_alias}
    )
    shown = "missing" if first["type"] == "missing" else repr(str(first["input"])[:80])
    return SignalError(f"{name} is {shown}, expected {field.description}")


def signals_frame(signals: Iterable[Signal]) -> pd.DataFrame:
    """A typed frame of signals: one row per signal, columns as in `Signal`, times as datetime64[us, UTC]."""
    return typed_frame(pd.DataFrame(list(signals), columns=list(Signal._fields)))


def typed_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with the columns of `Signal` in the right types, which are set even if the frame has no rows."""
    types = dict.fromkeys(Signal._fields, "str")
    types |= dict.fromkeys(("available_at", "published"), _TIME)
    types |= dict.fromkeys(("score", "confidence", "weight", "corroboration"), "float64")
    types |= {"revision": "int64", "degraded": "bool", "suspected": "bool"}
    return frame.astype(types)
