"""What is reported of the sources, from a real history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.settings.settings import Settings
from services.operations.sources import LEAST_FOR_P95, read_sources
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, at
from tests.support.servers.nobody import refusing_port

DAY = timedelta(days=1)


def test_each_source_has_its_lag_its_articles_a_day_and_how_often_it_was_first(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    times = {1: ("Wire", 10), 2: ("Ledger", 30), 3: ("Wire", 20), 4: ("Wire", 90)}
    articles = [
        some.article(number, source=source, published=at(number - lag))
        for number, (source, lag) in times.items()
    ]
    old = some.article(9, source="Silent", published=NOW - 30 * DAY, fetched=NOW - 20 * DAY)
    scorings = [
        some.scoring(1, story="article-1"),
        some.scoring(2, story="article-1"),
        some.scoring(3, outcome="expired"),
    ]
    writer.write(Batch(articles=[*articles, old], scorings=scorings))
    with refusing_port() as port:
        report = read_sources(
            reader, Settings(api_services=(f"news_poller=127.0.0.1:{port}",)), NOW + 2 * DAY, days=7
        )
    found = {source.source: source for source in report.sources}
    assert sorted(found) == ["Ledger", "Silent", "Wire"]
    wire, ledger, silent = found["Wire"], found["Ledger"], found["Silent"]
    assert (wire.articles, wire.lag_seconds, wire.lag_p95_seconds) == (3, 20.0, None)  # three are few
    assert wire.articles_per_day == pytest.approx(1.5)  # of the two days since the first of them
    assert (wire.told_first, wire.stories, wire.told_first_share) == (1, 1, 1.0)
    assert (ledger.told_first, ledger.stories, ledger.told_first_share) == (0, 1, 0.0)
    assert wire.outcomes == {"expired": 1, "scored": 1}
    assert (silent.articles, silent.last_seen, silent.lag_seconds) == (0, NOW - 20 * DAY, None)
    assert silent.told_first_share is None
    assert {source.failures for source in report.sources} == {None}  # no poller on this machine


def test_nothing_is_said_of_a_day_before_there_was_one_nor_of_a_share_of_few(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(
        Batch(articles=[some.article(number, published=at(0)) for number in range(1, LEAST_FOR_P95 + 1)])
    )
    with refusing_port() as port:
        settings = Settings(api_services=(f"news_poller=127.0.0.1:{port}",))
        early = read_sources(reader, settings, NOW + DAY).sources[0]
        later = read_sources(reader, settings, NOW + DAY + timedelta(minutes=1)).sources[0]
    assert (early.articles, early.articles_per_day, early.lag_p95_seconds) == (20, None, 20.0)
    assert later.articles_per_day == pytest.approx(20, rel=0.01)


def test_failed_polls_are_those_that_the_running_poller_counts(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    writer.write(
        Batch(articles=[some.article(1), some.article(2, source="Ledger"), some.article(3, source="New")])
    )
    registry = CollectorRegistry()
    polls = Counter("cryptoboy_source_polls", "polls", ["source", "outcome"], registry=registry)
    is_up = Gauge("cryptoboy_source_up", "up", ["source"], registry=registry)
    for source, outcome, up in (
        ("Wire", "try_later", 0),
        ("Wire", "ok", 0),
        ("Ledger", "never_works", 1),
        ("New", "ok", 0),
    ):
        polls.labels(source, outcome).inc()
        is_up.labels(source).set(up)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        poller = f"news_poller=127.0.0.1:{server.server_port}"
        with refusing_port() as own:  # HEALTH_PORT is that of the process that asks
            settings = Settings(health_port=own, api_services=(poller,))
            report = read_sources(reader, settings, NOW + DAY)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    found = {source.source: (source.failures, source.is_failing) for source in report.sources}
    assert found == {"Wire": (1, True), "Ledger": (1, False), "New": (0, False)}
