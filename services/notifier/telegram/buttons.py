"""The buttons below messages. A button sends a command line back, as if the person had typed it."""

from __future__ import annotations

from collections.abc import Sequence

from services.notifier.telegram.reply import MOST_DATA_BYTES, Button, Rows

BEGINNING = 16
"""The digits of an article's id that name it in a button, as in `/news 3f2a…`."""
MOST_IN_A_ROW = 4


def why_article(article_id: str, label: str = "Why") -> Button:
    """Opens the story of an article with its receipts."""
    return Button(label, f"/why {article_id[:BEGINNING]}")


def alert_buttons(
    *,
    pairs: Sequence[str] = (),
    sources: Sequence[str] = (),
    article_id: str = "",
    trade: str = "",
) -> Rows:
    """Why, Mute and Pause for what an alert is about: a trade as BOT/NUMBER, a story, or else a pair."""
    buttons = []
    if trade:
        line = f"/why {trade}"
        fits = " " not in trade and len(line.encode()) <= MOST_DATA_BYTES
        buttons.append(Button("Why", line if fits else f"/why {trade.rpartition('/')[2]}"))
    elif article_id:
        buttons.append(why_article(article_id))
    elif pairs:
        buttons.append(Button("Why", f"/why {pairs[0]}"))
    if mute := _mute_line(pairs, sources):
        buttons.append(Button("Mute", mute))
    return ((*buttons, Button("Pause", "/pause")),)


def in_rows(buttons: Sequence[Button]) -> Rows:
    """The buttons in rows of at most four."""
    return tuple(
        tuple(buttons[start : start + MOST_IN_A_ROW]) for start in range(0, len(buttons), MOST_IN_A_ROW)
    )


def _mute_line(pairs: Sequence[str], sources: Sequence[str]) -> str:
    """The command that offers to mute these; names that do not fit into a button are left out."""
    line = "/mute"
    for name in [*pairs[:2], *sources[:2]]:
        longer = f"{line} {name}"
        if " " not in name and len(longer.encode()) <= MOST_DATA_BYTES:
            line = longer
    return line if line != "/mute" else ""
