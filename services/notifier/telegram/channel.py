"""The chats that are allowed, as channels of the notifier. They send with the bot that answers."""

from __future__ import annotations

from collections.abc import Callable

from services.common.settings.notifier import TELEGRAM
from services.common.text.telegram_html import fitted, with_command_lines
from services.notifier.channels.port import Unsure
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
        self._sent: dict[str, int] = {}  # parts, by event; others may come between the parts of one

    @property
    def name(self) -> str:
        """See `Channel.name`."""
        return self._name

    def send(self, notice: Notice) -> None:
        """See `Channel.send`."""
        replies, key = replies_of(notice), notice.event_key
        unsure: Unsure | None = None
        for reply in replies[self._sent.get(key, 0) :]:
            try:
                self._send(self._chat, reply)
            except Unsure as error:  # the other parts are sent all the same
                unsure = error
            self._sent[key] = self._sent.get(key, 0) + 1
        self._sent.pop(key, None)
        if unsure is not None:
            raise unsure

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
    buttons = alert_buttons(
        pairs=notice.pairs,
        sources=notice.sources,
        article_id=notice.article or notice.story,
        trade=notice.trade,
    )
    *first, last = (Reply(text) for text in texts)
    return (*first, Reply(last.html, buttons))
