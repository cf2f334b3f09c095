"""Quiet hours in a time zone. Pure."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from services.notifier.rules.document import ChannelTable, period_of
from services.notifier.rules.rule import Rules


def is_quiet(now: datetime, zone: str, begin: time, end: time) -> bool:
    """Whether the clocks of a zone show a time in a period, which may go past midnight; its end is excluded."""
    shown = now.astimezone(ZoneInfo(zone)).time()
    return begin <= shown < end if begin < end else shown >= begin or shown < end


def is_quiet_for(table: ChannelTable, rules: Rules, now: datetime) -> bool:
    """Whether a channel is told only what is urgent now."""
    period = table.quiet_hours or rules.quiet_hours
    return period is not None and is_quiet(now, table.timezone or rules.timezone, *period_of(period))
