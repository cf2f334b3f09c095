"""The chats that are allowed, as channels of the notifier. They send with the bot that answers."""

from __future__ import annotations

from collections.abc import Callable

from services.common.settings.notifier import TELEGRAM
from services.common.text.telegram_html import fitted, with_command_lines
from services.notifier.message import as_html
from services.notifier.notice import Notice
from services.notifier.telegram.buttons import alert_buttons
from services.notifier.telegram.reply import Reply

Send = Callable[[int, Reply], None]


class TelegramChannel:
    """See `Channel`. A notice of several parts is several messages, and is continued with the part that failed.

    Args:
        name: `telegram`, or `telegram:` with the chat if there are several.
        send: sends a message to a chat; raises as `Channel.send`.
    """

    def __init__(self, name: str, chat: int, send: Send) -> None:
        self._name = name
        self._chat = chat
        self._send = send
        self._begun: tuple[str, int] = ("", 0)

    @property
    def name(self) -> str:
        """See `Channel.name`."""
        return self._name

    def send(self, notice: Notice) -> None:
        """See `Channel.send`."""
        replies = replies_of(notice)
        key, sent = self._begun
        for number, reply in enumerate(replies):
            if key == notice.event_key and number < sent:
                continue
            self._send(self._chat, reply)
            self._begun = (notice.event_key, number + 1)
        self._begun = ("", 0)

    def close(self) -> None:
        """See `Channel.close`. The bot is closed by whoever opened it."""


def telegram_channels(chats: tuple[int, ...], send: Send) -> tuple[TelegramChannel, ...]:
    """A channel for each chat, so that one that blocked the bot neither fails nor repeats the others."""
    if len(chats) == 1:
        return (TelegramChannel(TELEGRAM, chats[0], send),)
    return tuple(TelegramChannel(f"{TELEGRAM}:{chat}", chat, send) for chat in chats)


def replies_of(notice: Notice) -> tuple[Reply, ...]:
    """The messages of a notice, the last one with its buttons."""
    texts = notice.rich or (fitted(with_command_lines(as_html(notice.message)).split("\n")),)
    trade = notice.trade.rpartition("/")[2]
    buttons = alert_buttons(
        pairs=notice.pairs,
        sources=notice.sources,
        article_id=notice.article or notice.story,
        trade_id=int(trade) if trade.isascii() and trade.isdecimal() else None,
    )
    *first, last = (Reply(text) for text in texts)
    return (*first, Reply(last.html, buttons))
