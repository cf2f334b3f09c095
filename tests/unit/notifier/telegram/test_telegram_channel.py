"""A chat as a channel: each part of a notice is sent once, and what a chat refuses is no fault of the message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from telegram.error import BadRequest, NetworkError, TelegramError

from services.common.errors import NeverWorks, StopProgram, TryLater
from services.notifier.channels.port import Unsure
from services.notifier.notice import Notice
from services.notifier.telegram.channel import TelegramChannel
from services.notifier.telegram.connection.client import meaning_of
from services.notifier.telegram.reply import Reply
from tests.support.notifier.samples import notice

BRIEF = replace(notice(), event_key="brief", rich=("one", "two", "three"))
URGENT = replace(notice(), event_key="urgent", rich=("urgent",))


class Chat:
    """What a chat has got, and the errors that come before some of it."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.got: list[str] = []

    def send(self, _chat: int, reply: Reply) -> None:
        if error := self.errors.pop(reply.html, None):
            raise error
        self.got.append(reply.html)


def sent(channel: TelegramChannel, given: Notice) -> type[Exception] | None:
    try:
        channel.send(given)
    except (TryLater, Unsure) as error:
        return type(error)
    return None


def test_a_notice_goes_on_with_the_part_that_failed_also_after_another_one() -> None:
    chat = Chat(two=TryLater("later"))
    channel = TelegramChannel("telegram", 7, chat.send)
    assert sent(channel, BRIEF) is TryLater
    assert sent(channel, URGENT) is None
    assert sent(channel, BRIEF) is None
    assert chat.got == ["one", "urgent", "two", "three"]


def test_a_part_that_may_have_arrived_costs_no_other_part() -> None:
    chat = Chat(two=Unsure("no answer"))
    channel = TelegramChannel("telegram", 7, chat.send)
    assert sent(channel, BRIEF) is Unsure
    assert chat.got == ["one", "three"]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (BadRequest("Can't parse entities: unclosed tag"), NeverWorks),
        (BadRequest("Message is too long"), NeverWorks),
        (BadRequest("Not enough rights to send text messages to the chat"), StopProgram),
        (BadRequest("CHAT_WRITE_FORBIDDEN"), StopProgram),
        (BadRequest("Topic_closed"), StopProgram),
        (
            NetworkError("Bad Gateway (502). Parsing the server response b'timeout, ray 1504' failed"),
            TryLater,
        ),
        (NetworkError("Gateway Timeout (504). Parsing the server response b'' failed"), Unsure),
    ],
)
def test_a_refusal_of_the_chat_is_none_of_the_message_and_the_page_of_a_proxy_says_nothing(
    error: TelegramError, meaning: type[Exception]
) -> None:
    found = meaning_of(error)
    assert type(found) is meaning
    assert "1504" not in str(found)
