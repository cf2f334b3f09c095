"""The variables of the watchdogs: how long a silence, a delay or a call may last before something is done about it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

Seconds = Annotated[float, Field(gt=0)]


class WatchSettings(BaseSettings):
    """The part of `Settings` for the watchdogs. Times are seconds."""

    market_silence: Annotated[
        Seconds, Field(description="silence of a candle stream after which it is restarted")
    ] = 180.0
    news_frozen_after: Annotated[
        Seconds,
        Field(
            description="silence of a feed that counts as frozen, where three times its longest pause is no more"
        ),
    ] = 21_600.0
    lag_limit: Annotated[
        Seconds,
        Field(description="age of the messages being handled at which a service reports that it is behind"),
    ] = 600.0
    work_stuck_after: Annotated[
        Seconds,
        Field(description="time beyond its own time limit after which a call counts as stuck"),
    ] = 120.0
    work_give_up_after: Annotated[
        Seconds, Field(description="further time after which the process ends with 75, to be started again")
    ] = 120.0
