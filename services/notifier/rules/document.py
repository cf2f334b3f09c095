"""The file of rules as it is written: its tables and their values."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.common.settings.types import ZoneName
from services.common.values import ChosenName, EventType
from services.notifier.happening import Importance, Kind

_PERIOD = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _check_period(text: str) -> str:
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no period such as 22:00-07:00")
    if match[1] == match[3] and match[2] == match[4]:
        raise ValueError(f"{text!r} begins when it ends")
    return text


Period = Annotated[str, AfterValidator(_check_period)]
Steps = Annotated[tuple[Annotated[float, Field(gt=0, le=1000)], ...], Field(max_length=20)]
ImportanceName = Literal["info", "notable", "urgent"]


def importance_of(name: str) -> Importance:
    """The importance that a file of rules names."""
    return Importance[name.upper()]


def period_of(text: str) -> tuple[time, time]:
    """The beginning and the end of a period that was checked."""
    begin, end = (time.fromisoformat(part) for part in text.split("-"))
    return begin, end


class Table(BaseModel):
    """The base of all tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelTable(Table):
    """How much a channel is told, and where urgent notices go while it fails; None: as the whole file says."""

    importance: ImportanceName = "info"
    quiet_hours: Period | None = None
    timezone: ZoneName | None = None
    per_minute: int = Field(10, ge=1, le=600)
    urgent_per_minute: int = Field(20, ge=1, le=600)
    digest_minutes: float = Field(10, gt=0, le=1440)
    escalate_to: str | None = None
    escalate_after_seconds: float = Field(120, gt=0, le=3600)


class WatchTable(Table):
    """From where on something counts as having happened. Steps are percent, `mood` and `hysteresis` scores."""

    profit_steps: Steps = (5, 10, 25)
    loss_steps: Steps = (3, 5, 10)
    mood: float = Field(0.3, gt=0, le=1)
    hysteresis: float = Field(0.1, ge=0, lt=1)
    silent_hours: float = Field(24, gt=0)
    down_seconds: float = Field(60, gt=0)


class RuleTable(Table):
    """One rule. Empty lists and None select everything; all that is said must hold."""

    name: str = Field(min_length=1, max_length=80)
    kinds: tuple[Kind, ...] = ()
    pairs: tuple[ChosenName, ...] = ()
    sources: tuple[str, ...] = ()
    event_types: tuple[EventType, ...] = ()
    score_from: float | None = Field(None, ge=-1, le=1)
    score_to: float | None = Field(None, ge=-1, le=1)
    strength: float | None = Field(None, ge=0, le=1)
    corroboration: int | None = Field(None, ge=1, le=100)
    change: float | None = Field(None, gt=0)
    least: ImportanceName | None = None
    to: tuple[str, ...] = ()
    tell: bool = True
    importance: ImportanceName | None = None


class Document(Table):
    """The whole file."""

    preset: Literal["quiet", "normal", "everything", "none"] = "normal"
    timezone: ZoneName = "UTC"
    quiet_hours: Period | None = None
    watch: WatchTable = WatchTable()
    channels: dict[str, ChannelTable] = Field(default_factory=dict)
    rules: tuple[RuleTable, ...] = ()
