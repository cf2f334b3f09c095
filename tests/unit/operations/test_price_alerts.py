"""Price alerts: what people write, and the candle that reaches the price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import AlertSide, PriceAlertRow
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader
from services.common.history.rows import CandleRow
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.settings import Settings
from services.operations.price_alerts import MOST_OPEN, new_alert, reached
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, at

PAIRS = ("ETH/USDT", "BTC/USDT", "BTC/EUR", "1000PEPE/USDT")
ABOVE, BELOW = AlertSide.ABOVE, AlertSide.BELOW


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(state_dir=tmp_path_factory.mktemp("alerts"))


@pytest.fixture(scope="module")
def history(settings: Settings) -> Iterator[HistoryReader]:
    """Bitcoin at 101,000 and Ether at 3,900.5, a minute ago."""
    with closing(open_history(settings)) as writer:
        writer.write(
            Batch(
                candles=[
                    some.candle(-2, close=101_000.0),
                    some.candle(-2, symbol="ETH/USDT", close=3_900.5),
                    some.candle(-2, symbol="1000PEPE/USDT", close=0.0123),
                    some.candle(-2000, symbol="BTC/EUR", close=90_000.0),
                ]
            )
        )
    with closing(open_reader(settings)) as reader:
        yield reader


def asked(history: HistoryReader, text: str) -> PriceAlertRow:
    return new_alert(history, Settings(trading_pairs=PAIRS), text, by="Ada", now=NOW)


@pytest.mark.parametrize(
    ("text", "pair", "side", "limit"),
    [
        ("BTC above 120000", "BTC/USDT", ABOVE, 120_000),
        ("btc/usdt ABOVE 120,000.50", "BTC/USDT", ABOVE, 120_000.5),
        (" eth below 3000 ", "ETH/USDT", BELOW, 3_000),
        ("ETH<3000", "ETH/USDT", BELOW, 3_000),
        ("BTC >= 101001", "BTC/USDT", ABOVE, 101_001),
        ("BTC over 1,200,000", "BTC/USDT", ABOVE, 1_200_000),
        ("pepe under 0.0100", "1000PEPE/USDT", BELOW, 0.01),
    ],
)
def test_an_alert_is_written_in_words_or_signs(
    history: HistoryReader, text: str, pair: str, side: AlertSide, limit: float
) -> None:
    alert = asked(history, text)
    assert (alert.pair, alert.side, alert.price) == (pair, side, limit)
    assert (alert.by, alert.set_at, alert.told_at) == ("Ada", NOW, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write a pair or asset"),
        ("BTC 120000", "write a pair or asset"),
        ("BTC above", "write a pair or asset"),
        ("BTC above 120000 and below 90000", "write a pair or asset"),
        ("BTC above 1,2", "is no price"),
        ("BTC above 12,00", "is no price"),
        ("BTC above 120k", "is no price"),
        ("BTC above -5", "is no price"),
        ("BTC above 0", "is no price"),
        ("BTC above nan", "is no price"),
        ("BTC above inf", "is no price"),
        ("BTC above 1e9", "is no price"),
        ("BTC above " + "9" * 400, "is no price"),
        ("BTC above \u0661\u0662\u0660\u0660\u0660\u0660", "is no price"),
        ("DOGE above 1", "none of TRADING_PAIRS is a pair of DOGE"),
        ("BTC/GBP above 1", "no candle of BTC/GBP was recorded"),
        ("BTCUSDT above 120000", "write BTC/USDT"),
        ("a/b/c above 1", "is not a pair"),
        ("BTC/EUR above 200000", "no candle of BTC/EUR was recorded in the last day"),
        ("BTC above 100000", "BTC/USDT is at 101,000.00, which is already above 100,000.00"),
        ("ETH below 4000", "ETH/USDT is at 3,900.50, which is already below"),
        ("BTC below 90.000", "write thousands as 120000"),
    ],
)
def test_what_is_not_understood_or_useless_is_refused_with_a_reason(
    history: HistoryReader, text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        asked(history, text)
    assert said in str(refused.value)


def test_nobody_has_more_than_a_number_of_open_alerts(history: HistoryReader, settings: Settings) -> None:
    with closing(open_notifier_log(settings)) as log:
        log.write(NotifierBatch(price_alerts=[some.price_alert(number) for number in range(MOST_OPEN)]))
        with pytest.raises(ValueError, match="50 price alerts are open"):
            asked(history, "BTC above 120000")
        log.remove_price_alert("00000007")
        assert asked(history, "BTC above 120000").price == 120_000


def candle(
    number: int, *, low: float = 99.0, high: float = 101.0, close: float = 100.0, **more: Any
) -> CandleRow:
    return some.candle(number, low=low, high=high, close=close, **more)


def alert(side: AlertSide = ABOVE, price: float = 110.0, **more: Any) -> PriceAlertRow:
    return some.price_alert(side=side, price=price, set_at=at(90), **more)


def test_the_first_candle_that_reaches_the_price_is_told() -> None:
    rows = [candle(5, high=120.0), candle(4, high=110.0), candle(3, high=109.99)]
    (found,) = reached([alert()], rows)
    assert found.candle == rows[1]
    (found,) = reached([alert(BELOW, 95.0)], [candle(3, low=95.01), candle(4, low=95.0)])
    assert found.candle.opened == at(240)


def test_an_alert_of_another_pair_or_that_was_told_is_not_reached() -> None:
    rows = [candle(5, high=120.0)]
    assert reached([alert(pair="ETH/USDT"), alert(told_at=at(95))], rows) == ()


def test_a_price_that_was_reached_before_the_alert_was_set_does_not_count() -> None:
    before = candle(0, high=120.0, close=120.0)  # collected at 61 s
    during = candle(1, high=120.0)  # from 60 s to 120 s; the alert was set at 90 s
    assert reached([alert()], [before, during]) == ()
    assert reached([alert()], [replace(during, close=110.0)])


def test_each_alert_is_reached_at_most_once() -> None:
    alerts = [alert(), replace(alert(price=105.0), alert_id="b"), replace(alert(BELOW, 50.0), alert_id="c")]
    found = reached(alerts, [candle(number, high=130.0) for number in range(3, 9)])
    assert [(each.alert.alert_id, each.candle.opened) for each in found] == [
        ("00000001", at(180)),
        ("b", at(180)),
    ]
    assert timedelta(0) < found[0].candle.collected - found[0].alert.set_at
