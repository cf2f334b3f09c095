from __future__ import annotations

import re

import pytest

from services.common.errors import StopProgram
from services.data_ingestor.market.ccxt.checks import (
    check_candles_offered,
    check_exchange_known,
    check_timeframe_offered,
    refused_pairs,
)

MARKETS: dict[str, dict[str, object]] = {
    "BTC/USDT": {"spot": True, "active": True, "type": "spot"},
    "BTC/USDC": {"spot": True, "active": None, "type": "spot"},
    "ETH/USDT": {"spot": True, "active": False, "type": "spot"},
    "BTC/USDT:USDT": {"spot": False, "active": True, "type": "swap"},
}


def test_an_unknown_exchange_is_named_with_the_ones_that_sound_like_it() -> None:
    with pytest.raises(StopProgram, match=r"EXCHANGE=binanse: .* Did you mean binance"):
        check_exchange_known("binanse", ["binance", "kraken"])


def test_an_exchange_like_no_other_is_answered_with_all_there_are() -> None:
    with pytest.raises(StopProgram, match="There are binance, kraken"):
        check_exchange_known("xyzzy", ["kraken", "binance"])


def test_an_exchange_without_candles_over_rest_is_refused() -> None:
    with pytest.raises(StopProgram, match="EXCHANGE=blockchaincom"):
        check_candles_offered("blockchaincom", {"watchOHLCV": True, "fetchOHLCV": None})


def test_an_unsupported_timeframe_is_answered_with_the_supported_ones_in_order() -> None:
    with pytest.raises(StopProgram, match=r"CANDLE_TIMEFRAME=7m: binance has candles of 1m, 1h, 1d only"):
        check_timeframe_offered("binance", "7m", {"1h": "1h", "1d": "1d", "1m": "1m", "1M": "1M"})


def test_an_exchange_that_lists_no_timeframes_is_believed_to_have_them() -> None:
    check_timeframe_offered("somewhere", "7m", None)


def test_active_spot_pairs_pass_also_where_the_exchange_does_not_say() -> None:
    assert refused_pairs("binance", ["BTC/USDT", "BTC/USDC"], MARKETS) == {}


@pytest.mark.parametrize(
    ("pair", "problem"),
    [
        ("BTC/USD", "binance has no such market; did you mean BTC/USD[TC] or BTC/USD[TC]\\?$"),
        ("BTC/USDT:USDT", "on binance it is a swap market, not a spot market; did you mean BTC/USDT"),
        ("ETH/USDT", "binance has ended or halted trading in it"),
        ("BTCC/USDT", "binance has no such market; did you mean BTC/USDT"),
        ("SOL/USDT", "binance has no such market$"),
        ("QQQ/ZZZ", "binance has no such market$"),
    ],
)
def test_a_pair_that_cannot_be_streamed_is_named_with_the_reason(pair: str, problem: str) -> None:
    refused = refused_pairs("binance", [pair], MARKETS)
    assert list(refused) == [pair]
    assert re.match(problem, refused[pair])


def test_every_wrong_pair_is_named_at_once_and_no_other() -> None:
    assert refused_pairs("binance", ["AAA/USDT", "BTC/USDT", "BBB/USDT"], MARKETS).keys() == {
        "AAA/USDT",
        "BBB/USDT",
    }
