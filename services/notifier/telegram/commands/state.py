"""/sources and /status: how the sources and the services do."""

from __future__ import annotations

from collections.abc import Iterator

from services.common.settings.reach import Part
from services.common.text.telegram_html import bold, fitted, plain
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.commands.moods import entries_line
from services.notifier.telegram.reply import Button, Reply
from services.operations.health import ServiceHealth, read_health
from services.operations.holds import read_entries
from services.operations.sources import SourceReport, read_sources
from services.operations.words import age_text, describe_seconds, share

NOTIFIER = "notifier"


def sources(parts: Parts, _asked: Asked, _words: list[str]) -> Reply:
    """When each source was last seen, how late it is, and how often it tells a story first."""
    found = read_sources(parts.history, parts.settings, parts.now())
    if not found.sources:
        return Reply("No article is recorded yet.")
    lines = [
        bold(f"Sources of the last {found.days:g} days"),
        *(_source(parts, each) for each in found.sources),
    ]
    return Reply(fitted(lines))


def status(parts: Parts, _asked: Asked, _words: list[str]) -> Reply:
    """Whether new trades may be opened, who holds them back, and what each service says of itself."""
    entries = read_entries(parts.store)
    lines = [entries_line(entries), *_services(parts)]
    label, command = ("Pause", "/pause") if entries.entries == "allowed" else ("Resume", "/resume")
    return Reply(fitted(lines), ((Button(label, command),),))


def _services(parts: Parts) -> Iterator[str]:
    if not parts.settings.reaches(Part.SERVICES):
        yield "The services cannot be asked from here: Prometheus watches them."
        return
    health = read_health(parts.settings, parts.now(), leave_out=NOTIFIER)
    yield bold(f"Services: {health.status}")
    yield from map(_service, health.services)


def _source(parts: Parts, source: SourceReport) -> str:
    seen = age_text(source.last_seen, parts.now())
    lag = f", {describe_seconds(source.lag_seconds)} late" if source.lag_seconds is not None else ""
    first = (
        f", first in {share(source.told_first_share)} of {source.stories}"
        if source.told_first_share is not None
        else ""
    )
    failing = f", {bold('its last poll failed')}" if source.is_failing else ""
    often = f", {source.articles_per_day:g} a day" if source.articles_per_day is not None else ""
    return f"{plain(source.source)}: seen {seen}{often}{lag}{first}{failing}"


def _service(service: ServiceHealth) -> str:
    wrong = [f"{part.name}: {part.detail or part.status}" for part in service.parts if part.status != "ok"]
    return f"{plain(service.service)}: {plain(service.status)}{f' ({plain(chr(59).join(wrong))})' if wrong else ''}"
