"""One demo from start to end: start the programs, follow the story, drain, count, stop."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.common.clock import SystemClock, to_ms
from services.common.runtime.ports import free_port
from services.common.services import NOTIFIER
from services.common.settings.history import url_of
from services.common.settings.settings import BrokerKind, Settings
from services.common.values import timeframe_seconds
from services.demo.books import Books, read_books
from services.demo.counts import Counts
from services.demo.drain import await_books, drain, longest_drain
from services.demo.feed_server import FeedServer, write_sources
from services.demo.guard import on_shared_servers
from services.demo.observer import Observer, Scene
from services.demo.plan import DemoPlan
from services.demo.settings import for_replay
from services.launch.ending import uninterrupted
from services.launch.freqtrade.api import Trade
from services.launch.notifying import NotifierBeside, about_the_notifier, is_notified
from services.launch.page import page_address, page_link
from services.launch.replay_clock import ReplayClock
from services.launch.stack import Stack, free_health_ports
from services.launch.supervisor import ProcessSpec, Supervisor
from services.operations.connections import next_step
from services.replay_exchange.timeline import place

START_TIMEOUT_SECONDS = 90.0
TICK_SECONDS = 0.5
# With fewer, Freqtrade waits until the services are up: its imports would only delay theirs.
CORES_TO_START_ALL_AT_ONCE = 4
NOTIFIED_BY_ANOTHER = (
    "no notifier: one is running on this machine already, and two would take each other's messages"
)
SERVERS_HINT = "Start both (docker compose up -d), or leave --broker out: the demo then needs no server"


@dataclass(frozen=True)
class DemoResult:
    """The result of a demo. Seconds are in real time; `page` and `history` are addresses."""

    counts: Counts
    books: Books
    sentiment: dict[str, dict[str, str] | None]
    trades: list[Trade]
    ready_seconds: float
    duration_seconds: float
    reason: str
    page: str
    history: str


class DemoRun:
    """Owns everything that a demo starts. Make one for each demo and call `play` once."""

    def __init__(
        self, plan: DemoPlan, settings: Settings, run_dir: Path, tell: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._run_dir = run_dir
        self._tell = tell
        self._began = time.monotonic()
        self._exchange_port = free_port()
        self._health_ports = free_health_ports()
        self._embedded = settings.broker is BrokerKind.EMBEDDED
        self._anchor = datetime.min.replace(tzinfo=UTC)
        self._about_the_notifier = ""
        if settings.has_channels and is_notified(settings):
            settings = settings.changed(notify_urls=None, notify_telegram_token=None)
            self._about_the_notifier = NOTIFIED_BY_ANOTHER
        self.settings = for_replay(settings, plan, run_dir, self._exchange_port)
        self._notifier: NotifierBeside | None = None

    def play(self, show: Callable[[Scene], None]) -> DemoResult:
        """Run the demo to its end; `show` is called about twice a second.

        Raises:
            StopProgram, TryLater: a program could not be started, or ended too early.
            KeyboardInterrupt: raised again after all programs were stopped.
        """
        with ExitStack() as running:
            with uninterrupted():
                clock = ReplayClock(self._plan.speed, horizon=self._plan.time_limit + START_TIMEOUT_SECONDS)
                running.callback(clock.close)
            clock.check()
            observer = Observer(self.settings, self._health_ports, self._exchange_port, clock)
            running.callback(observer.close)
            try:
                return self._run(running, clock, observer, show)
            except KeyboardInterrupt:
                self._tell("stopping ...")
                raise

    def _run(
        self, running: ExitStack, clock: ReplayClock, observer: Observer, show: Callable[[Scene], None]
    ) -> DemoResult:
        """Run the demo. Contexts entered into `running` are left after this method has returned, the last first."""
        if not self._embedded:
            with next_step(SERVERS_HINT):
                observer.connect()
                running.enter_context(self._on_shared_servers(observer))  # left after every program has ended
        supervisor = running.enter_context(Supervisor(self._run_dir / "logs"))
        feeds = running.enter_context(closing(self._start_feeds(clock)))
        ready = self._start_programs(running, supervisor, clock)
        if self._embedded:
            observer.connect()
        reason = self._follow(supervisor, observer, show)
        counts = drain(feeds, observer.counts, self.settings.news_poll_interval)
        trades = observer.trades()
        books = await_books(lambda: read_books(self.settings, observer.counts, trades))
        if self._notifier is not None:
            self._notifier.wait_until_told()
        self._tell(f"{reason}; stopping the programs")
        return DemoResult(
            counts=counts,
            books=books,
            sentiment=observer.sentiment(),
            trades=trades,
            ready_seconds=ready,
            duration_seconds=time.monotonic() - self._began,
            reason=reason,
            page=page_address(self.settings),
            history=url_of(self.settings.history_url, self.settings.state_dir),
        )

    def _on_shared_servers(self, observer: Observer) -> AbstractContextManager[None]:
        longest = self._plan.time_limit + 2 * START_TIMEOUT_SECONDS
        longest += longest_drain(self.settings.news_poll_interval)
        lasts = timedelta(seconds=longest)
        return on_shared_servers(self.settings, observer.broker, SystemClock(), lasts, self._tell)

    def _start_feeds(self, clock: ReplayClock) -> FeedServer:
        plan = self._plan
        step_ms = timeframe_seconds(plan.timeframe) * 1000
        self._anchor = clock.now()
        timeline = place(start_ms=to_ms(plan.start), anchor_ms=to_ms(self._anchor), step_ms=step_ms)
        shift = timedelta(milliseconds=timeline.shift_ms)
        feeds = FeedServer([article.moved(shift) for article in plan.articles], clock)
        write_sources(self.settings.news_sources_file, feeds.url, feeds.sources)
        self._tell(
            f"replaying {plan.timeframe} candles from {plan.start:%F %H:%M} UTC, {plan.speed:g} times as fast"
        )
        return feeds

    def _start_programs(self, running: ExitStack, supervisor: Supervisor, clock: ReplayClock) -> float:
        """Start everything; returns the seconds until the services that trading needs were ready."""
        plan = self._plan
        stack = Stack(self.settings, self._run_dir, clock.environment(), self._health_ports)
        programs = [
            stack.exchange(plan.candles, plan.timeframe, plan.start, self._anchor, self._exchange_port)
        ]
        if self._embedded:
            programs.append(stack.store())
        programs += stack.services()
        bot = stack.freqtrade(throttle_seconds=1)
        watchers = [spec for spec in stack.watchers() if spec.name != NOTIFIER]
        start_all(supervisor, programs)
        if (os.cpu_count() or 1) >= CORES_TO_START_ALL_AT_ONCE:
            start_all(supervisor, [*watchers, bot])
        supervisor.wait_ready(programs, START_TIMEOUT_SECONDS, self._tell)
        ready = time.monotonic() - self._began
        self._tell(
            f"the services are ready after {ready:.1f} s; to look inside: {how_to_look(self.settings)}"
        )
        if bot.name not in supervisor.pids():
            start_all(supervisor, [*watchers, bot])
        supervisor.wait_ready(watchers, START_TIMEOUT_SECONDS, self._tell)
        self._start_notifier(running, stack)
        self._tell(f"the page, where news becomes a trade: {page_link(self.settings)} (opens once)")
        supervisor.wait_ready([bot], START_TIMEOUT_SECONDS, self._tell)
        self._tell(
            f"Freqtrade is ready after {time.monotonic() - self._began:.1f} s, in dry-run; its API: "
            f"http://127.0.0.1:{self.settings.freqtrade_api_port}/api/v1"
            f"{clock_note(plan.speed, datetime.now(UTC) - clock.now())}"
        )
        return ready

    def _start_notifier(self, running: ExitStack, stack: Stack) -> None:
        """Start the notifier where there is a channel. The demo goes on if it does not work."""
        logs = self._run_dir / "logs"
        self._tell(self._about_the_notifier or about_the_notifier(self.settings, logs))
        for spec in stack.watchers():
            if spec.name == NOTIFIER:
                self._notifier = running.enter_context(closing(NotifierBeside(spec, logs, self._tell)))
                self._notifier.start()

    def _follow(self, supervisor: Supervisor, observer: Observer, show: Callable[[Scene], None]) -> str:
        limit = self._plan.time_limit
        while (elapsed := time.monotonic() - self._began) < limit:
            supervisor.check()
            if self._notifier is not None:
                self._notifier.look()
            scene = observer.scene(elapsed, limit)
            show(scene)
            if self._plan.expects_trade and any(trade.closed_after_news for trade in scene.trades):
                return "a trade that news had opened was closed"
            time.sleep(TICK_SECONDS)
        return f"the time limit of {limit:.0f} s was reached"


def start_all(supervisor: Supervisor, programs: Sequence[ProcessSpec]) -> None:
    """Start programs one after the other, without waiting until they are ready."""
    for spec in programs:
        supervisor.start(spec)


def how_to_look(settings: Settings) -> str:
    """A command that shows the sentiment while the demo runs."""
    if settings.broker is not BrokerKind.EMBEDDED:
        return "./cryptoboy sentiment"
    path = shlex.quote(str(settings.redis_socket))
    if shutil.which("redis-cli"):
        return f"redis-cli -s {path} HGETALL sentiment:{settings.trading_pairs[0]}"
    pairs = " ".join(settings.trading_pairs)
    return f"CRYPTOBOY_ENV_FILE= REDIS_SOCKET={path} ./cryptoboy sentiment {pairs}"


def clock_note(speed: float, behind: timedelta) -> str:
    """A note that says why times in the logs differ from real time; empty if they do not differ."""
    if speed == 1:
        return ""
    if speed < 1:
        return f"; its clock runs {speed:g} times as fast"
    minutes = round(behind.total_seconds() / 60)
    return f"; its clock is set back by {minutes} minutes, so that it can run {speed:g} times as fast"
