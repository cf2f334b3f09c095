"""/pause and /resume: stop the bot from opening trades, and allow it again. Open trades are never touched."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.common.text.plain_text import without_control
from services.common.text.telegram_html import plain
from services.notifier.telegram.answers import Choice, Control, Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.commands.lengths import length_text, read_length
from services.notifier.telegram.commands.moods import entries_line
from services.notifier.telegram.reply import Reply
from services.operations import holds

OWNER = "telegram"
"""The owner of the hold that the chat sets. It lifts no other."""
LONGEST_REASON = 200
_OFFERED = (("For 30 minutes", "30m"), ("For 2 hours", "2h"), ("Until it is resumed", ""))


def pause(parts: Parts, asked: Asked, words: list[str]) -> Control:
    """Ask for how long no trades shall be opened; `/pause 30 rate decision` says it at once."""
    length = read_length(words[0]) if words else None
    reason = _reason(asked, words if length is None else words[1:])
    lengths = _OFFERED if length is None else (("Yes, pause", words[0]),)
    told = f" for {length_text(length)}" if length else ""
    question = f"Pause new entries{told}? Exits go on. The reason will be: {plain(reason)}"
    return Control(
        asked.text, question, tuple(_pausing(parts, label, text, reason) for label, text in lengths)
    )


def resume(parts: Parts, _asked: Asked, _words: list[str]) -> Reply | Control:
    """Ask whether the hold of this chat shall be lifted; the holds of others stay."""
    found = holds.read_entries(parts.store)
    if all(hold.owner != OWNER for hold in found.holds):
        return Reply(f"There is nothing to lift: Telegram set no pause. {entries_line(found)}")
    others = ", ".join(hold.owner for hold in found.holds if hold.owner != OWNER)
    stays = f" The holds of {plain(others)} stay." if others else ""
    question = f"Lift the pause that was set in Telegram?{stays}"
    return Control("/resume", question, (Choice("Yes, resume", "/resume", lambda: _resumed(parts)),))


def _reason(asked: Asked, words: list[str]) -> str:
    """Why and by whom, for everybody who reads the hold."""
    said = " ".join(without_control(" ".join(words)).split())[:LONGEST_REASON]
    by = f"asked in Telegram by {asked.person.name}"
    return f"{said} ({by})" if said else by


def _pausing(parts: Parts, label: str, text: str, reason: str) -> Choice:
    length = read_length(text) if text else None
    return Choice(label, f"/pause {text}".strip(), lambda: _paused(parts, length, reason))


def _paused(parts: Parts, length: timedelta | None, reason: str) -> str:
    now = parts.now()
    until = now + length if length else None
    entries = holds.read_entries(parts.store)
    if until is not None and any(_lasts_longer(hold, until) for hold in entries.holds):
        return f"A longer pause of Telegram is in force and stays; /resume ends it.\n{entries_line(entries)}"
    found = holds.pause(parts.store, reason, now, until, OWNER)
    end = (
        f"This ends at {until:%Y-%m-%d %H:%M} UTC by itself; /resume ends it before."
        if until
        else "/resume ends it."
    )
    return f"New entries are paused from the bot's next loop on; exits go on. {end}\n{entries_line(found)}"


def _lasts_longer(hold: holds.Hold, until: datetime) -> bool:
    return hold.owner == OWNER and (not hold.until or datetime.fromisoformat(hold.until) > until)


def _resumed(parts: Parts) -> str:
    return f"The pause of Telegram is lifted. {entries_line(holds.resume(parts.store, parts.now(), [OWNER]))}"
