"""Controls ask back once, are carried out for whoever asked, and are noted."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest

from services.common.store.holds import OPERATOR
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked, Person, Pressed
from services.notifier.telegram.confirm import SECONDS
from services.operations.holds import Hold as ShownHold
from services.operations.holds import pause as operator_pause
from services.operations.holds import read_entries
from tests.support.history.history_samples import at
from tests.support.servers.nobody import refusing_port
from tests.support.telegram.talking import ANN, BOB, Chat


def held(store: SentimentStore) -> tuple[ShownHold, ...]:
    return read_entries(store).holds


def test_pause_asks_back_and_changes_nothing_before_the_answer(chat: Chat, store: SentimentStore) -> None:
    said = chat.say("/pause")

    assert said == "Pause new entries? Exits go on. The reason will be: asked in Telegram by Ann @ann"
    assert list(chat.buttons) == ["For 30 minutes", "For 2 hours", "Until it is resumed", "No"]
    assert held(store) == ()
    assert chat.noted == []


def test_a_confirmed_pause_stops_entries_with_reason_and_who_asked_and_is_noted(
    chat: Chat, store: SentimentStore
) -> None:
    chat.say("/pause 90 rate decision")
    found = chat.press("Yes, pause")

    assert found.replaces
    assert "This ends at 2026-11-20 14:30 UTC by itself" in chat.text_of(found.reply)
    hold = json.loads(store.holds.read().fields["telegram"])
    assert hold == {
        "reason": "rate decision (asked in Telegram by Ann @ann)",
        "since": "2026-11-20T13:00:00+00:00",
        "until": "2026-11-20T14:30:00+00:00",
    }
    assert chat.noted == [("Ann @ann", "/pause 90", "done")]


def test_a_shorter_pause_does_not_end_a_longer_one(chat: Chat, store: SentimentStore) -> None:
    chat.say("/pause")
    chat.press("Until it is resumed")
    chat.say("/pause 30")
    found = chat.press("Yes, pause")
    assert "A longer pause of Telegram is in force and stays" in chat.text_of(found.reply)
    assert json.loads(store.holds.read().fields["telegram"])["until"] is None


def test_a_pause_without_an_end_lasts_until_resume_lifts_it(chat: Chat, store: SentimentStore) -> None:
    chat.say("/pause")
    chat.press("Until it is resumed")
    assert [hold.owner for hold in held(store)] == ["telegram"]
    assert "telegram" in chat.say("/status")

    chat.press("Resume")
    assert held(store) != ()
    chat.press("Yes, resume")

    assert held(store) == ()
    assert [command for _, command, _ in chat.noted] == ["/pause", "/resume"]


def test_no_changes_nothing_and_is_noted(chat: Chat, store: SentimentStore) -> None:
    chat.say("/pause 30")
    found = chat.press("No")

    assert "nothing was changed" in chat.text_of(found.reply)
    assert held(store) == ()
    assert chat.noted == [("Ann @ann", "/pause 30", "declined")]


def test_resume_lifts_no_hold_of_anybody_else(chat: Chat, store: SentimentStore) -> None:
    operator_pause(store, "maintenance", at(0), None)

    assert "nothing to lift" in chat.say("/resume")
    assert "operator" in chat.text_of(chat.last)
    chat.say("/pause")
    chat.press("Until it is resumed")
    assert "The holds of operator stay." in chat.say("/resume")
    chat.press("Yes, resume")

    assert [hold.owner for hold in held(store)] == [OPERATOR]


def test_an_answer_is_taken_once(chat: Chat, store: SentimentStore) -> None:
    chat.say("/pause")
    question = chat.last
    chat.press("Until it is resumed")
    chat.say("/resume")
    chat.press("Yes, resume")
    chat.last = question

    assert chat.press("Until it is resumed").notice == "This question is over. Ask again."
    assert held(store) == ()


def test_only_who_asked_can_decide(parts: Parts, store: SentimentStore) -> None:
    group = Chat(parts, number=-5)
    group.say("/pause")

    assert group.press("Until it is resumed", BOB).notice == "Only Ann @ann, who asked, can decide this."
    assert held(store) == ()
    group.press("Until it is resumed", Person(ANN.id, "Ann with another name"))
    assert len(held(store)) == 1


def test_a_question_is_over_after_two_minutes(chat: Chat, store: SentimentStore) -> None:
    chat.say("/pause")
    chat.seconds += SECONDS

    assert chat.press("Until it is resumed").notice == "This question is over. Ask again."
    assert held(store) == ()


def test_a_question_of_an_earlier_run_changes_nothing(parts: Parts, store: SentimentStore) -> None:
    before, after = Chat(parts), Chat(parts)
    before.say("/pause")
    after.last = before.last

    assert after.press("Until it is resumed").notice == "This question is over. Ask again."
    assert held(store) == ()


@pytest.mark.parametrize("data", ["ask:", "ask:x:0", "ask:" + "é" * 30, "ask:::", "no"], ids=range(5))
def test_a_button_that_nobody_made_decides_nothing(chat: Chat, store: SentimentStore, data: str) -> None:
    chat.say("/pause")
    found = chat.conversation.pressed(Pressed(7, ANN, "q", 1, data))

    assert found.notice or "/help" in chat.text_of(found.reply)
    assert held(store) == ()


def test_a_question_cannot_be_decided_in_another_chat(
    parts: Parts, chat: Chat, store: SentimentStore
) -> None:
    chat.say("/pause")
    data = chat.buttons["Until it is resumed"]

    assert (
        chat.conversation.pressed(Pressed(99, ANN, "q", 1, data)).notice
        == "This question is over. Ask again."
    )
    assert held(store) == ()


@pytest.mark.parametrize("words", ["0", "0h", "9999d", "999999"])
def test_a_duration_that_cannot_be_kept_is_refused(chat: Chat, words: str) -> None:
    assert "is no duration that can be kept" in chat.say(f"/pause {words}")


@pytest.mark.parametrize(
    ("words", "told"), [("30", "30 minutes"), ("2h", "2 hours"), ("1D", "1 day"), ("90m", "90 minutes")]
)
def test_a_duration_is_read_in_minutes_hours_and_days(chat: Chat, words: str, told: str) -> None:
    assert chat.say(f"/pause {words}").startswith(f"Pause new entries for {told}?")


def test_a_reason_that_tries_to_be_markup_or_a_command_stays_text(chat: Chat, store: SentimentStore) -> None:
    chat.say("/pause </b> /resume \u202e @all " + "x" * 5000)
    assert chat.shown.found == ()
    chat.press("Until it is resumed")

    assert list(chat.shown.found) == [("command", "/resume")]  # our own hint
    assert "\u202e" not in held(store)[0].reason
    assert len(held(store)[0].reason) < 300


def test_a_pause_while_the_store_is_away_says_that_it_failed_and_is_noted(parts: Parts) -> None:
    with refusing_port() as port, closing(open_store(parts.settings.changed(redis_port=port))) as away:
        chat = Chat(replace(parts, store=away))
        chat.say("/pause 30")
        found = chat.press("Yes, pause")

    assert chat.text_of(found.reply).startswith("This failed: ")
    assert [outcome.partition(":")[0] for _, _, outcome in chat.noted] == ["failed"]


def test_a_command_that_waited_while_nobody_read_it_is_named_and_not_carried_out(
    chat: Chat, store: SentimentStore
) -> None:
    missed = [Asked(7, ANN, f"/pause {number} <b>", at(number)) for number in range(12)]

    said = chat.text_of(chat.conversation.was_away(missed))

    assert "did nothing of it" in said
    assert "/pause 0 <b> (12:00 UTC)" in said
    assert said.endswith("and 2 more")
    assert held(store) == ()
