"""The variables of the watchdogs: the longest silence, delay or call before a watchdog reacts."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.common.settings.types import Seconds


class WatchSettings(BaseModel):
    """The part of `Settings` for the watchdogs. Times are seconds."""

    market_silence: Seconds = Field(
        180.0, description="silence of a candle stream after which it is restarted"
    )
    news_frozen_after: Seconds = Field(
        21_600.0,
        description="silence of a feed that counts as frozen, where three times its longest pause is no more",
    )
    lag_limit: Seconds = Field(
        600.0, description="age of the messages being handled at which a service reports that it is behind"
    )
    work_stuck_after: Seconds = Field(
        120.0, description="time beyond its own time limit after which a call counts as stuck"
    )
    work_give_up_after: Seconds = Field(
        120.0, description="further time after which the process ends with 75, to be started again"
    )
