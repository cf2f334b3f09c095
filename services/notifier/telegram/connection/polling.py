"""Fetches updates by long polling, and passes on what is new and comes from a chat that is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from services.common.clock import Clock
from services.common.errors import StopProgram
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import TELEGRAM_UPDATES
from services.notifier.telegram.asked import Asked, Pressed
from services.notifier.telegram.connection.client import ANSWER_SECONDS, POLL_SECONDS, WRONG_TOKEN, seconds_of
from services.notifier.telegram.connection.taken import Taken
from services.notifier.telegram.connection.updates import KINDS, read_update

log = structlog.get_logger(__name__)

AT_ONCE = 100
OLD = timedelta(minutes=5)
"""The age from which a message that waited while nobody read it is not answered any more."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
_MOST_STRANGERS = 20
QUICK_SECONDS, EMPTY_PAUSE_SECONDS = 1.0, 0.5
"""An answer without updates that comes quickly, although Telegram should wait, is followed by a pause."""
READS_TOO = (
    "another program reads the updates of NOTIFY_TELEGRAM_TOKEN, so each gets a part of them: give every program a bot "
    "of its own"
)


@dataclass
class Heard:
    """What one answer of Telegram brought.

    Attributes:
        things: messages and buttons, oldest first.
        missed: messages that waited too long while nobody read them.
    """

    things: list[Asked | Pressed] = field(default_factory=list)
    missed: list[Asked] = field(default_factory=list)


class Poller:
    """Asks for updates until it is cancelled. To be used in one event loop.

    Args:
        hear: gets what each answer brought; it must not block.
        clock: tells how old a message is; it is used for what waited while nobody read it, and for nothing else.
    """

    def __init__(
        self, bot: Bot, allowed: Collection[int], taken: Taken, clock: Clock, hear: Callable[[Heard], None]
    ) -> None:
        self._bot = bot
        self._allowed = frozenset(allowed)
        self._taken = taken
        self._clock = clock
        self._hear = hear
        self._strangers: set[int] = set()
        self._offset: int | None = None
        self._is_late = True
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self.state = DependencyHealth(ok=False, detail="Telegram was not reached yet", required=False)

    async def run(self) -> None:
        """Fetch and pass on. Raises StopProgram if Telegram refuses the token."""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            waits = self._waits
            try:
                updates = await self._fetch()
            except InvalidToken:
                await self._check_token()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next request may succeed
                await self._wait_after(error)
            else:
                self._succeeded()
                self._take(updates)
                if waits and not updates and loop.time() - asked < QUICK_SECONDS:
                    await asyncio.sleep(EMPTY_PAUSE_SECONDS)

    async def _fetch(self) -> Sequence[Update]:
        """The updates after those that were fetched last, which this request confirms."""
        wait = POLL_SECONDS if self._waits else 0
        async with asyncio.timeout(wait + 2 * ANSWER_SECONDS):
            return await self._bot.get_updates(
                offset=self._offset, limit=AT_ONCE, timeout=wait, allowed_updates=KINDS
            )

    @property
    def _waits(self) -> bool:
        """Whether the next request waits for updates; one that confirms the last ones does not."""
        return not self._is_late and self._offset is None

    def _take(self, updates: Sequence[Update]) -> None:
        numbers = [update.update_id for update in updates]
        # Once they are confirmed, requests name none: after a week without any, the next number may be a lower one.
        self._offset = max(numbers) + 1 if numbers else None
        new = self._taken.new_of(numbers)
        heard = Heard()
        for update in updates:
            if update.update_id in new:
                self._sort(update, heard)
        self._is_late = self._is_late and len(updates) == AT_ONCE
        if heard.things or heard.missed:
            self._hear(heard)

    def _sort(self, update: Update, heard: Heard) -> None:
        thing = read_update(update)
        if thing is None:
            kind = "unreadable"
        elif thing.chat not in self._allowed:
            kind = "stranger"
            self._tell_of(thing.chat)
        elif isinstance(thing, Asked) and self._is_late and _is_old(thing, self._clock.now()):
            kind = "missed"
            heard.missed.append(thing)
        else:
            kind = "command" if isinstance(thing, Asked) else "button"
            heard.things.append(thing)
        TELEGRAM_UPDATES.labels(kind).inc()

    def _tell_of(self, chat: int) -> None:
        """Log a chat that is not allowed, once. This is also how people learn the id of their own chat."""
        if chat not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers.add(chat)
            log.warning(
                "telegram_stranger",
                chat=chat,
                detail="ignored; if it is yours, add it to NOTIFY_TELEGRAM_CHATS",
            )

    def _succeeded(self) -> None:
        if self._backoff.succeeded():
            log.info("telegram_reached")
        self.state = DependencyHealth(ok=True, required=False)

    async def _check_token(self) -> None:
        """A proxy in the way may refuse one request, so the token counts as refused if Telegram says it twice."""
        try:
            await self._bot.get_me()
        except InvalidToken:
            raise StopProgram(WRONG_TOKEN) from None
        except TelegramError as error:
            await self._wait_after(error)
        else:
            await self._wait_after(TelegramError("the request for updates was refused"))

    async def _wait_after(self, error: Exception) -> None:
        """Wait before the next request. What comes after it may have waited too long."""
        after = seconds_of(error) if isinstance(error, RetryAfter) else None
        wait = self._backoff.failed(at_least=after)
        detail = READS_TOO if isinstance(error, Conflict) else f"{type(error).__name__}: {error}"
        if self._backoff.failures == 1 or detail != self.state.detail:
            log.warning("telegram_away", error=detail, retry_in_seconds=round(wait, 1))
        self.state = DependencyHealth(ok=False, detail=detail, required=False)
        self._is_late = True
        await asyncio.sleep(wait)


def _is_old(asked: Asked, now: datetime) -> bool:
    return asked.at is not None and now - asked.at > OLD
