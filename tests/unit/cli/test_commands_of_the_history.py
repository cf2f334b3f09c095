"""The commands that answer from the history, on a real one."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.common.errors import StopProgram
from services.common.history.port import Batch
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from tests.support.history import history_samples as some
from tests.support.history.tables import with_tables

RUNNER = CliRunner()
NOW = datetime.now(UTC)
CLOSED = NOW - timedelta(minutes=30)  # when the analysed candle closed
RULES = "+trend +rsi -macd_cross +volume +below_band +sentiment"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("API_SERVICES", "news_poller=127.0.0.1:9")  # no poller is there
    return tmp_path


@pytest.fixture
def recorded(state: Path) -> None:
    seen = CLOSED - timedelta(minutes=5)
    candle = {
        "close": 100.0,
        "sentiment": 0.85,
        "sentiment_status": "fresh",
        "entry_rules": RULES,
        "enter_long": 0,
    }
    with closing(open_history(with_tables(Settings(state_dir=state)))) as writer:
        writer.write(
            Batch(
                articles=[
                    some.article(1, fetched=seen, published=seen, title="Bitcoin [red]soars[/red]\x1b[2J")
                ],
                scorings=[some.scoring(1, story="article-1", model="lexicon", answer="{}")],
                signals=[some.signal(1, available_at=seen, event_type="adoption")],
                analysed=[some.analysed(1, opened=CLOSED - timedelta(minutes=15), values=candle)],
                trades=[some.trade(7, pair="ETH/USDT", opened=CLOSED, exit_reason="roi", closed=NOW)],
            )
        )


def run(*arguments: str) -> Result:
    return RUNNER.invoke(app, list(arguments), catch_exceptions=False)


def answered(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("recorded")
def test_why_not_names_the_rule_that_did_not_hold_and_its_zone() -> None:
    moment = f"{CLOSED + timedelta(minutes=5):%Y-%m-%d %H:%M}"
    assert answered("why", "BTC/USDT", *moment.split())["waits_for"] == "all but macd_cross"
    shown = run("why", "btc", "25m", "ago").stdout
    assert "all but macd_cross" in shown
    assert f"{CLOSED:%Y-%m-%d %H:%M} UTC" in shown
    assert "Bitcoin [red]soars[/red]" in shown  # no markup
    assert "\x1b" not in shown


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("arguments", [("7",), ("--last",), ("7", "--bot", "bot")])
def test_why_explains_a_trade_by_its_number_and_the_last_one(arguments: tuple[str, ...]) -> None:
    assert answered("why", *arguments)["trade"]["trade_id"] == 7
    assert "what minimal_roi asks for" in run("why", *arguments).stdout


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say what to explain"),
        (("7", "--last"), "say what to explain"),
        (("7", "14:05"), "a TIME belongs to a pair"),
        (("8",), "no trade 8 is recorded"),
        (("BTC/USDT", "soon"), "not understood"),
        (("BTCUSDT",), "write BTC/USDT"),
        (("DOGE",), "write the pair, such as DOGE/USDT"),
    ],
)
def test_what_cannot_be_explained_says_what_to_write(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(StopProgram, match=message):
        run("why", *arguments)


@pytest.mark.usefixtures("recorded")
def test_news_are_listed_filtered_and_opened() -> None:
    (story,) = answered("news", "--pair", "BTC/USDT", "--kind", "adoption", "--since", "2h")["stories"]
    assert (story["article_id"], story["sources"]) == ("article-1", ["Wire"])
    assert answered("news", "--score-to", "-0.5")["stories"] == []
    assert "No story matches" in run("news", "--source", "nobody").stdout
    assert [receipt["model"] for receipt in answered("news", "article")["receipts"]] == ["lexicon"]
    assert "by lexicon" in run("news", "article-1").stdout
    with pytest.raises(StopProgram, match="no article 'b' is recorded"):
        run("news", "b")


@pytest.mark.usefixtures("recorded")
def test_sources_and_performance_answer() -> None:
    (source,) = answered("sources")["sources"]
    assert (source["source"], source["articles"], source["failures"]) == ("Wire", 1, None)
    assert "Wire" in run("sources").stdout
    found = answered("performance")
    assert (found["chance"], found["signals"]) == (True, {"1h": 0, "4h": 0, "24h": 0})
    assert "No signal of this period has a return yet" in run("performance").stdout


@pytest.mark.usefixtures("recorded")
def test_a_mistake_in_where_the_poller_is_asked_stops_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_SERVICES", "news_poller")
    with pytest.raises(StopProgram, match="API_SERVICES"):
        run("sources")


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("arguments", [("why", "--last"), ("news",), ("sources",), ("performance",)])
def test_without_a_history_each_command_says_what_records_it(arguments: tuple[str, ...]) -> None:
    with pytest.raises(StopProgram, match=r"nothing is recorded .* history_recorder writes the history"):
        run(*arguments)
