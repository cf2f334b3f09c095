"""The bot against a Bot API server on loopback: what is answered, what is refused, and what failures do."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from pydantic import SecretStr

from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.history.open import open_reader
from services.common.runtime.logging import configure_logging
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.channels.port import Unsure
from services.notifier.telegram.bot import TelegramBot
from services.notifier.telegram.commands.catalogue import CATALOGUE
from services.notifier.telegram.reply import Button, Reply
from services.operations.holds import read_entries
from tests.support.servers.nobody import refusing_port
from tests.support.telegram.bot_api import BotApi, Fault
from tests.support.waiting import eventually

Connect = Callable[..., TelegramBot]
HELLO = Reply("<b>hello</b>", ((Button("Why", "/why"),),))

ODD: tuple[dict[str, Any], ...] = (
    {"message": "text"},
    {"message": {"message_id": 1}},
    {"message": {"message_id": 1, "date": "soon", "chat": {"id": 7, "type": "private"}, "text": "/help"}},
    {"callback_query": {"id": "q", "from": {}, "data": 7}},
    {"message": None},
    {"message": {"message_id": 1, "date": 1, "chat": {"id": "7", "type": "private"}, "text": "/help"}},
    {
        "edited_message": {
            "message_id": 1,
            "date": 1,
            "chat": {"id": 7, "type": "private"},
            "text": "/help",
        }
    },
    {"update_kind_of_next_year": {"a": [[[]]]}},
)


def test_a_question_is_answered_and_the_menu_lists_the_commands(api: BotApi, connect: Connect) -> None:
    connect()
    api.chats.say("/trades")

    assert api.chats.wait(1).text == "No trade is recorded."
    assert api.chats.menu == list(CATALOGUE)


def test_a_button_is_answered_and_its_question_replaced(
    api: BotApi, connect: Connect, store: SentimentStore, telegram_settings: Settings
) -> None:
    connect()
    api.chats.say("/pause 30 news")
    question = api.chats.wait(1)
    api.chats.press(question, "Yes, pause")
    api.chats.wait_until(lambda: bool(question.edits), "the answer")

    assert question.text.startswith("New entries are paused from the bot's next loop on")
    assert question.buttons == {}
    assert [hold.owner for hold in read_entries(store).holds] == ["telegram"]
    assert len(api.chats.answered) == 1
    with closing(open_reader(telegram_settings)) as reader:
        noted = reader.controls().rows
    assert [(row.who, row.chat, row.command, row.outcome) for row in noted] == [
        ("Ann @ann (7)", "7", "/pause 30", "done")
    ]


def test_a_stranger_is_not_answered_and_the_bot_goes_on(api: BotApi, connect: Connect) -> None:
    connect()
    api.chats.say("/pause", chat=666, user={"id": 666, "is_bot": False, "first_name": "Eve"})
    api.chats.press_data("/status", chat=666)
    api.chats.say("/trades")

    api.chats.wait(1)
    assert {each.chat for each in api.chats.sent} == {7}
    assert api.chats.answered == []


def test_updates_that_cannot_be_read_are_passed_over(api: BotApi, connect: Connect) -> None:
    connect()
    for odd in ODD:
        api.chats.put(odd)
    api.chats.say({"not": "a text"})
    api.chats.say(12)
    api.chats.say("/trades")

    assert api.chats.wait(1).text == "No trade is recorded."
    api.chats.wait_until(lambda: api.chats.unread == 0, "the confirmation")


def test_failures_while_updates_are_fetched_lose_and_repeat_none(api: BotApi, connect: Connect) -> None:
    connect()
    for number, fault in enumerate(
        (Fault.CUT, Fault.CUT_AFTER, Fault.GARBAGE, Fault.BAD_GATEWAY, Fault.FLOOD), 1
    ):
        api.plan("getUpdates", fault, times=2)
        api.chats.say("/trades")
        api.chats.wait(number)

    api.chats.wait_until(lambda: api.chats.unread == 0, "the confirmation")
    assert len(api.chats.sent) == 5


def test_an_answer_that_could_not_be_sent_is_sent_again(api: BotApi, connect: Connect) -> None:
    connect()
    for fault in (Fault.CUT, Fault.GARBAGE, Fault.BAD_GATEWAY, Fault.FLOOD):
        api.plan("sendMessage", fault)
    api.chats.say("/trades")

    assert api.chats.wait(1).text == "No trade is recorded."
    assert len(api.called("sendMessage")) == 5


def test_a_token_that_telegram_refuses_ends_the_start_with_a_message_that_does_not_have_it(
    api: BotApi, connect: Connect
) -> None:
    wrong = "4242:AA-another_token-0123456789abcdefghi"

    with pytest.raises(StopProgram, match="Telegram refuses NOTIFY_TELEGRAM_TOKEN") as refused:
        connect(notify_telegram_token=SecretStr(wrong))

    assert wrong not in str(refused.value)
    assert "0123456789" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["secret", "4242:", "4242:../getMe", "x:AA-another_token-0123456789abcdefghi"]
)
def test_a_text_that_is_no_token_is_refused_before_anything_is_asked(
    api: BotApi, connect: Connect, text: str
) -> None:
    with pytest.raises(StopProgram, match="is not written like a token") as refused:
        connect(notify_telegram_token=SecretStr(text))

    assert text not in str(refused.value)
    assert api.calls == []


def test_a_token_that_is_revoked_later_ends_no_other_channel(api: BotApi, connect: Connect) -> None:
    bot = connect()
    api.token = "4242:BB-a_new_token-0123456789abcdefghijk"
    api.chats.say("/trades")
    eventually(lambda: "revoked" in bot.health().detail, lambda: bot.health().detail)
    assert not bot.health().ok
    bot.check()
    with pytest.raises(StopProgram, match="the token is wrong or was revoked"):
        bot.send(7, HELLO)


def test_without_telegram_the_bot_starts_and_answers_when_telegram_is_back(
    api: BotApi, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.telegram.bot.FIRST_CONTACT_SECONDS", 0.1)
    api.away.set()
    bot = connect()

    assert not bot.health().ok
    assert not bot.health().required
    api.chats.say("/trades")
    api.away.clear()

    assert api.chats.wait(1).text == "No trade is recorded."
    assert bot.health().ok


def test_another_reader_of_the_token_is_named_in_the_health(api: BotApi, connect: Connect) -> None:
    api.plan("getUpdates", Fault.CONFLICT, times=10_000)  # as long as anybody looks
    bot = connect()
    eventually(lambda: "another program reads" in bot.health().detail, lambda: bot.health().detail)
    assert "give every program a bot of its own" in bot.health().detail
    api.recover()
    api.chats.say("/trades")
    api.chats.wait(1)
    assert bot.health().ok


def test_a_message_goes_to_a_chat_with_its_buttons(api: BotApi, connect: Connect) -> None:
    connect().send(7, HELLO)

    sent = api.chats.wait(1)
    assert (sent.text, sent.buttons) == ("hello", {"Why": "/why"})
    assert api.called("sendMessage")[0]["link_preview_options"] == '{"is_disabled": true}'


def test_a_second_message_to_a_chat_waits_for_its_turn(
    api: BotApi, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.telegram.connection.limits.CHAT_SECONDS", 0.3)
    bot = connect()
    bot.send(7, HELLO)
    bot.send(7, HELLO)

    first, second = api.chats.to(7)
    assert second.at - first.at >= 0.28


def test_after_a_429_nothing_is_sent_before_the_time_is_over(api: BotApi, connect: Connect) -> None:
    bot = connect()
    api.plan("sendMessage", Fault.FLOOD, seconds=600)

    with pytest.raises(TryLater) as first:
        bot.send(7, HELLO)
    with pytest.raises(TryLater) as second:
        bot.send(7, HELLO)
    bot.send(8, HELLO)  # the limit is one of a chat

    assert first.value.after == 600
    assert second.value.after is not None
    assert 300 < second.value.after <= 600
    assert [call["chat_id"] for call in api.called("sendMessage")] == ["7", "8"]


def test_a_message_whose_turn_never_came_was_surely_not_sent(
    api: BotApi, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.telegram.connection.limits.CHAT_SECONDS", 600.0)
    monkeypatch.setattr("services.notifier.telegram.bot.SEND_SECONDS", 0.2)
    bot = connect()
    bot._loop.call_soon_threadsafe(bot._sender._limits.was_sent, 7, bot._loop.time())

    with pytest.raises(TryLater, match="turn"):
        bot.send(7, HELLO)
    assert api.called("sendMessage") == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.CUT_AFTER, Unsure),
        (Fault.BAD_GATEWAY, TryLater),
        (Fault.GARBAGE, TryLater),
    ],
)
def test_a_failed_send_says_whether_it_may_have_arrived(
    api: BotApi, connect: Connect, fault: Fault, error: type[Exception]
) -> None:
    bot = connect()
    api.plan("sendMessage", fault)

    with pytest.raises(error):
        bot.send(7, HELLO)


def test_a_send_without_an_answer_may_have_arrived(
    api: BotApi, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.telegram.connection.sending.REQUEST_SECONDS", 0.2)
    bot = connect()
    api.plan("sendMessage", Fault.HANG)

    with pytest.raises(Unsure):
        bot.send(7, HELLO)


def test_a_send_without_a_connection_has_surely_not_arrived(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.telegram.bot.FIRST_CONTACT_SECONDS", 0.1)
    with refusing_port() as port:
        bot = connect(notify_telegram_api=f"http://127.0.0.1:{port}")

        with pytest.raises(TryLater):
            bot.send(7, HELLO)


def test_a_chat_that_blocked_the_bot_is_refused_with_what_to_do(api: BotApi, connect: Connect) -> None:
    api.chats.blocked.add(7)

    with pytest.raises(
        StopProgram, match=r"takes no messages of this bot .* take the chat out of NOTIFY_TELEGRAM"
    ):
        connect().send(7, HELLO)


def test_markup_that_telegram_refuses_is_never_sent_again(connect: Connect) -> None:
    with pytest.raises(NeverWorks, match="Can't parse entities"):
        connect().send(7, Reply("<b>open"))


def test_no_log_line_has_the_token(api: BotApi, connect: Connect) -> None:
    root, said = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging(Settings(log_level="DEBUG"), "notifier", said)
    try:
        api.plan("getUpdates", Fault.GARBAGE)
        api.plan("sendMessage", Fault.CUT)
        bot = connect()
        api.chats.say("/trades")
        api.chats.wait(1)
        bot.close()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)

    assert "telegram_ready" in said.getvalue()
    assert api.token.partition(":")[2] not in said.getvalue()
