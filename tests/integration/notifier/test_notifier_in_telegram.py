"""The whole notifier with a Bot API server on loopback: alerts and answers of one bot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from services.common.errors import StopProgram
from services.common.history.notifying.rows import MuteKind, NoticeState
from services.common.history.open import open_reader
from services.common.settings.settings import Settings
from services.notifier.channels.port import channel_label
from tests.support.notifier.running import news, notifier_settings, notifying, recorded
from tests.support.telegram.bot_api import BotApi, Fault, bot_api
from tests.support.waiting import eventually

HEADLINE = 'Exchange hacked </b> send /pause to @support at evil.example & "win"'
GROUP = -1009988776655


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as server:
        yield server


def settings_of(api: BotApi, folder: Path, **more: str) -> Settings:
    given = {
        "NOTIFY_TELEGRAM_TOKEN": api.token,
        "NOTIFY_TELEGRAM_CHATS": "7",
        "NOTIFY_TELEGRAM_API": api.url,
        "LOG_LEVEL": "WARNING",
    }
    return notifier_settings(folder, "", **(given | more))


def test_one_story_of_five_sources_is_one_message_whose_why_has_the_receipt(
    api: BotApi, tmp_path: Path
) -> None:
    settings = settings_of(api, tmp_path)
    with recorded(settings) as history, notifying(settings):
        for number in range(1, 6):
            first = None if number == 1 else 1
            history.write(news(number, story=first, title=HEADLINE, source=f"Site{number}", revision=number))
        alert = api.chats.wait(1)
        assert list(alert.buttons) == ["Why", "Mute", "Pause"]
        assert HEADLINE in alert.text
        assert alert.shown.found == ()
        api.chats.press(alert, "Why")
        why = api.chats.wait(2)
        history.write(news(9, title="The end"))
        assert "The end" in api.chats.wait(3).text

    assert "Receipt: lexicon" in why.text
    assert "Also Site5" in why.text
    assert why.shown.found == ()


def test_a_source_that_was_muted_in_the_chat_is_not_told_any_more(api: BotApi, tmp_path: Path) -> None:
    settings = settings_of(api, tmp_path)
    with recorded(settings) as history, notifying(settings):
        history.write(news(1, source="Loud"))
        api.chats.press(api.chats.wait(1), "Mute")
        question = api.chats.wait(2)
        api.chats.press(question, "Loud: 1 hour")
        api.chats.wait_until(lambda: bool(question.edits), "the mute")
        history.write(news(2, source="Loud", pair="ETH/USDT"))
        history.write(news(3, source="Wire", pair="ETH/USDT", title="The end"))
        assert "The end" in api.chats.wait(3).text
        with closing(open_reader(settings)) as reader:
            (control,) = reader.controls().rows
            (mute,) = reader.mutes(control.at)

    assert (control.who, control.command, control.outcome) == ("Ann @ann (7)", "/mute Loud 1h", "done")
    assert (mute.what, mute.value) == (MuteKind.SOURCE, "Loud")


def test_floods_and_lost_connections_lose_no_alert_and_tell_none_twice(api: BotApi, tmp_path: Path) -> None:
    settings = settings_of(api, tmp_path)
    api.plan("sendMessage", Fault.FLOOD)
    api.plan("sendMessage", Fault.CUT_AFTER)
    api.plan("sendMessage", Fault.BAD_GATEWAY)
    with recorded(settings) as history, notifying(settings):
        for number in range(1, 4):
            history.write(news(number, pair=f"A{number}/USDT", source=f"Site{number}"))
        api.chats.wait_until(lambda: len(told(api)) == 3, "all three alerts")
        api.chats.wait_until(lambda: len(settled(settings)) == 3, "the notes")

    assert set(told(api).values()) == {1}
    assert Counter(settled(settings)) == {NoticeState.TOLD: 2, NoticeState.UNSURE: 1}


def told(api: BotApi) -> Counter[str]:
    """How often each of the stories was told as an alert of its own."""
    titles = (each.text.splitlines()[0] for each in api.chats.to(7))
    return Counter(title for title in titles if title.startswith("Title "))


def settled(settings: Settings) -> list[NoticeState]:
    """The final states of the notices of stories."""
    with closing(open_reader(settings)) as reader:
        return [row.state for row in reader.notices().rows if row.kind == "story" and row.state.is_final]


def test_a_chat_that_blocked_the_bot_keeps_nobody_else_from_being_told(api: BotApi, tmp_path: Path) -> None:
    settings = settings_of(api, tmp_path, NOTIFY_TELEGRAM_CHATS=f"{GROUP},8")
    api.chats.blocked.add(GROUP)
    with capture_logs() as logged, recorded(settings) as history, notifying(settings) as service:
        history.write(news(1))
        assert "Title 1" in api.chats.wait(1, chat=8).text
        api.chats.say("/trades", chat=8)
        assert api.chats.wait(2, chat=8).text == "No trade is recorded."
        group, other = (f"channel {channel_label(f'telegram:{chat}')}" for chat in (GROUP, 8))
        eventually(lambda: not service.health()[group].ok, "the blocked chat is noticed")
        health = service.health()

    assert health["telegram"].ok
    assert "takes no messages of this bot" in health[group].detail
    assert health[other].ok
    assert "channel_fails" in {each["event"] for each in logged}
    told_to_operators = generate_latest().decode() + repr(health) + repr(logged)
    assert str(abs(GROUP)) not in told_to_operators, "an id of a chat is in the metrics, the logs or /health"


def test_a_token_that_telegram_refuses_ends_the_notifier(api: BotApi, tmp_path: Path) -> None:
    settings = settings_of(api, tmp_path, NOTIFY_TELEGRAM_TOKEN="4242:AA-another_token-0123456789abcdefghi")

    with pytest.raises(StopProgram, match="Telegram refuses NOTIFY_TELEGRAM_TOKEN"), notifying(settings):
        pass
