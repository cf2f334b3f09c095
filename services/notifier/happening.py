"""What happened, as the rules see it: the values by which they decide, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from services.notifier.message import Message


class Kind(StrEnum):
    """The kinds of happenings."""

    STORY = "story"
    MOOD = "mood"
    STAND_ASIDE = "stand_aside"
    ENTRY = "entry"
    EXIT = "exit"
    PROFIT = "profit"
    LOSS = "loss"
    HOLD_SET = "hold_set"
    HOLD_LIFTED = "hold_lifted"
    SOURCE_SILENT = "source_silent"
    SOURCE_BACK = "source_back"
    SERVICE_DOWN = "service_down"
    SERVICE_UP = "service_up"
    DEAD_LETTER = "dead_letter"
    PRICE = "price"
    BRIEF = "brief"
    OPERATOR_ALERT = "operator_alert"
    DIGEST = "digest"
    TEST = "test"


class Importance(IntEnum):
    """How important a happening is. URGENT passes quiet hours and limits."""

    INFO = 1
    NOTABLE = 2
    URGENT = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one pair: a score from -1 to +1 and the kind of news, as far as there are any."""

    pair: str
    score: float | None
    event_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened once.

    Attributes:
        key: what makes it one event. Whatever has the same key is told once to each channel.
        at: when it happened, by the clock of whoever noticed it.
        pairs, sources: those that it is about; a story has all that told it so far.
        story: the id of the story's first article; empty if it is not about news.
        article: the id of the article that gives the receipt.
        trade: BOT/ID of the trade that it is about.
        event_type: the kind of news.
        score: from -1 to +1; the strongest of a story's.
        scores, event_types: the pairs of a story with their newest scores, and with the kinds of that news.
        newest: the headline of the article that has the newest score of a story.
        corroboration: the number of further independent publishers that agreed when the story was scored.
        change: profit or loss in percent.
        message: what is said.
        rich: what Telegram shows instead, as in `Notice`.
    """

    key: str
    kind: Kind
    at: datetime
    message: Message
    importance: Importance = Importance.NOTABLE
    pairs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    story: str = ""
    article: str = ""
    trade: str = ""
    event_type: str = ""
    score: float | None = None
    scores: tuple[tuple[str, float], ...] = ()
    event_types: tuple[tuple[str, str], ...] = ()
    newest: str = ""
    corroboration: int = 0
    change: float | None = None
    rich: tuple[str, ...] = ()

    def said(self) -> tuple[Said, ...]:
        """What is said about each pair; one without a pair if it is about none."""
        if self.scores:
            kinds = dict(self.event_types)
            return tuple(Said(pair, score, kinds.get(pair, self.event_type)) for pair, score in self.scores)
        return tuple(Said(pair, self.score, self.event_type) for pair in self.pairs or ("",))
