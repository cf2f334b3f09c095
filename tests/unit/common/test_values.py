from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.values import (
    Label,
    asset_of,
    check_chosen_name,
    check_name,
    check_pair,
    label_of,
    timeframe_seconds,
)


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (1.0, Label.VERY_BULLISH),
        (0.7, Label.VERY_BULLISH),
        (0.699, Label.BULLISH),
        (0.3, Label.BULLISH),
        (0.299, Label.NEUTRAL),
        (0.0, Label.NEUTRAL),
        (-0.299, Label.NEUTRAL),
        (-0.3, Label.BEARISH),
        (-0.699, Label.BEARISH),
        (-0.7, Label.VERY_BEARISH),
        (-1.0, Label.VERY_BEARISH),
    ],
)
def test_label_changes_exactly_at_the_specified_scores(score: float, label: Label) -> None:
    assert label_of(score) is label


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_score_never_has_a_more_bearish_label(one: float, other: float) -> None:
    order = [Label.VERY_BEARISH, Label.BEARISH, Label.NEUTRAL, Label.BULLISH, Label.VERY_BULLISH]
    low, high = sorted((one, other))
    assert order.index(label_of(low)) <= order.index(label_of(high))


@pytest.mark.parametrize("text", ["BTC/USDT", "1INCH/USDT", "ETH/BTC", "BTC/USDT:USDT"])
def test_pairs_in_the_exchanges_spelling_are_accepted(text: str) -> None:
    assert check_pair(text) == text


@pytest.mark.parametrize(
    "text", ["btc-usdt", "BTCUSDT", "../x", "BTC/", "/USDT", "BTC/USDT\n", "BTC /USDT", "", "ＢＴＣ/USDT"]
)
def test_anything_else_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="BASE/QUOTE"):
        check_pair(text)


@pytest.mark.parametrize("text", ["SOL", "1INCH", "USDT", "BTC/USDT", "BTCUSDT"])
def test_a_message_may_be_about_a_pair_or_an_asset(text: str) -> None:
    assert check_name(text) == text


@pytest.mark.parametrize("text", ["sol", "../x", "BTC/", "SOL\n", "BTC-USDT", "", "A" * 21, "SOL,ETH"])
def test_what_is_neither_pair_nor_asset_is_refused_with_both_ways_to_write_it(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"BASE/QUOTE in capitals, for example BTC/USDT, or an asset such as BTC"
    ):
        check_name(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BTCUSDT", "write BTC/USDT, or BTC for all pairs of BTC"),
        ("1000PEPEUSDT", "write 1000PEPE/USDT, or"),
        ("SOLEUR", "write SOL/EUR, or SOL"),
        ("USDT", "write BASE/USDT, or BASE"),
        ("btc-usdt", "BASE/QUOTE"),
        ("BITCOIN", "write BTC, or BTC/USDT"),
    ],
)
def test_a_pair_that_lost_its_slash_is_not_taken_for_an_asset(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_chosen_name(text)
    for asset in ("WBTC", "STETH", "SUSD", "EURT", "USTC", "USDE"):
        assert check_chosen_name(asset) == asset


@given(st.from_regex(r"(1000|10000|1M|1|100)?[A-Z]{1,8}(/[A-Z]{3,5}(:[A-Z]{3,5})?)?", fullmatch=True))
def test_services_and_strategy_agree_on_the_asset_of_a_name(name: str) -> None:
    from cryptoboy_sentiment.assets import asset_of as of_the_strategy

    assert asset_of(name) == of_the_strategy(name)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("1m", 60), ("15m", 900), ("4h", 14400), ("1d", 86400)]
)
def test_timeframes_have_their_length(text: str, seconds: int) -> None:
    assert timeframe_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "0m", "1", "1M", "-1m", "1.5h", "99999m"])
def test_what_is_no_timeframe_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a timeframe"):
        timeframe_seconds(text)
