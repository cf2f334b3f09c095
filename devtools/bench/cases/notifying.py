"""The case that measures how long news takes to a chat in Telegram, and how long the chat's question takes."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from pydantic import SecretStr

from devtools.bench.chat import CHAT_ID, TOKEN, Arrived, Chat, chat
from devtools.bench.lab import Lab
from devtools.bench.processes import started_service
from devtools.bench.results import Rows, at_most, compare, percentile
from devtools.bench.samples import article
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import NEWS_ARTICLE
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.settings.settings import ScorerKind

ARTICLES = 15
PROMISED_ALERT_MS, PROMISED_WHY_MS = 2000.0, 1000.0
PAUSE_SECONDS, PAUSE_VARIES = 1.1, 0.2
"""The pause after a message, as a chat gets one message a second. It varies, because services look in turns."""
ARRIVE_SECONDS = 60.0
SERVICES = (
    "services.signal_cacher.signal_cacher",
    "services.sentiment_analyzer.sentiment_processor",
    "services.history_recorder.history_recorder",
    "services.notifier.notifier",
)
RULES = 'preset = "none"\n[channels.telegram]\nper_minute = 600\n[[rules]]\nname = "all"\nkinds = ["story"]\n'


@dataclass(slots=True)
class _Run:
    """The latencies of one run in milliseconds: of alerts, and of answers to their button Why."""

    alerts: list[float] = field(default_factory=list)
    whys: list[float] = field(default_factory=list)


def notify(lab: Lab) -> Rows:
    """Milliseconds from the publisher's call until the chat has the alert, and from a question to its answer."""
    with ExitStack() as stack:
        measure = _system(lab, stack)
        runs = [measure() for _ in lab.runs()]
    alerts, whys = [run.alerts for run in runs], [run.whys for run in runs]
    for name, found, promised in (
        ("alert", alerts, PROMISED_ALERT_MS),
        ("why", whys, PROMISED_WHY_MS),
    ):
        for percent, target in ((50, None), (95, at_most(1))):
            values = [percentile(run, percent) for run in found]
            row = f"notify.{name}_p{percent}"
            yield compare(row, "ms", values, [promised] * len(values), target, note="the promise for p95")


def _system(lab: Lab, stack: ExitStack) -> Callable[[], _Run]:
    """Start the services that take news to the chat; returns a function that measures one run through them."""
    talk = stack.enter_context(chat())
    rules = lab.folder / "notify.toml"
    rules.write_text(RULES)
    settings, clock = lab.settings(sentiment_scorer=ScorerKind.LEXICON), SystemClock()
    telling = settings.changed(
        notify_telegram_token=SecretStr(TOKEN),
        notify_telegram_chats=(str(CHAT_ID),),
        notify_telegram_api=talk.url,
        notify_rules_file=rules,
    )
    for module in SERVICES:
        stack.enter_context(started_service(lab, module, telling if "notifier" in module else settings))
    broker = RabbitMqBroker(settings, clock)
    stack.callback(broker.close)
    broker.start()
    numbers = itertools.count()

    def send() -> float:
        news = article(next(numbers), clock.now())
        moment = time.perf_counter()
        broker.publish([OutgoingMessage(NEWS_ARTICLE, news.encode(), news.article_id)])
        return moment

    _measure(talk, send, _Run())  # the first of each takes longer
    return lambda: _run(talk, send, lab.amount(ARTICLES))


def _run(talk: Chat, send: Callable[[], float], count: int) -> _Run:
    run = _Run()
    for _ in range(count):
        _measure(talk, send, run)
    return run


def _measure(talk: Chat, send: Callable[[], float], run: _Run) -> None:
    """Publish one article, ask why when its alert has arrived, and add both latencies."""
    before = talk.count
    moment = send()
    alert = _await(talk, before + 1)
    run.alerts.append(1000 * (alert.at - moment))
    _pause()
    moment = time.perf_counter()
    talk.press(alert.buttons["Why"])
    run.whys.append(1000 * (_await(talk, before + 2).at - moment))
    _pause()


def _await(talk: Chat, count: int) -> Arrived:
    arrived = talk.wait_for(count, ARRIVE_SECONDS)
    if arrived is None:
        raise TryLater(f"notify: message {count} did not arrive; run it again")
    return arrived


def _pause() -> None:
    time.sleep(PAUSE_SECONDS + random.uniform(0, PAUSE_VARIES))  # nosec B311 - no secret
