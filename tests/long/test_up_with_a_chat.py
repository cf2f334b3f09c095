"""`./cryptoboy up` with a chat in Telegram: what it does is told there, and a pause there stops a real Freqtrade."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.common.runtime.ports import free_port
from services.common.settings.settings import BrokerKind, Settings
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.news.news_feed_server import FeedServer
from tests.support.pipeline.up_run import Feeds, Up, running_up
from tests.support.strategy.freqtrade_trading import replayed
from tests.support.telegram.bot_api import BotApi, bot_api
from tests.support.telegram.chats import Sent
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAIR = "BTC/USDT"
PUBLISHERS = ("paper", "wire", "radio", "herald", "gazette")
TITLE = "Bitcoin surges as funds report record inflows"
TEXT = "Spot funds reported record inflows. Analysts were bullish."
LATER = "Bitcoin drops after miners report a fire"
REASON = "rate decision (asked in Telegram by Ann @ann)"
NO_ENTRIES = "Entry of BTC/USDT refused: entries are paused by telegram"


class World:
    """Everything around the run: feeds, an exchange and the Bot API."""

    def __init__(self, opened: ExitStack, folder: Path) -> None:
        self.api: BotApi = opened.enter_context(bot_api())
        self.feeds = Feeds(opened.enter_context(FeedServer()), folder, PUBLISHERS)
        self._exchange = opened.enter_context(replayed([PAIR], "1m"))
        self._folder = folder

    def settings(self, **changes: Any) -> Settings:
        """The settings of the run, with every server on loopback."""
        rules = self._folder / "notify.toml"
        rules.write_text("preset = 'everything'\n[channels.telegram]\nper_minute = 600\n")
        given: dict[str, Any] = {
            "BROKER": BrokerKind.EMBEDDED.value,
            "SENTIMENT_SCORER": "lexicon",
            "STATE_DIR": self._folder / "state",
            "TRADING_PAIRS": PAIR,
            "CANDLE_TIMEFRAME": "1m",
            "STRATEGY_TIMEFRAME": "1m",
            "NEWS_SOURCES_FILE": self.feeds.file,
            "NEWS_POLL_INTERVAL": "1",
            "EXCHANGE_CONFIG": json.dumps(ccxt_config(self._exchange)),
            "REDIS_PORT": free_port(),
            "API_PORT": free_port(),
            "FREQTRADE_API_PORT": free_port(),
            "NOTIFY_RULES_FILE": rules,
            "NOTIFY_TELEGRAM_TOKEN": self.api.token,
            "NOTIFY_TELEGRAM_CHATS": "7",
            "NOTIFY_TELEGRAM_API": self.api.url,
        }
        return Settings.load({name: str(value) for name, value in {**given, **changes}.items()}, None)

    def told(self, words: str) -> list[Sent]:
        """The messages of the chat with these words."""
        return [each for each in self.api.chats.to(7) if words in each.text]

    def wait_for(self, up: Up, words: str) -> Sent:
        """Wait until the chat has a message with these words, and return the first."""
        eventually(lambda: self.told(words), lambda: f"{words!r} is told: {self.shown()}\n{up.tails()}")
        return self.told(words)[0]

    def shown(self) -> str:
        """All messages."""
        return "\n".join(each.text for each in self.api.chats.to(7))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as opened:
        yield World(opened, tmp_path)


def test_news_and_trades_are_told_and_a_pause_of_the_chat_stops_entries_and_is_said_everywhere(
    world: World,
) -> None:
    with running_up(world.settings()) as up:
        assert up.wait_for("notified: telegram")
        up.wait_for("everything is ready")
        check_a_story_of_five_publishers_is_one_message_whose_why_answers(world, up)
        check_a_pause_stops_entries_and_is_said_everywhere(world, up)
        check_the_bot_trades_once_the_pause_is_lifted(world, up)
        check_a_notifier_that_dies_is_started_again_and_says_nothing_twice(world, up)


def check_a_story_of_five_publishers_is_one_message_whose_why_answers(world: World, up: Up) -> None:
    first, *others = PUBLISHERS
    world.feeds.add(first, TITLE, TEXT)
    alert = world.wait_for(up, TITLE)
    for name in others:
        world.feeds.add(name, TITLE, TEXT)
    assert f"{PAIR}: very bullish" in alert.text
    assert "Confidence " in alert.text
    assert "Receipt: ./cryptoboy news " in alert.text

    def sources() -> set[str]:
        stories = json.loads(up.page("/v1/articles"))["stories"]
        return {name for each in stories if each["headline"] == TITLE for name in each["sources"]}

    eventually(lambda: sources() == set(PUBLISHERS), lambda: f"all five are recorded: {sources()}")
    world.feeds.add("paper", LATER, "Losses mounted.")
    world.wait_for(up, LATER)  # so whatever was to be told of the five is told by now
    assert world.told(TITLE) == [alert]
    world.api.chats.press(alert, "Why")
    why = world.wait_for(up, "Receipt: lexicon")
    assert [name for name in PUBLISHERS if name not in why.text] == []


def check_a_pause_stops_entries_and_is_said_everywhere(world: World, up: Up) -> None:
    world.api.chats.say("/pause 30 rate decision")
    world.api.chats.press(world.wait_for(up, "Pause new entries for 30 minutes?"), "Yes, pause")
    world.wait_for(up, "New entries are paused")
    with up.bot() as bot:
        bot.post("/start").raise_for_status()
        up.wait_for_log("freqtrade", "No new entries: telegram since ")
        up.wait_for_log("freqtrade", NO_ENTRIES, times=3)  # it wants to buy in each of its loops
        assert REASON in up.log("freqtrade")
        assert bot.get("/trades").json()["trades_count"] == 0
        assert bot.get("/status").json() == []
    (hold,) = json.loads(up.page("/v1/holds"))["holds"]
    assert (hold["owner"], hold["reason"]) == ("telegram", REASON)
    assert REASON in up.page("/")
    assert [each["reason"] for each in up.command("sentiment", PAIR)["holds"]] == [REASON]
    world.api.chats.say("/status")
    world.wait_for(up, "New entries are refused: telegram since")
    assert "No new entries" not in up.log("notifier"), "the bot says it, and not each reader of the holds"


def check_the_bot_trades_once_the_pause_is_lifted(world: World, up: Up) -> None:
    world.api.chats.say("/resume")
    world.api.chats.press(world.wait_for(up, "Lift the pause"), "Yes, resume")
    world.wait_for(up, "The pause of Telegram is lifted")
    up.wait_for_log("freqtrade", "New entries are allowed again")
    entry = world.wait_for(up, f"{PAIR}: trade 1 opened")
    assert "Receipt: ./cryptoboy why 1" in entry.text
    assert len(entry.text.splitlines()) > 2, "it says why"
    assert json.loads(up.page("/v1/holds"))["holds"] == []


def check_a_notifier_that_dies_is_started_again_and_says_nothing_twice(world: World, up: Up) -> None:
    before = [each.text for each in world.api.chats.to(7)]
    notifier_of(up).kill()
    up.wait_for("notifier ended with status -9")
    up.wait_for_log("notifier", "telegram_ready", times=2)
    world.feeds.add("wire", "Bitcoin crashes as fraud charges spark panic", "Heavy losses followed.")
    world.wait_for(up, "Bitcoin crashes as fraud charges spark panic")
    after = [each.text for each in world.api.chats.to(7)][len(before) :]
    assert not [text for text in after if text.splitlines()[0] in {each.splitlines()[0] for each in before}]


def notifier_of(up: Up) -> psutil.Process:
    (found,) = (
        process
        for process in psutil.process_iter()
        if "services.notifier.notifier" in process.cmdline()
        and process.environ().get("STATE_DIR") == str(up.settings.state_dir)
    )
    return found


def test_a_token_that_telegram_refuses_ends_nothing_but_the_notifier(world: World) -> None:
    wrong = "4242:AA-another_token-0123456789abcdefghi"
    with running_up(world.settings(NOTIFY_TELEGRAM_TOKEN=wrong), "--no-bot") as up:
        line = up.wait_for("notifier CANNOT WORK")
        assert "Telegram refuses NOTIFY_TELEGRAM_TOKEN" in line
        assert "The others go on without it" in line
        assert wrong not in up.tails()
        world.feeds.add("paper", TITLE)
        eventually(lambda: TITLE in up.page("/v1/articles"), up.tails)


def test_without_a_channel_there_is_no_notifier_and_one_line_says_so(world: World) -> None:
    with running_up(world.settings(NOTIFY_TELEGRAM_TOKEN=""), "--no-bot") as up:
        up.wait_for("everything is ready")
        assert [line for line in up.lines if "notifier" in line] == [up.said("no notifier: NOTIFY_URLS")]
        assert up.log("notifier") == ""
