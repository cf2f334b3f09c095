"""The rows that the notifier writes. All instants are in UTC; texts are stored as they were sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class NoticeState(StrEnum):
    """How far the delivery of a notice is.

    A notice is SENDING from just before it is handed to the channel, so after a crash it is known which notices may
    have arrived although nobody noted it. It is DELAYED after a channel has said that it did not take it, and UNSURE if
    nobody will ever know.
    """

    WAITING = "waiting"
    SENDING = "sending"
    DELAYED = "delayed"
    TOLD = "told"
    DROPPED = "dropped"
    DIGESTED = "digested"
    UNSURE = "unsure"

    @property
    def is_final(self) -> bool:
        """Whether the notice keeps this state for ever."""
        return self not in {NoticeState.WAITING, NoticeState.SENDING, NoticeState.DELAYED}


class BriefKind(StrEnum):
    """The two briefs."""

    DAILY = "daily"
    WEEKLY = "weekly"


class AlertSide(StrEnum):
    """On which side of its limit a price is told."""

    ABOVE = "above"
    BELOW = "below"


class MuteKind(StrEnum):
    """What a mute is about."""

    SOURCE = "source"
    PAIR = "pair"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """What a channel was told, or why not.

    Attributes:
        event_key: what makes the told event one event, such as the id of a story; with `channel` the key of the row.
        rule: the rule of NOTIFY_RULES_FILE that chose it.
        title: the first line of the notice, as plain text for lists.
        text: the whole notice, from which it can be sent after a restart.
        reason: why it was dropped or went into a digest.
        details: further JSON values.
        made: when it was decided; the one written first stays.
        at: when it got this state.
    """

    event_key: str
    channel: str
    rule: str
    state: NoticeState
    title: str
    text: str
    made: datetime
    at: datetime
    kind: str = ""
    pair: str = ""
    source: str = ""
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefRow:
    """A brief as it was made first.

    Attributes:
        day: the local day on which it was due, in the zone of the briefs.
        body: its data, as JSON values.
        at: when it was made.
    """

    kind: BriefKind
    day: date
    body: Mapping[str, Any]
    text: str
    html: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlertRow:
    """A price that somebody wants to be told of, once.

    Attributes:
        alert_id: see `new_alert_id`.
        by: who asked, as the channel names people.
        told_at: when it was reached and told; None while it is open.
    """

    alert_id: str
    pair: str
    side: AlertSide
    price: float
    by: str
    set_at: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteRow:
    """Nothing about a source or a pair, or nothing at all, is told until an instant. `value` is empty for all."""

    what: MuteKind
    value: str
    until: datetime
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """A command with which somebody asked for a change, and what came of it."""

    who: str
    command: str
    outcome: str
    at: datetime
    chat: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may be the one notifier, and until when."""

    holder: str
    until: datetime


def new_alert_id() -> str:
    """Return an id for a price alert: 8 hexadecimal digits, short enough to be typed."""
    return secrets.token_hex(4)
