"""Which updates are answered after an absence, a restart, or a flood."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.common.store.port import SentimentStore
from services.notifier.telegram.bot import TelegramBot
from services.notifier.telegram.commands.catalogue import CATALOGUE
from services.notifier.telegram.connection.taken import Taken
from services.notifier.telegram.reply import Reply
from services.operations.holds import read_entries
from tests.support.telegram.bot_api import BotApi, Fault
from tests.support.waiting import PATIENCE_SECONDS

Connect = Callable[..., TelegramBot]


def test_a_restart_repeats_no_command_that_telegram_sends_again(
    api: BotApi, connect: Connect, store: SentimentStore
) -> None:
    first = connect()
    api.plan("getUpdates", Fault.HANG, confirms=True)
    api.chats.say("/trades")
    api.chats.wait(1)
    first.close()
    assert api.chats.unread == 1

    connect()
    api.chats.say("/status")

    assert "New entries are allowed" in api.chats.wait(2).text
    api.chats.wait_until(lambda: api.chats.unread == 0, "the confirmation")
    assert len(api.chats.sent) == 2


def test_a_decision_that_was_taken_before_a_crash_is_not_carried_out_again(
    api: BotApi, connect: Connect, store: SentimentStore
) -> None:
    first = connect()
    api.chats.say("/pause")
    question = api.chats.wait(1)
    api.plan("getUpdates", Fault.HANG, confirms=True)
    api.chats.press(question, "Until it is resumed")
    api.chats.wait_until(lambda: bool(question.edits), "the answer")
    first.close()
    store.holds.lift("telegram")

    connect()
    api.chats.say("/trades")
    api.chats.wait(2)

    assert read_entries(store).holds == ()


def test_a_button_that_was_pressed_while_nobody_ran_decides_nothing(
    api: BotApi, connect: Connect, store: SentimentStore
) -> None:
    first = connect()
    api.chats.say("/pause")
    question = api.chats.wait(1)
    first.close()
    api.chats.press(question, "Until it is resumed")

    connect()
    api.chats.wait_until(lambda: bool(api.chats.answered), "the answer to the button")

    assert [text for _, text in api.chats.answered] == ["This question is over. Ask again."]
    assert read_entries(store).holds == ()


def test_what_was_written_long_before_the_start_is_named_and_not_carried_out(
    api: BotApi, connect: Connect, store: SentimentStore
) -> None:
    api.chats.say("/pause 30", date=time.time() - 3600)
    api.chats.say("/status", date=time.time() - 3000)
    api.chats.say("/trades")  # a restart takes seconds: what was written meanwhile is answered
    connect()

    said = api.chats.wait(1).text
    assert said.startswith("I was not running when this was written, and did nothing of it.")
    assert "/pause 30" in said
    assert "/status" in said
    assert api.chats.wait(2).text == "No trade is recorded."
    assert read_entries(store).holds == ()


def test_while_the_bot_runs_the_clock_decides_nothing(api: BotApi, connect: Connect) -> None:
    connect()
    api.chats.say("/trades")
    api.chats.wait(1)
    api.chats.say("/trades", date=time.time() - 7200)  # our clock was set forward by two hours

    assert api.chats.wait(2).text == "No trade is recorded."


def test_numbers_of_updates_may_begin_again_anywhere(api: BotApi, connect: Connect) -> None:
    connect()
    api.chats.say("/trades")
    api.chats.wait(1)
    api.chats.wait_until(lambda: api.chats.unread == 0, "the confirmation")
    api.chats.start_ids_at(17)
    api.chats.say("/trades")

    api.chats.wait(2)


def test_a_flood_of_commands_is_answered_up_to_a_limit_and_says_so(
    api: BotApi, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.telegram.connection.answering.MOST_WAITING", 3)
    for _ in range(250):
        api.chats.say("/trades")
    connect()
    api.chats.wait_until(lambda: api.chats.unread == 0, "the confirmation")
    api.chats.wait_until(lambda: any("faster than" in each.text for each in api.chats.sent), "the notice")
    api.chats.say("/help")
    api.chats.wait_until(lambda: "What can be asked" in api.chats.sent[-1].text, "the answer after the flood")

    assert len(api.chats.sent) < 250


def test_a_slow_answer_in_one_chat_delays_no_other_chat(
    api: BotApi, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def slow(*_: object) -> Reply:
        assert goes_on.wait(PATIENCE_SECONDS)
        return Reply("at last")

    monkeypatch.setitem(CATALOGUE, "help", replace(CATALOGUE["help"], command=slow))
    connect(notify_telegram_chats=("7", "-8"))
    api.chats.say("/help")
    api.chats.say("/trades", chat=-8)

    assert api.chats.wait(1, chat=-8).text == "No trade is recorded."
    goes_on.set()
    assert api.chats.wait(1).text == "at last"


def test_the_numbers_of_another_bot_or_an_unreadable_file_are_nobody_s(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "taken.json"
    assert Taken(file, bot=1).new_of([5, 6]) == {5, 6}

    assert Taken(file, bot=1).new_of([6, 7]) == {7}
    assert Taken(file, bot=2).new_of([7]) == {7}
    file.write_text("no JSON")
    assert Taken(file, bot=2).new_of([7]) == {7}


def test_a_folder_that_cannot_be_written_keeps_nobody_from_an_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    taken = Taken(tmp_path / "file" / "taken.json", bot=1)

    assert taken.new_of([5]) == {5}
    assert taken.new_of([5]) == set()
