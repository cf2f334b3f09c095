"""What a channel can do next."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.history.notifying.rows import NoticeState
from services.notifier.delivery.digest import Left
from services.notifier.notice import Notice


@dataclass(frozen=True, slots=True)
class Send:
    """Send this notice now."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Settle:
    """Note this state of notices that are not sent."""

    notices: tuple[Notice, ...]
    state: NoticeState
    reason: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Make a digest of these."""

    left: tuple[Left, ...]


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell these urgent notices through another channel as well."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds, unless a notice comes."""

    seconds: float


Step = Send | Settle | Gather | Escalate | Wait
