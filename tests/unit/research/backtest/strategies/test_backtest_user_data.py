"""What a directory of somebody else says about a strategy, and what is wrong with it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import StopProgram
from services.research.backtest.plan import Plan
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from services.research.backtest.strategies.planning import plan_of
from services.research.backtest.strategies.user_data import UserData, read_user_data
from tests.support.strategy.backtest_samples import HOUR, START
from tests.support.strategy.somebodys_directory import CONFIG, CROSS
from tests.support.strategy.strategy_samples import wavy_candles

PLAIN = """
from freqtrade.strategy import IStrategy


class Plain(IStrategy):
    timeframe = "5m"
    stoploss = -0.1

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    populate_entry_trend = populate_exit_trend = populate_indicators
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with the strategies, and candles of three pairs, but without a configuration."""
    strategies = tmp_path / "strategies"
    strategies.mkdir()
    (strategies / "cross.py").write_text(CROSS)
    (strategies / "plain.py").write_text(PLAIN)
    (strategies / "broken.py").write_text("import no_such_thing\n\n\nclass Broken(object): ...\n")
    (strategies / "raising.py").write_text("1 / 0\n\n\nclass Raising(object): ...\n")
    candles = tmp_path / "data" / "binance"
    candles.mkdir(parents=True)
    for pair in ("BTC_USDT", "ETH_USDT", "BNB_USDT", "ETH_BTC"):
        wavy_candles(20, step=HOUR).to_feather(candles / f"{pair}-1h.feather")
    return tmp_path


def read(folder: Path, strategy: str | None = "Cross", **config: Any) -> UserData:
    if config:
        (folder / "config.json").write_text(json.dumps(config))
    return read_user_data(folder, (), strategy)


def planned(user: UserData, **given: Any) -> Plan:
    return plan_of(user, {"start": START, "end": START + 9 * HOUR, "sentiment": Path("news.csv")} | given)


def refused(folder: Path, strategy: str | None, **config: Any) -> str:
    with pytest.raises(StopProgram) as stopped:
        read(folder, strategy, **config)
    return str(stopped.value)


def test_the_configuration_says_pairs_stake_wallet_and_what_news_is_used_for(folder: Path) -> None:
    plan = planned(read(folder, **{**CONFIG, "recursive_strategy_search": False}))
    assert plan.pairs == ("BTC/USDT", "ETH/USDT")  # BNB is on the blacklist, ETH/BTC is paid in BTC
    assert (plan.timeframe, plan.stake, plan.wallet, plan.max_open_trades) == ("1h", 300, 2000, 2)
    assert plan.candles == folder / "data" / "binance"
    assert plan.notes == ("Without candles, and so left out: SOL/USDT.",)
    config = freqtrade_config(plan, plan.pairs, "USDT", "http://127.0.0.1:1")
    assert config["cryptoboy"] == {
        "use": ["veto", "exit"],
        "veto_below": -0.2,
        "sentiment_csv": str(Path("news.csv").absolute()),
    }
    assert config["tradable_balance_ratio"] == 0.99
    assert config["exchange"]["key"] == ""
    assert config["pairlists"] == [{"method": "StaticPairList"}]
    assert not {"telegram", "strategy_path"} & set(config)


def test_the_command_line_wins_over_the_configuration(folder: Path) -> None:
    user = read(folder, **{**CONFIG, "recursive_strategy_search": False, "timeframe": "4h"})
    plan = planned(
        user, timeframe="1h", stake=50.0, wallet=500.0, pairs=("ETH/USDT",), staleness_hours=2.0, fee=0.002
    )
    assert (plan.timeframe, plan.stake, plan.wallet, plan.pairs) == ("1h", 50.0, 500.0, ("ETH/USDT",))
    config = freqtrade_config(plan, plan.pairs, "USDT", "http://127.0.0.1:1")
    assert (config["fee"], config["cryptoboy"]["staleness_hours"]) == (0.002, 2.0)


def test_without_a_configuration_every_pair_of_the_candles_is_traded_with_unlimited_stakes(
    folder: Path,
) -> None:
    (folder / "data" / "binance" / "ETH_BTC-1h.feather").unlink()
    plan = planned(read(folder))
    assert plan.pairs == ("BNB/USDT", "BTC/USDT", "ETH/USDT")
    assert (plan.stake, plan.max_open_trades, plan.wallet) == (None, None, 1000.0)


def test_a_sentiment_csv_of_the_configuration_is_used_and_a_store_is_not(folder: Path) -> None:
    assert read(folder, cryptoboy={"source": "mine/news.csv"}).sentiment == Path("mine/news.csv")
    with pytest.raises(StopProgram, match="--sentiment is missing"):
        plan_of(read(folder, cryptoboy={"source": "redis://localhost"}), {"start": START, "end": START})


def test_an_exchange_that_is_no_object_is_refused_with_an_example(folder: Path) -> None:
    assert "exchange is 'binance' in the configuration" in refused(folder, "Cross", exchange="binance")


def test_fees_of_another_exchange_are_remarked(folder: Path) -> None:
    (folder / "data" / "binance").rename(folder / "data" / "kraken")
    user = read(folder, exchange={"name": "kraken", "pair_whitelist": ["BTC/USDT"]})
    assert planned(user).notes == ("The fee is that of Binance and not of kraken: --fee sets another.",)
    assert planned(user, fee=0.0026).notes == ()


def test_a_strategy_without_the_mixin_is_refused_with_the_two_lines(folder: Path) -> None:
    said = refused(folder, "Plain")
    assert "`from cryptoboy_sentiment import SentimentMixin`" in said
    assert "`class Plain(SentimentMixin, IStrategy):`" in said


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ("Nowhere", "has the files broken, cross, plain, raising"),
        (None, "--strategy is missing"),
        ("Broken", "No module named 'no_such_thing'"),
        ("Raising", "raising.py, line 1, in <module>"),
    ],
)
def test_a_strategy_that_cannot_be_loaded_is_refused_with_the_reason(
    folder: Path, strategy: str | None, words: str
) -> None:
    assert words in refused(folder, strategy)


def test_pairs_without_candles_and_a_damaged_configuration_are_refused(folder: Path) -> None:
    with pytest.raises(StopProgram, match="none of the pairs of the configuration has candles: SOL/USDT"):
        planned(read(folder, exchange={"name": "binance", "pair_whitelist": ["SOL/USDT"]}))
    with pytest.raises(StopProgram, match="the pairs of the configuration"):
        planned(read(folder, exchange={"name": "binance", "pair_whitelist": ["*/USDT"]}))
    (folder / "config.json").write_text("{")
    with pytest.raises(StopProgram, match=r"config\.json"):
        read(folder)
    with pytest.raises(StopProgram, match="is not a directory"):
        read_user_data(folder / "nowhere", (), "Cross")


@pytest.mark.parametrize(
    "config", [{"trading_mode": "margin"}, {"trading_mode": "futures", "margin_mode": "cross"}]
)
def test_other_margin_than_that_of_isolated_futures_is_refused(folder: Path, config: dict[str, Any]) -> None:
    said = refused(folder, "Cross", **config)
    assert f"trading_mode is {config['trading_mode']}" in said
    assert "knows spot pairs, and futures with isolated margin" in said


def test_contracts_with_candles_in_any_format_are_traded_with_isolated_margin_and_the_users_funding(
    folder: Path,
) -> None:
    futures = folder / "data" / "binance" / "futures"
    futures.mkdir()
    for pair in ("BTC_USDT_USDT", "SOL_USDT_USDT"):
        (futures / f"{pair}-1h-futures.json").write_text("[]")
    user = read(folder, trading_mode="futures", futures_funding_rate=0.0001)
    plan = planned(user)
    assert plan.pairs == ("BTC/USDT:USDT", "SOL/USDT:USDT")  # and not the spot pairs
    config = freqtrade_config(plan, plan.pairs, "USDT", "http://127.0.0.1:1")
    assert (config["trading_mode"], config["margin_mode"]) == ("futures", "isolated")
    assert config["futures_funding_rate"] == 0.0001
    assert config["exchange"]["ccxt_config"]["options"]["fetchMarkets"]["types"] == ["linear"]
    exchange = {"name": "binance", "pair_whitelist": ["BTC/USDT:USDT", "ADA/USDT:USDT"]}
    user = read(folder, trading_mode="futures", exchange=exchange)
    assert planned(user).notes == ("Without candles, and so left out: ADA/USDT:USDT.",)


def test_a_section_that_is_no_object_or_a_wrong_use_is_refused(folder: Path) -> None:
    plan = planned(read(folder, cryptoboy=["veto"]), pairs=("BTC/USDT",))
    with pytest.raises(StopProgram, match="expected an object"):
        freqtrade_config(plan, plan.pairs, "USDT", "http://127.0.0.1:1")


def test_a_shorter_timeframe_within_candles_is_passed_on(folder: Path) -> None:
    plan = planned(read(folder), pairs=("BTC/USDT",), timeframe_detail="5m")
    assert freqtrade_config(plan, plan.pairs, "USDT", "http://127.0.0.1:1")["timeframe_detail"] == "5m"
    assert timedelta(hours=9) == plan.end - plan.start
