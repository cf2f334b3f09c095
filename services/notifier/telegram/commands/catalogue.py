"""The list of the commands, which /help and the menu of Telegram show."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.text.telegram_html import bold, plain
from services.notifier.telegram.answers import Command, Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.commands.alerts import alert
from services.notifier.telegram.commands.brief import brief
from services.notifier.telegram.commands.entries import pause, resume
from services.notifier.telegram.commands.moods import sentiment
from services.notifier.telegram.commands.mutes import mute
from services.notifier.telegram.commands.portfolio import portfolio
from services.notifier.telegram.commands.state import sources, status
from services.notifier.telegram.commands.stories import news
from services.notifier.telegram.commands.trading import performance, trades
from services.notifier.telegram.commands.why import why
from services.notifier.telegram.reply import Reply
from services.operations.price_alerts import EXAMPLE


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as it is listed: its name, what may follow it, and what it answers."""

    name: str
    given: str
    answers: str
    command: Command


def help_(_parts: Parts, _asked: Asked, _words: list[str]) -> Reply:
    """The list of the commands."""
    lines = [
        f"/{each.name}{f' {plain(each.given)}' if each.given else ''}: {each.answers}"
        for each in CATALOGUE.values()
    ]
    title = bold("What can be asked. This chat never trades; it can only stop new entries.")
    return Reply("\n".join([title, *lines]))


CATALOGUE = {
    each.name: each
    for each in (
        Entry("sentiment", "[pair]", "the mood of your pairs, as the strategy sees it", sentiment),
        Entry("why", "[trade | pair [time]]", "why a trade was made, or why none was made", why),
        Entry("news", "[pair]", "the newest stories with their scores", news),
        Entry("trades", "[pair]", "the last trades", trades),
        Entry("portfolio", "", "what the bot holds, exposure and profit", portfolio),
        Entry("performance", "[pair]", "how prices changed after the signals", performance),
        Entry("sources", "", "how the sources of news do", sources),
        Entry("brief", "[weekly]", "the briefing, as of now", brief),
        Entry("status", "", "holds on entries, and the services", status),
        Entry("alert", f"[{EXAMPLE}]", "be told once when a price is reached", alert),
        Entry("mute", "[source | pair | all] [time]", "hear nothing of it for a time", mute),
        Entry("pause", "[minutes] [reason]", "stop new entries; exits go on", pause),
        Entry("resume", "", "lift the pause that was set here", resume),
        Entry("help", "", "this list", help_),
    )
}
