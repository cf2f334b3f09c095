"""Defines the ports to what the notifier keeps: one writer, and any number of readers.

The notifier writes to the same database as the recorder. Its transactions are short and it never changes a row of the
recorder, which waits for at most one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from services.common.history.notifying.rows import (
    BriefKind,
    BriefRow,
    ControlRow,
    Lease,
    MuteKind,
    MuteRow,
    NoticeRow,
    NoticeState,
    PriceAlertRow,
)
from services.common.history.queries import DEFAULT_LIMIT, Page
from services.common.runtime.health import DependencyHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierBatch:
    """Rows that are written in one transaction, together with the positions up to which the notifier has read."""

    notices: Sequence[NoticeRow] = ()
    briefs: Sequence[BriefRow] = ()
    price_alerts: Sequence[PriceAlertRow] = ()
    mutes: Sequence[MuteRow] = ()
    controls: Sequence[ControlRow] = ()
    cursors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotifierWritten:
    """Those rows of a batch that were added or changed something."""

    notices: tuple[NoticeRow, ...] = ()
    briefs: tuple[BriefRow, ...] = ()


class NotifierLog(Protocol):
    """Writes what the notifier keeps.

    All methods raise TryLater if the database is away, locked or full, and StopProgram if it refuses permanently
    (password, rights, a schema of a later release). All methods may be called from any thread.
    """

    def write(self, batch: NotifierBatch) -> NotifierWritten:
        """Write all rows and cursors of the batch, or nothing. Writing the same batch again changes nothing.

        Of notices, a final state stays, and any other is replaced, though never by WAITING, so deciding about an event
        again changes nothing. Of briefs, the first
        version stays. A price alert that was told stays told. Of mutes of the same thing, the one written last counts.
        Controls are appended, one for each instant, person and command.
        """
        ...

    def unfinished(self) -> list[NoticeRow]:
        """The notices that are WAITING, SENDING or DELAYED, oldest first."""
        ...

    def notices_by_key(self, event_keys: Collection[str]) -> dict[tuple[str, str], NoticeRow]:
        """The notices of these events, by event key and channel."""
        ...

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        ...

    def remove_price_alert(self, alert_id: str) -> bool:
        """Remove an open price alert. Returns whether there was one."""
        ...

    def remove_mute(self, what: MuteKind, value: str) -> bool:
        """Remove a mute. Returns whether there was one."""
        ...

    def take_lease(
        self, holder: str, now: datetime, until: datetime, *, instead_of: Lease | None = None
    ) -> Lease:
        """Take the lease or renew one's own, unless another holder has it until after `now`.

        Args:
            holder: who asks, a name that no other notifier has.
            now: the present, by the caller's clock.
            until: the end of the new lease, likewise.
            instead_of: a lease of another that is taken over although it has not ended, if it is still the same: its
                holder has not renewed it for long enough, whatever the clocks of the two say.

        Returns:
            The lease that is in force then: the caller's own, or that of the other holder.
        """
        ...

    def release_lease(self, holder: str) -> None:
        """Give the lease back, if `holder` has it."""
        ...

    def check(self) -> None:
        """Connect, and migrate the tables if necessary. Every other method does so as well when it is first used."""
        ...

    def health(self) -> DependencyHealth:
        """The state of the database when it was last used. Never waits for it."""
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...


class NotifierReader(Protocol):
    """Reads what the notifier keeps. Raises as `HistoryReader`."""

    def notices(
        self,
        *,
        states: Collection[NoticeState] = (),
        channel: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[NoticeRow]:
        """Notices by `at`, newest first, of one channel or all."""
        ...

    def briefs(
        self, *, kind: BriefKind | None = None, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[BriefRow]:
        """Briefs by `at`, newest first."""
        ...

    def brief(self, kind: BriefKind, day: date) -> BriefRow | None:
        """The brief of a day."""
        ...

    def price_alerts(self, *, is_open: bool = True) -> tuple[PriceAlertRow, ...]:
        """The price alerts that are open, or those that were told, the one set first first."""
        ...

    def mutes(self, now: datetime) -> tuple[MuteRow, ...]:
        """The mutes that are in force at `now`, the one that ends first first."""
        ...

    def controls(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[ControlRow]:
        """Controls by `at`, newest first."""
        ...
