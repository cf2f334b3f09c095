"""The variables of the watchdogs: how long a silence, a delay or a call may last before something is done about it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

Seconds = Annotated[float, Field(gt=0)]


class WatchSettings(BaseSettings):
    """The part of `Settings` that the watchdogs live by. Times are seconds."""

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
        Seconds, Field(description="age of what is dealt with at which a service says that it is behind")
    ] = 600.0
    work_stuck_after: Annotated[
        Seconds,
        Field(
            description="time beyond its own bound after which a call that does not return counts as stuck"
        ),
    ] = 120.0
    work_give_up_after: Annotated[
        Seconds, Field(description="further time after which the process ends with 75, to be started again")
    ] = 120.0
