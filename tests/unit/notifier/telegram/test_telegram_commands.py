"""What the commands answer, in a chat that needs no network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.common.history.port import Batch, HistoryWriter
from services.common.settings.reach import Part as ReachedPart
from services.common.store.port import SentimentStore
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.commands.catalogue import CATALOGUE
from tests.support.history.history_samples import analysed, article, at, scoring, signal, trade
from tests.support.store.store_samples import make_signal
from tests.support.telegram.shown import shown
from tests.support.telegram.talking import Chat

HOSTILE = '</b><a href="https://evil.example">Send /pause now</a> & ask @support at evil.example'


def story(number: int = 1, **more: object) -> Batch:
    words = {"headline": f"Title {number}", **more}
    return Batch(
        articles=[article(number, title=str(words["headline"]))],
        scorings=[
            scoring(number, story=f"article-{number}", model="lexicon", answer="0.5", prompt_version=3)
        ],
        signals=[signal(number, **words)],
    )


def test_help_lists_every_command_and_says_that_the_chat_never_trades(chat: Chat) -> None:
    said = chat.say("/help")

    assert "never trades" in said
    assert [line.split()[0].rstrip(":") for line in said.splitlines()[1:]] == [
        f"/{name}" for name in CATALOGUE
    ]


def test_a_command_may_name_the_bot_and_one_for_another_bot_is_not_answered(chat: Chat) -> None:
    assert "never trades" in chat.say("/HELP@cryptoboybot")
    assert chat.say("/help@OtherBot") == ""


def test_in_a_group_only_what_is_for_the_bot_is_answered(parts: Parts) -> None:
    group = Chat(parts, number=-100)

    assert group.say("good morning") == ""
    assert group.say("/weather") == ""
    assert "/help lists" in group.say("/weather@CryptoBoyBot")


def test_what_is_no_command_gets_a_hint(chat: Chat) -> None:
    assert "/help lists" in chat.say("hello")
    assert "/help lists" in chat.say("/nothing")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/news", "No news is recorded yet."),
        ("/trades", "No trade is recorded."),
        ("/why", "no trade is recorded"),
        ("/why 99", "no trade 99 is recorded"),
        ("/why BTC", "No candle of BTC/USDT that the bot analysed"),
        ("/why BTC tomorrow", "is not understood"),
        ("/why 0123456789ab", "none of TRADING_PAIRS is a pair of 0123456789AB"),
        ("/why bitcoin", "write BTC"),
        ("/sources", "No article is recorded yet."),
        ("/sentiment", "BTC/USDT no sentiment"),
        ("/sentiment BTCUSDT", "write BTC/USDT"),
        ("/performance", "No signal of this period has a return yet"),
        ("/status", "New entries are allowed."),
    ],
)
def test_without_any_data_each_command_says_what_is_missing(chat: Chat, command: str, answer: str) -> None:
    assert answer in chat.say(command)


def test_status_asks_no_service_that_is_out_of_reach(parts: Parts) -> None:
    contained = replace(parts, settings=parts.settings.changed(out_of_reach=(ReachedPart.SERVICES,)))
    assert "Prometheus watches them" in Chat(contained).say("/status")


def test_news_shows_scores_sources_and_a_link_and_a_button_opens_the_story(
    chat: Chat, writer: HistoryWriter
) -> None:
    writer.write(story(1))

    said = chat.say("/news BTC")

    assert "1. BTC/USDT +0.50" in said
    assert "Title 1 (Wire)" in said
    assert chat.shown.links == (("Title 1", "https://news.example/1"),)
    chat.press("1")
    assert "Receipt: lexicon, prompt 3" in chat.text_of(chat.last)


def test_news_of_another_pair_is_not_shown(chat: Chat, writer: HistoryWriter) -> None:
    writer.write(story(1))
    assert chat.say("/news eth") == "No news of ETH/USDT is recorded yet."
    assert chat.say("/news DOT") == "No news of DOT is recorded yet."


def test_why_explains_a_trade_with_its_rules_and_the_news(chat: Chat, writer: HistoryWriter) -> None:
    values = {
        "close": 101.0,
        "enter_long": 1,
        "entry_rules": "+trend +rsi",
        "sentiment": 0.5,
        "sentiment_status": "fresh",
    }
    writer.write(story(1))
    writer.write(
        Batch(
            trades=[trade(16, trade_id=12, details={"trace_id": "article-1"})],
            analysed=[analysed(0, values=values)],
        )
    )

    said = chat.say("/why 12")

    assert said.startswith(
        "Trade 12, BTC/USDT long, was opened 2026-11-20 12:16 UTC at 100 with a stake of 50."
    )
    assert "Rules that were true: trend" in said
    assert "sentiment of +0.50" in said
    assert "Known at the entry:\nBTC/USDT +0.50" in said
    assert chat.say("/why") == said


def test_why_of_a_pair_and_a_time_explains_why_nothing_was_opened(chat: Chat, writer: HistoryWriter) -> None:
    values = {"close": 101.0, "entry_rules": "+trend -rsi", "rsi": 71.0, "sentiment_status": "none"}
    writer.write(Batch(analysed=[analysed(0, values=values)]))

    said = chat.say("/why btc 12:20")

    assert "BTC/USDT at 2026-11-20 12:20 UTC; the last candle closed 2026-11-20 12:15 UTC" in said
    assert "all but rsi" in said


def test_trades_say_profit_and_reason_and_have_a_why(chat: Chat, writer: HistoryWriter) -> None:
    closed = trade(2, closed=at(1800), profit_ratio=-0.012, exit_reason="stop_loss")
    writer.write(Batch(trades=[trade(1, profit_ratio=0.05), closed]))

    said = chat.say("/trades")

    assert said.splitlines() == [
        "2 BTC/USDT long at 100.00, closed after 28 min: stop_loss −1.20 %",
        "1 BTC/USDT long at 100.00, open for 59 min +5.00 %",
    ]
    assert chat.buttons == {"Why 2": "/why 2", "Why 1": "/why 1"}


def test_sources_say_when_each_was_last_seen(chat: Chat, writer: HistoryWriter) -> None:
    writer.write(story(1))
    assert "Wire: seen 59 min ago" in chat.say("/sources")


def test_text_of_a_feed_that_tries_to_be_markup_a_link_or_a_command_stays_text(
    chat: Chat, writer: HistoryWriter
) -> None:
    writer.write(story(1, headline=HOSTILE, rationale=HOSTILE, source="@wire.example", model="<b>model"))
    writer.write(Batch(trades=[trade(30, details={"trace_id": "article-1"}, exit_reason="<i>/pause")]))

    for command in ("/news", "/why article-1", "/why 30", "/trades", "/sources", "/why BTC 12:50"):
        chat.say(command)
        assert chat.shown.found == (), command
        assert all(address.startswith("https://news.example/") for _, address in chat.shown.links), command
    chat.say("/news")
    assert "Send /pause now" in chat.text_of(chat.last)


def test_an_answer_that_is_too_long_is_cut_with_a_hint(chat: Chat, writer: HistoryWriter) -> None:
    writer.write(story(1))
    writer.write(
        Batch(signals=[signal(1, pair=f"A{n}/USDT", rationale="r" * 900, model="m" * 200) for n in range(12)])
    )

    said = chat.say("/why article-1")

    assert len(said) <= 4096
    assert said.endswith("… cut: ask for less, such as one pair.")
    assert chat.shown.text


def test_the_mood_of_a_pair_has_its_headline_and_what_the_strategy_makes_of_it(
    chat: Chat, store: SentimentStore
) -> None:
    told = make_signal(score=0.85, headline=HOSTILE, published=at(3000), analyzed_at=at(3001))
    store.write([told], at(3002))

    said = chat.say("/sentiment BTC/USDT")

    assert "BTC/USDT +0.85 very bullish" in said
    assert "Send /pause now" in said
    assert chat.shown.found == ()
    assert said.endswith("New entries are allowed.")


def test_a_brief_is_made_as_of_now_and_its_parts_are_messages(chat: Chat, writer: HistoryWriter) -> None:
    writer.write(story(1, headline=HOSTILE))

    for command in ("/brief", "/brief weekly"):
        assert chat.say(command)
        assert chat.last is not None
        for html in (*chat.last.before, chat.last.html):
            assert shown(html).found == (), command
    assert chat.say("/brief yearly") == "write /brief or /brief weekly"
