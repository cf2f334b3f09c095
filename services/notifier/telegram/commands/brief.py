"""/brief: the briefing or the weekly report, as of now."""

from __future__ import annotations

from services.common.errors import StopProgram
from services.common.history.notifying.rows import BriefKind
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.reply import Reply
from services.operations.briefs.make import make_brief


def brief(parts: Parts, _asked: Asked, words: list[str]) -> Reply:
    """Make the brief of the last day, or with `weekly` that of the last week."""
    kind = words[0].lower() if words else BriefKind.DAILY.value
    if kind not in set(BriefKind):
        raise StopProgram("write /brief or /brief weekly")
    made = make_brief(BriefKind(kind), parts.history, parts.store, parts.settings, now=parts.now())
    *before, last = made.telegram
    return Reply(last, before=tuple(before))
