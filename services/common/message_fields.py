"""The types of the fields of messages, and the base class of messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from services.common.text.message_text import Reading, cleaned_line, cleaned_lines
from services.common.values import WRITTEN_IN_ISO, EventType, as_utc

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
Text = Annotated[str, Field(max_length=200_000), BeforeValidator(cleaned_lines)]
ShortText = Annotated[str, Field(max_length=2_000), BeforeValidator(cleaned_line)]
Headline = Annotated[str, Field(min_length=1, max_length=2_000), BeforeValidator(cleaned_line)]
ModelName = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(cleaned_line)]
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:\-]+$")]
SourceName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.\-]+$")]
OwnerName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.\-]*$")]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_\-]+$")]
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
