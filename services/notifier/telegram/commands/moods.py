"""/sentiment: the mood of pairs, as the strategy sees it."""

from __future__ import annotations

from services.common.text.telegram_html import bold, fitted, plain
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows
from services.notifier.telegram.reply import Button, Reply
from services.operations.holds import Entries
from services.operations.pairs import named
from services.operations.sentiment import PairSentiment, read_sentiment
from services.operations.words import describe_seconds, mood, score

MOST_PAIRS = 20


def sentiment(parts: Parts, _asked: Asked, words: list[str]) -> Reply:
    """The newest signal and the aggregate of the pairs that are named, or of all TRADING_PAIRS."""
    pairs = [named(word) for word in words] or list(parts.settings.trading_pairs)
    found = read_sentiment(parts.store, parts.settings, pairs[:MOST_PAIRS], parts.now())
    lines = [line for pair, row in found.pairs.items() for line in _lines(pair, row)]
    if len(pairs) > MOST_PAIRS:
        lines.append(f"… and {len(pairs) - MOST_PAIRS} more; name a pair to see it.")
    if found.unscored:
        lines.append(f"Nobody scores {plain(', '.join(found.unscored))}: it is not among TRADING_PAIRS.")
    lines.append(entries_line(found.entries))
    known = [pair for pair in found.pairs if "/" in pair][:MOST_PAIRS]
    buttons = [Button(f"Why {pair}", f"/why {pair}") for pair in known]
    return Reply(fitted(lines), in_rows(buttons[:4]))


def entries_line(entries: Entries) -> str:
    """Whether new trades may be opened, as a line of HTML."""
    if not entries.why:
        return "New entries are allowed."
    return bold(f"New entries are refused: {plain(entries.why, 600)}.")


def _lines(pair: str, row: PairSentiment | None) -> list[str]:
    if row is None:
        return [f"{bold(plain(pair))} no sentiment"]
    together = row.aggregate
    aggregate = together.state if together.score is None else f"{score(together.score)} of {together.signals}"
    used = "" if row.state == "fresh" else f", not used: {plain(row.state)}"
    name = pair if row.served_by == pair else f"{pair} (news of {row.served_by})"
    age = describe_seconds(row.age_hours * 3600)
    figures = f"{score(row.score)} {mood(row.score)}, {age} old{used}; aggregate {aggregate}"
    return [f"{bold(plain(name))} {figures}", f"  {plain(row.headline)} ({plain(row.source)})"]
