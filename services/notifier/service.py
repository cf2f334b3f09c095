"""Watches what happens, decides by the rules what is told to whom, and hands it to the channels."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from services.common.clock import Clock
from services.common.errors import StopProgram, TryLater
from services.common.history.notifying.port import NotifierLog
from services.common.history.notifying.rows import MuteRow
from services.common.history.port import HistoryReader
from services.common.runtime.health import DependencyHealth, HealthReport
from services.common.runtime.metrics import HAPPENINGS
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress
from services.common.services import NOTIFIER
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.alone import RENEW_SECONDS, Alone
from services.notifier.channels.named import named
from services.notifier.channels.open import open_channels
from services.notifier.channels.port import Channel
from services.notifier.delivery.delivery import Delivery
from services.notifier.delivery.outbox import Outbox
from services.notifier.intake import Intake
from services.notifier.rules.decide import decide
from services.notifier.rules.load import load_rules
from services.notifier.rules.raised import raised
from services.notifier.rules.turned import corrections
from services.notifier.watching.alertmanager import Alertmanager
from services.notifier.watching.feed import FeedWatch
from services.notifier.watching.found import Found
from services.notifier.watching.rounds import Rounds
from services.notifier.watching.states import state_watches

if TYPE_CHECKING:
    from services.notifier.telegram.bot import TelegramBot

DATABASE_SECONDS = 60.0
MIGRATION_SECONDS = 900.0
MUTES_SECONDS = 1.0
LOOK_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Notifier:
    """The service that the docstring of this module describes.

    Args:
        log: where the notices are noted.
        channels: the channels; None: those of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        reader: HistoryReader,
        store: SentimentStore,
        notices: NotifierLog,
        channels: Sequence[Channel] | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._reader, self._store, self._log = reader, store, notices
        self.work = CallsInProgress()
        if channels is None and not settings.has_channels:
            raise StopProgram(
                "there is no channel to tell anything to: set NOTIFY_URLS or NOTIFY_TELEGRAM_TOKEN "
                "(docs/notifications.md)"
            )
        self._rules = load_rules(settings)
        self._alone = Alone(settings.state_dir, notices, clock)
        self._telegram = self._open_telegram()
        opened = open_channels(settings) if channels is None else tuple(channels)
        if self._telegram is not None:
            opened += self._telegram.channels
        outbox = Outbox(notices, reader, clock)
        opened = named(opened, settings.notify_name or "")
        self._delivery = Delivery(opened, self._rules, outbox, clock, self.work, allowed=self._alone.check)
        is_called = settings.notify_webhook_port != 0
        alertmanager = Alertmanager(notices.position, is_expected=is_called)
        self._feed = FeedWatch(
            reader,
            clock,
            notices.position,
            tells_dead_letters=lambda: not alertmanager.tells(),
            loss_steps=self._rules.watch.loss_steps,
        )
        states = state_watches(
            settings, clock, self._rules.watch, alertmanager, reader=reader, store=store, log=notices
        )
        self._rounds = [
            Rounds("feed", [self._feed], self._tell, self.work),
            Rounds("states", states, self._tell, self.work),
        ]
        self._intake = Intake(settings, clock, self._tell, alertmanager) if is_called else None
        self._mutes: tuple[Sequence[MuteRow], float] = ((), float("-inf"))
        self._lock = threading.Lock()

    def start(self) -> None:
        """See `runner.Service`. When this returns, this is the one notifier, and what happens from now on is told."""
        with self.work.doing("opening the history", MIGRATION_SECONDS):
            self._log.check()
        self._alone.take()
        with self.work.doing("reading where the notifier was", DATABASE_SECONDS):
            self._feed.begin()
        if self._telegram is not None:
            self._telegram.start()

    def run(self, stop: threading.Event) -> None:
        """See `runner.Service`."""
        self._begin(stop)
        for rounds in self._rounds:
            rounds.start()
        if self._intake is not None:
            self._intake.start()
        renewed = time.monotonic()
        while not stop.wait(LOOK_SECONDS):
            for rounds in self._rounds:
                rounds.check()
            self._delivery.check()
            if self._telegram is not None:
                self._telegram.check()
            if time.monotonic() - renewed >= RENEW_SECONDS and self._renew():
                renewed = time.monotonic()

    def health(self) -> HealthReport:
        """See `runner.Service`."""
        parts: dict[str, DependencyHealth] = {"history": self._log.health()}
        for rounds in self._rounds:
            parts |= rounds.health()
        if self._intake is not None:
            parts["alertmanager"] = self._intake.health()
        if self._telegram is not None:
            parts["telegram"] = self._telegram.health()
        return {**parts, **self._delivery.health()}

    def close(self) -> None:
        """See `runner.Service`."""
        if self._intake is not None:
            self._intake.close()
        for rounds in self._rounds:
            rounds.close()
        self._delivery.close()
        if self._telegram is not None:
            self._telegram.close()
        self._alone.release()
        self._store.close()
        self._reader.close()
        self._log.close()

    def _open_telegram(self) -> TelegramBot | None:
        """The bot of NOTIFY_TELEGRAM_TOKEN, which is not connected yet; None without a token."""
        if self._settings.notify_telegram_token is None:
            return None
        from services.notifier.telegram.bot import open_telegram  # its library is large

        return open_telegram(
            self._settings,
            self._clock,
            store=self._store,
            history=self._reader,
            log=self._log,
            work=self.work,
        )

    def _begin(self, stop: threading.Event) -> None:
        """Take up what an earlier run has left, as soon as the history is there."""
        while not stop.is_set():
            try:
                with self.work.doing("taking up notices", DATABASE_SECONDS):
                    self._delivery.start()
            except TryLater as error:
                count_error(NOTIFIER, error)
                stop.wait(error.after or 1.0)
            else:
                return

    def _renew(self) -> bool:
        try:
            with self.work.doing("renewing the lease", DATABASE_SECONDS):
                self._alone.renew()
        except TryLater as error:  # nothing is sent meanwhile: see `Alone.check`
            count_error(NOTIFIER, error)
            return False
        return True

    def _tell(self, found: Found) -> None:
        """Decide on what happened, and write the notices with the positions. Called from the threads of the rounds."""
        now = self._clock.now()
        mutes = self._muted(now) if found.happenings else ()
        decided = [
            notice
            for happening in found.happenings
            for notice in decide(happening, self._rules, self._delivery.names, mutes, now)
        ]
        decided += corrections(found.happenings, decided, self._delivery.told, mutes, now)
        for happening in found.happenings:
            HAPPENINGS.labels(happening.kind.value).inc()
        notices = raised(decided, self._log)
        count = self._delivery.deliver(notices, found.also, is_late=found.is_late)
        if count:
            log.info("told", notices=count, kinds=sorted({notice.kind.value for notice in notices}))

    def _muted(self, now: datetime) -> Sequence[MuteRow]:
        with self._lock:
            mutes, read = self._mutes
            if time.monotonic() - read >= MUTES_SECONDS:
                mutes = self._reader.mutes(now)
                self._mutes = (mutes, time.monotonic())
            return [mute for mute in mutes if mute.until > now]
