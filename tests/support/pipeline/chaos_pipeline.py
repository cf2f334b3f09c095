"""A pipeline of real processes that a test breaks, and the books that must balance afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from services.common.broker.open import open_broker
from services.common.broker.port import Broker
from services.common.broker.topology import RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.services import SERVICES
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import PROJECT_ROOT, BrokerKind, LogFormat, ScorerKind, Settings
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import Item, rss
from tests.support.scoring.scripted_ollama import MODEL
from tests.support.servers.servers import RedisServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import PATIENCE_SECONDS, eventually

PAIR = "BTC/USDT"
SYLLABLES = ("ka", "lo", "mi", "ren", "tus", "vel", "dor", "pin", "sa", "qua", "zeb", "hul")
PIPELINE = ("signal_cacher", "sentiment_processor", "news_poller")


@dataclass(frozen=True)
class Story:
    """A headline unlike every other; the lexicon has an opinion on it or has not."""

    title: str
    scored: bool


def make_stories(count: int, seed: int = 7) -> tuple[Story, ...]:
    """So many stories; on every tenth the lexicon abstains."""
    chance = random.Random(seed)
    stories = []
    for number in range(count):
        words = ["".join(chance.choices(SYLLABLES, k=chance.randint(3, 4))) for _ in range(7)]
        scored = number % 10 != 7
        begin = "Bitcoin surges after" if scored else "Bitcoin meetup notes:"
        stories.append(Story(f"{begin} {' '.join(words)}", scored))
    return tuple(stories)


def scored_by(model: TcpProxy) -> dict[str, Any]:
    """Settings with which the processor asks the model server behind this proxy."""
    return {
        "sentiment_scorer": ScorerKind.OLLAMA,
        "ollama_host": f"http://{model.host}:{model.port}",
        "ollama_model": MODEL,
    }


@contextlib.contextmanager
def embedded_pipeline(
    state_dir: Path, folder: Path, redis_server: RedisServer, feeds: FeedServer, raw: Any, **changes: Any
) -> Iterator[Pipeline]:
    """On the embedded broker, which its processes share, and a real Redis. Nothing is started yet."""
    settings = Settings(
        broker=BrokerKind.EMBEDDED,
        state_dir=state_dir,
        redis_host=redis_server.host,
        redis_port=redis_server.port,
        sentiment_scorer=ScorerKind.LEXICON,
        **changes,
    )
    with contextlib.closing(open_broker(settings, SystemClock())) as opened:
        opened.start()
        with contextlib.closing(Pipeline(settings, folder, feeds, opened, raw)) as built:
            yield built


class NewsFlow:
    """A feed to which stories are added as time passes."""

    def __init__(self, server: FeedServer, stories: tuple[Story, ...], per_second: float, path: str) -> None:
        self._stories = stories
        self._rate = per_second
        self.limit = len(stories)  # no more are told; lower it to hold the rest back for a while
        self._begun: float | None = None
        self._lock = threading.Lock()
        self.url = server.set(path, self._answer)

    def begin(self) -> None:
        """The first story appears now."""
        self._wall = datetime.now(UTC) - timedelta(hours=1)
        self._begun = time.monotonic()

    @property
    def told(self) -> int:
        """How many stories are in the feed now."""
        if self._begun is None:
            return 0
        return min(int((time.monotonic() - self._begun) * self._rate), self.limit)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        items = [
            Item(story.title, f"https://paper.example/{number}", self._wall + timedelta(seconds=number))
            for number, story in enumerate(self._stories[: self.told])
        ]
        reply(rss(items))(handler)


class Service:
    """One service, which may be run again and again in the same state folder."""

    def __init__(
        self, name: str, settings: Settings, folder: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.settings = settings
        self._environ = dict(environ or {})
        self._folder = folder
        self._runs: list[Path] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start a run."""
        log = self._folder / f"{self.name}-{len(self._runs)}.log"
        inherited = {
            name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields
        }
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", SERVICES[self.name.partition("#")[0]].module],
                env={
                    **inherited,
                    **self.settings.environment(),
                    "PYTHONPATH": PYTHON_PATH,
                    **self._environ,
                },
                cwd=PROJECT_ROOT,
                stderr=stderr,
            )
        self._runs.append(log)  # once it is there, for other threads read it

    def wait_ready(self) -> None:
        """Until /health says ok."""
        eventually(self._is_ready, lambda: f"{self.name} is ready: {self.tail()}")

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended: {self.tail()}"
        return self.health()[0] == httpx.codes.OK

    def kill(self) -> None:
        """End it and what it started as a power cut would."""
        assert self.process is not None
        family = [psutil.Process(self.process.pid)]
        family += family[0].children(recursive=True)
        self.process.kill()
        for each in family[1:]:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ends with its parent
                each.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def events(self, name: str) -> list[dict[str, Any]]:
        """What all its runs logged under this name."""
        return [event for run in tuple(self._runs) for event in _events_in(run, name)]

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of /health of the last run; 0 if it does not answer."""
        for event in _events_in(self._runs[-1], "service_starting") if self._runs else ():
            try:
                answer = httpx.get(event["health"], timeout=10, trust_env=False)
            except httpx.TransportError:
                return 0, {}
            return answer.status_code, answer.json()
        return 0, {}

    def metric(self, name: str, **labels: str) -> float:
        """A sample of /metrics of the last run; 0 where there is none."""
        address = str(self.events("service_starting")[-1]["health"]).replace("/health", "/metrics")
        text = httpx.get(address, timeout=10, trust_env=False).text
        samples = (
            sample
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )
        return next((float(sample.value) for sample in samples), 0.0)

    def resident_bytes(self) -> int:
        """Memory of the run and of the processes that stay with it; those that read one feed come and go."""
        assert self.process is not None
        own = psutil.Process(self.process.pid)
        return sum(each.memory_info().rss for each in (own, *own.children()))

    def tail(self) -> str:
        """The end of its log."""
        return self._runs[-1].read_text()[-1500:] if self._runs else "never started"

    def tracebacks(self) -> list[str]:
        """Runs whose log shows a crash."""
        return [str(run) for run in self._runs if "Traceback" in run.read_text()]


def _events_in(run: Path, name: str) -> list[dict[str, Any]]:
    """The events of this name in a log; the line that is being written is left for the next look."""
    lines = run.read_text().splitlines(keepends=True)
    found = [json.loads(line) for line in lines if f'"{name}"' in line and line.endswith("}\n")]
    return [event for event in found if event.get("event") == name]


class Pipeline:
    """Poller, processor and cacher on a feed, and a look at what came of it.

    Args:
        settings: what the services get; may lead through proxies.
        broker: a connection that no fault touches.
        redis: a client that no fault touches.
    """

    def __init__(
        self, settings: Settings, folder: Path, server: FeedServer, broker: Broker, redis: Any
    ) -> None:
        self._folder = folder
        self._server = server
        self.broker = broker
        self.redis = redis
        sources = folder / "sources.toml"
        self.settings = settings.changed(
            news_sources_file=sources,
            news_poll_interval=0.5,
            news_source_quota=1_000_000,  # one feed brings what many would
            trading_pairs=(PAIR,),
            health_port=0,
            log_format=LogFormat.JSON,
            redis_timeout=1.0,
        )
        self.services: dict[str, Service] = {}

    def feed(self, stories: Iterable[Story], per_second: float = 120.0) -> NewsFlow:
        """Have the poller read these stories, once the flow has begun."""
        flow = NewsFlow(self._server, tuple(stories), per_second, "/rss")
        (self._folder / "sources.toml").write_text(f'[[source]]\nname = "paper"\nurl = "{flow.url}"\n')
        return flow

    def start(self, *names: str, environ: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Start services and wait until they are ready. `name#2` is a second one of a kind."""
        begun = []
        for name in names:
            state = self._folder / f"state-{name}"
            state.mkdir(exist_ok=True)
            own = {"state_dir": state} if self.settings.broker.value == "rabbitmq" else {}
            chosen = self.settings.changed(**own, **changes)
            service = Service(name, chosen, self._folder, environ)
            self.services[name] = service
            service.start()
            begun.append(service)
        for service in begun:
            service.wait_ready()

    def cached(self) -> Counter[str]:
        """The headlines of the signals in the store, and how often each is there."""
        members = self.redis.zrange(f"sentiment_signals:{PAIR}", 0, -1)
        return Counter(json.loads(member)["headline"] for member in members)

    def waiting(self) -> int:
        """Messages on their way or in hand, retries included; -1 if the broker cannot be asked."""
        try:
            states = self.broker.queues()
        except TryLater:
            return -1
        names = {
            name for queue in (RAW_NEWS_DATA, SENTIMENT_SIGNALS) for name in (queue.name, queue.retry_name)
        }
        return sum(each.ready + (each.unacknowledged or 0) for each in states if each.name in names)

    def dead_letters(self) -> dict[str, int]:
        """How many are in each dead-letter queue that has any."""
        return {
            each.name: each.ready
            for each in self.broker.queues()
            if each.name.endswith(".dlq") and each.ready
        }

    def wait_for_cached(self, count: int) -> None:
        """Until so many signals are in the store."""
        eventually(lambda: len(self.cached()) >= count, lambda: f"{count} are cached; {self.tails()}")

    def outcomes(self) -> dict[str, str]:
        """How each article ended that a processor dealt with, by its id, as the processors recorded it."""
        return {
            event["trace_id"]: event["outcome"]
            for name, service in self.services.items()
            if name.startswith("sentiment_processor")
            for event in service.events("article_judged")
        }

    def tails(self) -> str:
        """The ends of all logs, for a failure's message."""
        return "\n".join(f"--- {name}\n{each.tail()}" for name, each in self.services.items())

    def assert_books_balance(self, stories: Iterable[Story], dead: Mapping[str, int] | None = None) -> None:
        """Published = cached + abstained (+ `dead` letters), none twice, and the hash is the newest signal."""
        stories = tuple(stories)
        expected = {story.title for story in stories if story.scored}
        set_aside = sum((dead or {}).values())
        # A signal is cached before its article is recorded, and RabbitMQ does not count what is in hand.
        eventually(
            lambda: (
                self.cached().keys() >= expected
                and self.waiting() == 0
                and len(self.outcomes()) >= len(stories)
            ),
            lambda: (
                f"the books balance: {len(expected - self.cached().keys())} of {len(expected)} missing, "
                f"{self.waiting()} waiting, {len(self.outcomes())} of {len(stories)} ended; {self.tails()}"
            ),
        )
        # What is in hand may be what will be set aside.
        eventually(
            lambda: sum(self.dead_letters().values()) >= set_aside,
            lambda: f"{set_aside} are set aside: {self.dead_letters()}; {self.tails()}",
        )
        assert self.cached() == Counter(expected)
        assert self.dead_letters() == dict(dead or {})
        ended = Counter(self.outcomes().values())
        assert ended == Counter(scored=len(expected), abstained=len(stories) - len(expected))
        self.assert_store_is_whole()
        assert [name for each in self.services.values() for name in each.tracebacks()] == []

    def assert_store_is_whole(self) -> None:
        """The hash is the newest signal, and the history has the last hundred, none twice."""
        members = [json.loads(member) for member in self.redis.zrange(f"sentiment_signals:{PAIR}", 0, -1)]
        newest = max(members, key=lambda each: (each["published"], each["available_at"], each["article_id"]))
        assert self.redis.hget(f"sentiment:{PAIR}", "article_id").decode() == newest["article_id"]
        history = [json.loads(each) for each in self.redis.lrange(f"sentiment_history:{PAIR}", 0, -1)]
        identities = Counter((each["article_id"], each["model"]) for each in history)
        assert len(history) == min(100, len(members))
        assert max(identities.values()) == 1

    def close(self) -> None:
        """End every process."""
        for service in self.services.values():
            if service.process is not None and service.process.poll() is None:
                service.kill()
