"""The variables of the news sources: where they are listed, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from services.common.settings.sources import PROJECT_ROOT

Seconds = Annotated[float, Field(gt=0)]


class NewsSettings(BaseSettings):
    """The part of `Settings` that says which sources are read, how often, and how much of them is published."""

    news_poll_interval: Annotated[Seconds, Field(description="pause between two polls of a source")] = 300.0
    news_sources_file: Annotated[Path, Field(description="TOML file of the news sources")] = (
        PROJECT_ROOT / "services/data_ingestor/news_sources.toml"
    )
    news_timeout: Annotated[Seconds, Field(description="longest time one feed may take")] = 20.0
    news_max_feed_bytes: Annotated[int, Field(ge=1024, description="a larger feed is refused")] = 5_000_000
    news_max_age_hours: Annotated[
        float, Field(gt=0, description="an article older than this when first seen is not published")
    ] = 48.0
    news_source_quota: Annotated[
        int,
        Field(
            ge=1,
            description="articles an hour of a source, or of all of one owner; more wait until the queue is empty",
        ),
    ] = 40
    news_queue_slow_at: Annotated[
        int,
        Field(ge=1, description="length of the news queue from which the poller holds back and slows down"),
    ] = 1_000
    news_seen_days: Annotated[int, Field(ge=1, description="how long an article is remembered as seen")] = 60
    news_user_agent: Annotated[str, Field(min_length=1, description="how the poller introduces itself")] = (
        "CryptoBoy/0.1 (news reader)"
    )
