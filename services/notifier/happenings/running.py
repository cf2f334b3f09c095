"""What happens to the system: holds, services, sources, dead letters, and alerts of Alertmanager."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from services.common.history.rows import HoldAction, HoldRow
from services.common.store.keys import KEPT
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.wording import running as wording

MOST_SOURCES = 3
"""The number of sources that are told one by one when they fall silent, or have news again, at once."""


def hold_happening(row: HoldRow) -> Happening:
    """A hold that was set or lifted."""
    is_set = row.action is HoldAction.SET
    return Happening(
        key=f"hold:{row.owner}:{row.action.value}:{row.seen.isoformat()}",
        kind=Kind.HOLD_SET if is_set else Kind.HOLD_LIFTED,
        at=row.seen,
        message=wording.about_hold_set(row) if is_set else wording.about_hold_lifted(row),
        importance=Importance.URGENT if is_set and row.owner == KEPT else Importance.NOTABLE,
    )


def service_down(service: str, detail: str, since: datetime, seconds: float, now: datetime) -> Happening:
    """A service that has not worked since `since`, which is `seconds` ago by a clock that is never set."""
    return Happening(
        key=f"service:{service}:down:{since.isoformat()}",
        kind=Kind.SERVICE_DOWN,
        at=now,
        message=wording.about_service_down(service, detail, seconds),
        importance=Importance.URGENT,
    )


def service_up(service: str, since: datetime, seconds: float, now: datetime) -> Happening:
    """A service that works again."""
    return Happening(
        key=f"service:{service}:up:{since.isoformat()}",
        kind=Kind.SERVICE_UP,
        at=now,
        message=wording.about_service_up(service, seconds),
    )


def source_happenings(
    last_seen: Mapping[str, datetime], silent: Mapping[str, datetime], hours: float, now: datetime
) -> tuple[tuple[Happening, ...], dict[str, datetime]]:
    """Sources that became silent or have news again, and those that are silent now.

    Args:
        last_seen: when the newest article of each source was fetched.
        silent: the sources that were silent, with when they had been seen.
        hours: the hours after which a source is silent.
        now: the present time.
    """
    silent_now = {
        source: seen for source, seen in last_seen.items() if (now - seen).total_seconds() >= hours * 3600
    }
    fell = {source: seen for source, seen in silent_now.items() if source not in silent}
    back = {
        source: last_seen[source] for source in last_seen if source in silent and source not in silent_now
    }
    return (
        *_sources(Kind.SOURCE_SILENT, fell, now),
        *_sources(Kind.SOURCE_BACK, back, now),
    ), silent_now


def dead_letter(article_id: str, title: str, reason: str, at: datetime) -> Happening:
    """An article that could not be processed."""
    return Happening(
        key=f"dead_letter:{article_id}",
        kind=Kind.DEAD_LETTER,
        at=at,
        message=wording.about_dead_letter(article_id, title, reason),
        importance=Importance.INFO,
        article=article_id,
    )


def _sources(kind: Kind, seen: Mapping[str, datetime], now: datetime) -> tuple[Happening, ...]:
    """One happening a source; one for all if they are many, as after an outage or when the clock was set."""
    if len(seen) <= MOST_SOURCES:
        return tuple(_source(kind, source, at, now) for source, at in seen.items())
    names = tuple(sorted(seen))
    of_all = hashlib.sha256("\n".join(f"{name} {seen[name].isoformat()}" for name in names).encode())
    return (
        Happening(
            key=f"sources:{kind.value}:{of_all.hexdigest()[:32]}",
            kind=kind,
            at=now,
            message=wording.about_sources(names, is_silent=kind is Kind.SOURCE_SILENT),
            sources=names,
        ),
    )


def _source(kind: Kind, source: str, seen: datetime, now: datetime) -> Happening:
    if kind is Kind.SOURCE_SILENT:
        message = wording.about_source_silent(source, seen, now)
    else:
        message = wording.about_source_back(source, seen)
    return Happening(
        key=f"source:{source}:{kind.value}:{seen.isoformat()}",
        kind=kind,
        at=now,
        message=message,
        sources=(source,),
    )
