"""The variables of the news sources: where they are listed, and how they are read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from services import __version__
from services.common.settings.folders import PROJECT_ROOT
from services.common.settings.types import Seconds


class NewsSettings(BaseModel):
    """The part of `Settings` that says which sources are read, how often, and how much of them is published."""

    news_poll_interval: Seconds = Field(300.0, description="pause between two polls of a source")
    news_sources_file: Path = Field(
        PROJECT_ROOT / "services/data_ingestor/news_sources.toml", description="TOML file of the news sources"
    )
    news_timeout: Seconds = Field(20.0, description="longest time one feed may take")
    news_max_feed_bytes: int = Field(5_000_000, ge=1024, description="a larger feed is refused")
    news_max_age_hours: float = Field(
        48.0, gt=0, description="an article older than this when first seen is not published"
    )
    news_source_quota: int = Field(
        40,
        ge=1,
        description="articles an hour of a source, or of all of one owner; more wait until the queue is empty",
    )
    news_queue_slow_at: int = Field(
        1_000, ge=1, description="length of the news queue from which the poller holds back and slows down"
    )
    news_seen_days: int = Field(60, ge=1, description="how long an article is remembered as seen")
    news_user_agent: str = Field(
        f"CryptoBoy/{__version__} (news reader)", min_length=1, description="how the poller introduces itself"
    )
