"""Converts members of a pair's sorted set, which are `sentiment_signal` messages in JSON, to signals."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field, PlainValidator, ValidationError

from cryptoboy_sentiment.signals import (
    CLOCK_SKEW,
    TIME,
    Label,
    Revision,
    Scope,
    Score,
    Share,
    Signal,
    SignalError,
    SignalFields,
    Truth,
    Weight,
    moment_of,
    refusal,
)

_TIME_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?", re.ASCII)


def _moment(value: object) -> datetime:
    text = str(value)
    return moment_of(f"{text}+00:00" if _TIME_WITHOUT_OFFSET.fullmatch(text) else text)


Moment = Annotated[datetime, PlainValidator(_moment), TIME]


class MessageFields(SignalFields):
    """The fields of a `Signal` in a message, with defaults for fields that the specification does not require.

    A time without an offset is in UTC.
    """

    available_at: Moment
    published: Moment
    score: Annotated[Score, Field(validation_alias="sentiment_score")]
    label: Annotated[Label, Field(validation_alias="sentiment_label")]
    confidence: Share = 0.5
    scope: Scope = "asset"
    degraded: Truth = False
    weight: Weight = 1.0
    corroboration: Weight = 0.0
    revision: Revision = 0


def decode_member(member: bytes, pair: str) -> Signal:
    """The signal in a member of a pair's sorted set.

    Raises:
        SignalError: the member is not JSON, is not a valid signal, or belongs to another pair.
    """
    try:
        fields = MessageFields.model_validate_json(member)
    except ValidationError as error:
        raise refusal(error, MessageFields) from None
    if fields.pair != pair:
        raise SignalError(f"pair is {fields.pair!r}, expected {pair}")
    return fields.signal(CLOCK_SKEW)
