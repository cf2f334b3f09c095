"""Alerts on what goes through the pipeline: what makes each fire, from which second on, and what ends it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.monitoring.alert_series import (
    GOOD,
    STEP,
    Case,
    Series,
    clock,
    dependency,
    dip,
    levels,
    rising,
)

_SOURCE = '{job="news-poller",instance="n",source="paper"}'


def _late(parts: Sequence[tuple[float, float, int]], started: int, fires: int, ends: int) -> Case:
    """A source that brings so many articles a second within a minute, and so many within two hours."""
    soon = rising(*((prompt, seconds) for prompt, _, seconds in parts))
    every = rising(*((prompt + late, seconds) for prompt, late, seconds in parts))
    series: dict[str, Series] = {
        f'cryptoboy_source_lag_seconds_bucket{_SOURCE[:-1]},le="{bound}"}}': soon
        if bound in {"60", "3600"}
        else every
        for bound in ("60", "3600", "7200", "+Inf")
    }
    series[f"cryptoboy_source_lag_seconds_count{_SOURCE}"] = every
    series['process_start_time_seconds{job="news-poller",instance="n"}'] = levels(
        (started, STEP * len(every))
    )
    return Case("SourceLags", series, fires, ends, {"job": "news-poller", "source": "paper"})


INGEST = (
    Case(
        "SourceSilent",
        {f"cryptoboy_source_last_success_timestamp_seconds{_SOURCE}": clock(GOOD, 6000, 7000)},
        GOOD + 3600 + STEP + 300,
        6000,
        {"job": "news-poller", "instance": "n", "source": "paper"},
    ),
    Case(
        "SourceSilent",
        {
            f"cryptoboy_source_up{_SOURCE}": levels((0, 1200), (1, 600)),
            f"cryptoboy_source_last_success_timestamp_seconds{_SOURCE}": levels((None, 1200), (1200, 600)),
        },
        300,
        1200,
        {"job": "news-poller", "instance": "n", "source": "paper"},
    ),
    Case(
        "AllSourcesSilent",
        {
            'cryptoboy_source_up{job="news-poller",source="paper"}': levels((0, GOOD), (0, 1200), (1, GOOD)),
            'cryptoboy_source_up{job="news-poller",source="wire"}': dip(1, 0, 1200),
        },
        GOOD + 900,
        GOOD + 1200,
        {"job": "news-poller"},
    ),
    Case(
        "SourceWithoutNews",
        {f"cryptoboy_source_frozen{_SOURCE}": dip(0, 1, 900)},
        GOOD + 600,
        GOOD + 900,
        {"source": "paper"},
    ),
    Case(
        "SourceFloods",
        {f"cryptoboy_source_over_quota{_SOURCE}": levels((0, GOOD), (1, 4800), (0, 2400))},
        GOOD + 150 + 1800,
        GOOD + 4800 + 1440,
        {"source": "paper"},
    ),
    # It has run for long: from when late articles are the most, and until they are not any more.
    _late(((1, 0, GOOD), (0, 1, 2100), (10, 0, GOOD)), -30_000, 2 * GOOD + STEP + 900, GOOD + 2100 + 150),
    # It has just begun, and finds what was published before.
    _late(((0, 1, 22_800), (100, 0, 600)), 0, 21_600 + 900, 23_025),
    Case(
        "StreamSilent",
        {
            'cryptoboy_stream_last_heard_timestamp_seconds{job="market-streamer",instance="m",pair="BTC/USDT"}': (
                clock(GOOD, 900, 1500)
            )
        },
        GOOD + 60 + STEP,
        900,
        {"job": "market-streamer", "pair": "BTC/USDT"},
    ),
    Case(
        "NewsBackPressure",
        {'cryptoboy_back_pressure{job="news-poller",instance="n"}': dip(0, 1, 1200)},
        GOOD + 900,
        GOOD + 1200,
        {"job": "news-poller"},
    ),
)


def _queue(metric: str, queue: str, values: Series) -> dict[str, Series]:
    return {f'{metric}{{job="j",instance="i",vhost="/",queue="{queue}"}}': values}


_LIMIT: dict[str, Series] = {'cryptoboy_queue_limit_messages{job="j"}': dip(100, 100, 600)}
QUEUES = (
    Case(
        "QueueNearlyFull",
        _LIMIT | _queue("rabbitmq_detailed_queue_messages_ready", "raw_news_data", dip(80, 81, 600)),
        GOOD + 300,
        GOOD + 600,
        {"queue": "raw_news_data"},
    ),
    Case(
        "QueueNearlyFull",
        _LIMIT | _queue("cryptoboy_queue_messages_ready", "sentiment_signals_queue.retry", dip(0, 90, 600)),
        GOOD + 300,
        GOOD + 600,
        {"queue": "sentiment_signals_queue.retry"},
    ),
    Case(
        "NoConsumer",
        _queue("rabbitmq_detailed_queue_consumers", "sentiment_signals_queue", dip(1, 0, 300)),
        GOOD + 120,
        GOOD + 300,
        {"queue": "sentiment_signals_queue"},
    ),
    Case(
        "NoConsumer",
        _queue("cryptoboy_queue_consumers", "raw_news_data", dip(1, 0, 300)),
        GOOD + 120,
        GOOD + 300,
        {"queue": "raw_news_data"},
    ),
    Case(
        "DeadLetters",
        _queue("rabbitmq_detailed_queue_messages_ready", "raw_news_data.dlq", dip(0, 1, 300)),
        GOOD + 60,
        GOOD + 300,
        {"queue": "raw_news_data.dlq"},
    ),
    Case(
        "ConsumingStopped",
        {
            'cryptoboy_consuming_stopped{job="signal-cacher",instance="c",queue="sentiment_signals_queue"}': dip(
                0, 1, 300
            )
        },
        GOOD + 60,
        GOOD + 300,
        {"queue": "sentiment_signals_queue"},
    ),
    Case(
        "QueueLagging",
        dependency("sentiment_processor", "lag", 600),
        GOOD + 300,
        GOOD + 600,
        {"service": "sentiment_processor"},
    ),
)


def _requests(outcome: str, *parts: tuple[float, int]) -> dict[str, Series]:
    series = (
        f'cryptoboy_model_requests_total{{job="j",instance="i",server="http://o:11434",outcome="{outcome}"}}'
    )
    return {series: rising(*parts)}


def _took(bound: str, *parts: tuple[float, int]) -> dict[str, Series]:
    series = (
        f'cryptoboy_model_request_seconds_bucket{{job="j",instance="i",server="http://o:11434",le="{bound}"}}'
    )
    return {series: rising(*parts)}


_SERVER = {"server": "http://o:11434"}
SCORING = (
    # From second 600 on every request takes longer than 30 s; with the first of them the 95th percentile of ten
    # minutes passes 30 s once more than a twentieth are slow, which is 45 s later.
    Case(
        "LLMSlow",
        _took("30", (1, GOOD), (0, 1200), (1, GOOD))
        | _took("60", (1, GOOD), (1, 1200), (1, GOOD))
        | _took("+Inf", (1, GOOD), (1, 1200), (1, GOOD)),
        GOOD + 45 + 300,
        GOOD + 1200 + 570,
        _SERVER,
    ),
    # A fifth of five minutes is a minute.
    Case(
        "LLMFailing",
        _requests("answered", (1, GOOD), (0, 900), (1, GOOD))
        | _requests("try_later", (0, GOOD), (1, 900), (0, GOOD)),
        GOOD + 75 + 300,
        GOOD + 900 + 240,
        _SERVER,
    ),
    Case(
        "ModelServerDown",
        {'cryptoboy_model_server_up{job="j",instance="i",server="http://o:11434"}': dip(1, 0, 600)},
        GOOD + 300,
        GOOD + 600,
        _SERVER,
    ),
    Case(
        "LLMAnswersUnusable",
        _requests("answered", (1, 900), (1, 3600), (1, 900))
        | {
            'cryptoboy_model_answers_refused_total{job="j",instance="i",model="m"}': rising(
                (0, 900), (1, 3600), (0, 900)
            )
        },
        900 + 285 + 900,
        900 + 3600 + 630,
        {},
    ),
    Case(
        "ScorerAway",
        dependency("sentiment_processor", "scorer", 600),
        GOOD + 300,
        GOOD + 600,
        {"service": "sentiment_processor"},
    ),
    Case(
        "ScorerRefusesArticles",
        {'cryptoboy_scorer_refusals{job="sentiment-processor",instance="p"}': dip(9, 10, 600)},
        GOOD + 60,
        GOOD + 600,
        {"job": "sentiment-processor"},
    ),
    Case(
        "ScoringDegraded",
        {
            'cryptoboy_articles_degraded_total{job="j",instance="i",scorer="ollama"}': rising(
                (0, GOOD), (1, 1800), (0, 1800)
            )
        },
        GOOD + STEP + 900,
        GOOD + 1800 + 600,
        {},
    ),
)

_SENTIMENT = (
    'cryptoboy_sentiment_published_timestamp_seconds{job="signal-cacher",instance="c",pair="BTC/USDT"}'
)
CACHE = (
    Case(
        "SentimentStale",
        {
            _SENTIMENT: clock(GOOD, 18_000, 19_000),
            'cryptoboy_sentiment_staleness_seconds{job="signal-cacher"}': levels((14_400, 19_000)),
        },
        GOOD + 14_400 + STEP + 900,
        18_000,
        {"pair": "BTC/USDT"},
    ),
)
TRADING = (
    Case(
        "StrategyStuck",
        {
            'cryptoboy_strategy_last_loop_timestamp_seconds{job="freqtrade",instance="f"}': clock(
                GOOD, 1200, 1800
            )
        },
        GOOD + 120 + STEP + 60,
        1200,
        {"job": "freqtrade"},
    ),
    Case(
        "EntriesPaused",
        {'cryptoboy_strategy_entries_paused{job="freqtrade",instance="f"}': dip(0, 1, 4200)},
        GOOD + 3600,
        GOOD + 4200,
        {"job": "freqtrade"},
    ),
)
PIPELINE = (*INGEST, *QUEUES, *SCORING, *CACHE, *TRADING)
