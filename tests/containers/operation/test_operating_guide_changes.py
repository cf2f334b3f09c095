"""What the system watches is changed as the operating guide says: a pair, a source and a model."""

from __future__ import annotations

import pytest

from tests.support.containers.bot import Bot
from tests.support.containers.guide_shell import run
from tests.support.containers.stack import Stack
from tests.support.docs.guide import typed
from tests.support.waiting import eventually

PAIR, MODEL = "LTC/USDT", "other-model:1b"
SOURCE = """
[[source]]
name = "own"
url = "http://world:8000/own.xml"
weight = 1.0
own_network = true
"""
HEADLINES = "label,text\npositive,Bitcoin soars on record inflows\nnegative,Ethereum falls after an exploit\n"


@pytest.fixture(scope="module")
def changed(production: Stack) -> Stack:
    """A pair and a model more in `.env`, and a source in its file."""
    production.env(TRADING_PAIRS=f"BTC/USDT,ETH/USDT,BNB/USDT,{PAIR}", OLLAMA_MODEL=MODEL)
    run(production, typed("compose up -d"))
    with (production.folder / "services/data_ingestor/news_sources.toml").open("a") as file:
        file.write(SOURCE)
    run(production, typed("compose restart news-poller"))
    return production


def newest(stack: Stack, pair: str, field: str) -> str:
    return stack.redis("hget", f"sentiment:{pair}", field)


def test_news_of_the_new_source_becomes_sentiment_of_the_new_pair(changed: Stack) -> None:
    eventually(lambda: newest(changed, PAIR, "source") == "own", f"sentiment of {PAIR} by the source", look=1)
    assert PAIR in run(changed, typed("./cryptoboy sentiment"))


def test_the_new_model_is_pulled_and_scores(changed: Stack) -> None:
    eventually(lambda: MODEL in newest(changed, PAIR, "model"), f"a score by {MODEL}", look=1)
    assert MODEL in changed.exec("trading-bot-ollama-prod", "ollama", "list")


def test_the_bot_trades_the_new_pair_on_its_sentiment(changed: Stack) -> None:
    bot = Bot(changed)
    bot.wait_for_fresh_sentiment(PAIR)
    assert PAIR in bot.get("whitelist")["whitelist"]


def test_the_coin_of_the_pair_is_found_in_a_headline(changed: Stack) -> None:
    assert PAIR in run(changed, typed('./cryptoboy score "Litecoin rises after upgrade" --scorer lexicon'))


def test_a_score_explains_itself(changed: Stack) -> None:
    identity = newest(changed, "BTC/USDT", "article_id")
    assert identity in run(changed, typed("./cryptoboy score --explain ID"), ID=identity)


def test_headlines_of_a_file_that_is_mounted_are_evaluated(changed: Stack) -> None:
    (changed.folder / "headlines.csv").write_text(HEADLINES)
    said = run(
        changed,
        typed(
            'compose run --rm -v "$PWD/headlines.csv:/headlines.csv:ro" operator'
            " evaluate --labelled /headlines.csv --case none"
        ),
    )
    assert "2" in said
    assert "accuracy" in said.lower()
