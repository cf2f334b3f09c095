"""/mute: hear nothing of a source, a pair or all for a time, but for what no mute keeps back: see `rules.decide`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.common.errors import StopProgram
from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import MuteKind, MuteRow
from services.common.text.telegram_html import bold, fitted, plain
from services.notifier.telegram.answers import Change, Choice, Control, Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows
from services.notifier.telegram.commands.lengths import length_text, read_length
from services.notifier.telegram.reply import MOST_DATA_BYTES, Button, Reply
from services.operations.pairs import named_pair
from services.operations.words import minute

OFF = "off"
OFFERED = ("1h", "8h", "1d")
STILL_TOLD = "Holds, outages, losses, price alerts and briefings come all the same."
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Muted:
    """What is muted; `value` is empty for all."""

    what: MuteKind
    value: str = ""

    @property
    def name(self) -> str:
        """As it is written in a command."""
        return self.value or self.what.value


def mute(parts: Parts, asked: Asked, words: list[str]) -> Reply | Control | Change:
    """Ask whether and for how long these shall be muted; without words, list the mutes; `off NAME` ends one."""
    if not words:
        return _listed(parts)
    if words[0].lower() == OFF:
        return _ended(parts, words[1:])
    length = read_length(words[-1])
    names = words if length is None else words[:-1]
    muted = [_named(parts, name) for name in names[:_MOST_NAMES]] or [Muted(MuteKind.ALL)]
    lengths = OFFERED if length is None else (words[-1],)
    choices = [_choice(parts, asked, each, text) for each in muted for text in lengths]
    told = " and ".join(_text(each) for each in muted)
    span = f" for {length_text(length)}" if length else ""
    return Control(asked.text, f"Mute {told}{span}? {STILL_TOLD}", tuple(choices))


def _named(parts: Parts, name: str) -> Muted:
    """The source, pair or asset of this name. Raises StopProgram if there is none."""
    if name.lower() == MuteKind.ALL.value:
        return Muted(MuteKind.ALL)
    sources = {each.source.lower(): each.source for each in parts.history.last_articles()}
    if source := sources.get(name.lower()):
        return Muted(MuteKind.SOURCE, source)
    try:
        return Muted(MuteKind.PAIR, named_pair(name, parts.settings))
    except StopProgram as error:
        raise StopProgram(f"{name} is no source that is recorded, and no pair: {error}") from None


def _choice(parts: Parts, asked: Asked, muted: Muted, text: str) -> Choice:
    length = read_length(text) or timedelta(0)
    label = f"{muted.name}: {length_text(length)}"
    return Choice(label, f"/mute {muted.name} {text}", lambda: _set(parts, asked, muted, length))


def _set(parts: Parts, asked: Asked, muted: Muted, length: timedelta) -> str:
    now = parts.now()
    row = MuteRow(what=muted.what, value=muted.value, until=now + length, by=asked.person.name, at=now)
    parts.log.write(NotifierBatch(mutes=[row]))
    return f"Muted {_text(muted)} until {minute(row.until)}. /mute lists what is muted and ends it."


def _listed(parts: Parts) -> Reply:
    rows = parts.history.mutes(parts.now())
    if not rows:
        return Reply("Nothing is muted. Mute a source, a pair or all with /mute NAME 2h")
    lines = [
        f"{_text(Muted(row.what, row.value))} until {minute(row.until)}, by {plain(row.by)}" for row in rows
    ]
    names = (Muted(row.what, row.value).name for row in rows)
    buttons = [Button(f"End {name}", line) for name in names if (line := _end_line(name))]
    return Reply(fitted([bold("Muted"), *lines]), in_rows(buttons))


def _end_line(name: str) -> str:
    line = f"/mute {OFF} {name}"
    return line if len(line.encode()) <= MOST_DATA_BYTES else ""


def _ended(parts: Parts, words: list[str]) -> Change:
    name = " ".join(words).lower()
    muted = [Muted(row.what, row.value) for row in parts.history.mutes(parts.now())]
    found = [each for each in muted if each.name.lower() == name]
    if not found:
        raise StopProgram(f"{name or 'nothing'} is not muted; /mute lists what is")
    return Change(f"/mute {OFF} {found[0].name}", lambda: _end(parts, found))


def _end(parts: Parts, muted: list[Muted]) -> Reply:
    for each in muted:
        parts.log.remove_mute(each.what, each.value)
    return Reply(f"{_text(muted[0])} is told again.")


def _text(muted: Muted) -> str:
    return "everything" if muted.what is MuteKind.ALL else f"{muted.what.value} {plain(muted.value)}"
