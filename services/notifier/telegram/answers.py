"""What commands answer from, and what they answer: a reply, or a control, which asks back before anything is done.

A change of what is told is made at once, and noted like a control.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierLog
from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.reply import Reply


@dataclass(frozen=True, slots=True)
class Parts:
    """What the commands answer from. All of it may be used from any thread."""

    settings: Settings
    clock: Clock
    store: SentimentStore
    history: HistoryReader
    log: NotifierLog

    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    @property
    def staleness(self) -> timedelta:
        """The age from which sentiment counts as none."""
        return timedelta(hours=self.settings.sentiment_staleness_hours)


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to carry a control out.

    Attributes:
        label: the text of its button.
        command: what is done, as the history has it, such as `/pause 30`.
        do: does it and returns what came of it, as HTML. Raises TryLater, StopProgram and NeverWorks.
    """

    label: str
    command: str
    do: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Control:
    """A change that somebody asks for: one of the choices has to be pressed first.

    Attributes:
        command: what was asked for, as the history has it if it is declined.
        question: what is asked back, as HTML.
    """

    command: str
    question: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of what is told, which is made at once.

    Attributes:
        command: what is done, as the history has it, such as `/alert BTC/USDT above 120000`.
        do: does it and returns the answer. Raises as `Choice.do`.
    """

    command: str
    do: Callable[[], Reply]


Command = Callable[[Parts, Asked, list[str]], Reply | Control | Change]
"""Answers a command. It gets the words after its name, and raises TryLater, StopProgram and NeverWorks, whose messages
are answers too."""
