"""Alerts on the history, the API and the notifier: what makes each fire, from which second on, and what ends it."""

from __future__ import annotations

from tests.support.monitoring.alert_series import GOOD, STEP, Case, clock, dependency, dip, levels, rising

_DROPS = rising((0, GOOD), (1, 300), (0, 2 * GOOD))
_RABBITMQ = "rabbitmq_global_messages_dead_lettered_maxlen_total"
HISTORY = (
    *(
        Case("HistoryDropped", {series: _DROPS}, GOOD + STEP, GOOD + 900, {})
        for series in (
            f'{_RABBITMQ}{{queue_type="rabbit_quorum_queue",dead_letter_strategy="disabled",job="rabbitmq"}}',
            'cryptoboy_queue_dropped_total{queue="history_queue",job="news-poller",instance="n"}',
            'cryptoboy_results_lost_total{job="sentiment-processor",instance="s"}',
        )
    ),
    Case(
        "HistoryBehind",
        {
            'cryptoboy_queue_limit_messages{job="j"}': dip(100, 100, 600),
            'rabbitmq_detailed_queue_messages_ready{job="j",instance="i",vhost="/",queue="history_queue"}': dip(
                50, 51, 600
            ),
        },
        GOOD + 300,
        GOOD + 600,
        {"queue": "history_queue"},
    ),
    Case(
        "HistoryUnwritable",
        dependency("history_recorder", "history", 600),
        GOOD + 300,
        GOOD + 600,
        {"service": "history_recorder"},
    ),
    Case(
        "NothingRecorded",
        {
            'cryptoboy_history_last_write_timestamp_seconds{job="history-recorder",instance="h"}': clock(
                GOOD, 6000, 7000
            )
        },
        GOOD + 3600 + STEP + 300,
        6000,
        {},
    ),
    Case(
        "ApiErrors",
        {
            'cryptoboy_api_requests_total{job="api",instance="a",route="/v1/news",status="200"}': rising(
                (1, 3 * GOOD)
            ),
            'cryptoboy_api_requests_total{job="api",instance="a",route="/v1/news",status="500"}': rising(
                (0, GOOD), (1, 600), (0, GOOD)
            ),
        },
        GOOD + 2 * STEP + 300,
        GOOD + 600 + 285,
        {},
    ),
    Case(
        "NotifierDown",
        {'up{job="notifier",instance="n"}': dip(1, 0, 600)},
        GOOD + 300,
        GOOD + 600,
        {"job": "notifier"},
    ),
    Case(
        "NotifierRestarting",
        {
            'process_start_time_seconds{job="notifier",instance="n"}': levels(
                (1, GOOD), (2, 60), (3, 60), (4, 1200)
            )
        },
        GOOD + 120,
        GOOD + 900,
        {"job": "notifier"},
    ),
    Case(
        "ChannelFails",
        {'cryptoboy_channel_up{job="notifier",instance="n",channel="phone"}': dip(1, 0, 1200)},
        GOOD + 600,
        GOOD + 1200,
        {"channel": "phone"},
    ),
    Case(
        "NoticesDropped",
        {
            'cryptoboy_notices_total{job="notifier",instance="n",channel="phone",state="dropped"}': _DROPS,
        },
        GOOD + STEP,
        GOOD + 900,
        {"channel": "phone"},
    ),
)
