"""The news poller, which sends the articles of news sources to the queue raw_news_data.

Start it with `python -m services.data_ingestor.news_poller`.
"""

from __future__ import annotations

import sys

from services.common.broker.open import open_broker
from services.common.clock import Clock
from services.common.runtime.runner import run_service
from services.common.settings.settings import Settings
from services.data_ingestor.news.poller import NAME, NewsPoller
from services.data_ingestor.news.sources import load_sources


def build(settings: Settings, clock: Clock) -> NewsPoller:
    """Create the service. Raises StopProgram if the news sources cannot be used."""
    sources = [config.open(settings) for config in load_sources(settings.news_sources_file)]
    return NewsPoller(sources, settings, open_broker(settings, clock), clock)


def main() -> int:
    """Run the service; return its exit status."""
    return run_service(NAME, build)


if __name__ == "__main__":
    sys.exit(main())
