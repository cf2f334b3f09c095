from __future__ import annotations

from typing import Any

import pytest

from services.common.history.notifying.port import NotifierBatch
from services.common.history.port import Batch, HistoryWriter
from services.notifier.rules.document import WatchTable
from services.notifier.watching.asides import AsideWatch
from services.notifier.watching.bot import BotWatch
from services.notifier.watching.prices import PriceWatch
from services.notifier.watching.sources import SourceWatch
from services.notifier.watching.trades import StepWatch
from tests.support.history.history_samples import analysed, article, at, candle, price_alert, trade
from tests.support.notifier.watching import Looker

HACK = {"news_stand_aside": "hack", "news_stand_aside_article_id": "article-1"}


def steps(looker: Looker, timeframe: str = "1m") -> StepWatch:
    return StepWatch(looker.reader, looker.clock, WatchTable(), looker.position, timeframe=timeframe)


def test_a_step_is_found_again_until_it_is_written_and_not_after_a_restart(
    looker: Looker, recorder: HistoryWriter
) -> None:
    recorder.write(Batch(trades=(trade(-9),), candles=(candle(-1, close=94.0),)))
    watch = steps(looker)
    assert looker.keys(watch, is_written=False) == ["trade:bot/-9:loss:5"]
    assert looker.keys(watch) == ["trade:bot/-9:loss:5"]
    assert looker.keys(watch) == looker.keys(steps(looker)) == []


def test_the_loss_of_a_trade_with_leverage_is_that_of_its_stake(
    looker: Looker, recorder: HistoryWriter
) -> None:
    recorder.write(Batch(trades=(trade(-9, details={"leverage": 10.0}),), candles=(candle(-1, close=99.5),)))
    (found,) = looker.look(steps(looker))
    assert found.change == pytest.approx(-5.0)
    assert "−5.00 %" in found.message.title


def test_an_old_candle_passes_no_step_until_a_new_one_is_recorded(
    looker: Looker, recorder: HistoryWriter
) -> None:
    recorder.write(Batch(trades=(trade(-90),), candles=(candle(-60, close=50.0),)))
    watch = steps(looker)
    assert looker.keys(watch) == []
    recorder.write(Batch(candles=(candle(-1, close=50.0),)))
    assert looker.keys(watch) == ["trade:bot/-90:loss:10"]


def test_steps_that_a_later_release_has_written_with_more_values_are_read(looker: Looker) -> None:
    looker.log.write(
        NotifierBatch(cursors={"notifier:steps": '{"bot/7": {"profit": 5, "loss": 0, "new": 1}}'})
    )
    assert looker.look(steps(looker)) == []


def test_a_price_alert_is_found_again_until_it_is_written_and_told_once(
    looker: Looker, recorder: HistoryWriter
) -> None:
    looker.log.write(NotifierBatch(price_alerts=(price_alert(-300, price=108.0),)))
    recorder.write(Batch(candles=(candle(-2),)))
    watch = PriceWatch(looker.reader, looker.clock, "1m")
    assert looker.keys(watch, is_written=False) == ["price:" + f"{-300:08x}"]
    assert len(looker.keys(watch)) == 1
    assert looker.keys(watch) == []


def test_a_candle_of_a_gap_that_is_recorded_late_reaches_a_price(
    looker: Looker, recorder: HistoryWriter
) -> None:
    looker.log.write(NotifierBatch(price_alerts=(price_alert(-1800, price=108.0),)))
    recorder.write(Batch(candles=(candle(-2, high=101.0),)))
    watch = PriceWatch(looker.reader, looker.clock, "1m")
    assert looker.keys(watch) == []
    recorder.write(Batch(candles=(candle(-20, high=109.0),)))
    assert len(looker.keys(watch)) == 1


def test_a_look_that_found_nothing_writes_nothing(looker: Looker) -> None:
    assert PriceWatch(looker.reader, looker.clock, "1m").look().also == NotifierBatch()
    assert steps(looker).look().also == NotifierBatch()


def aside(looker: Looker) -> AsideWatch:
    return AsideWatch(looker.reader, looker.clock, ("BTC/USDT",))


def values(**more: Any) -> dict[str, Any]:
    return {"values": {**HACK, **more}}


def test_a_stand_aside_is_told_once_for_its_article(looker: Looker, recorder: HistoryWriter) -> None:
    recorder.write(Batch(analysed=(analysed(-2, **values()),)))
    watch = aside(looker)
    keys = ["stand_aside:BTC/USDT:hack:article-1"]
    assert looker.keys(watch, is_written=False) == looker.keys(watch) == keys
    recorder.write(Batch(analysed=(analysed(-1, **values()),)))
    assert looker.keys(watch) == []


def test_a_row_of_last_week_says_nothing_about_now(looker: Looker, recorder: HistoryWriter) -> None:
    recorder.write(Batch(analysed=(analysed(-4 * 24 * 7, **values()),)))
    assert looker.keys(aside(looker)) == []


def test_a_stand_aside_without_an_article_is_told_again_on_another_day(
    looker: Looker, recorder: HistoryWriter
) -> None:
    nameless = values(news_stand_aside_article_id="")
    recorder.write(Batch(analysed=(analysed(-1, **nameless),)))
    first = looker.keys(aside(looker))
    looker.clock.advance(86_400)
    recorder.write(Batch(analysed=(analysed(95, **nameless),)))
    assert len({*first, *looker.keys(aside(looker))}) == 2


def test_sources_that_are_silent_at_the_first_start_are_not_told(
    looker: Looker, recorder: HistoryWriter
) -> None:
    recorder.write(Batch(articles=(article(1, fetched=at(-90_000)), article(2, source="Blog"))))
    watch = SourceWatch(looker.reader, looker.clock, 24, looker.position)
    assert looker.look(watch) == []
    looker.clock.advance(86_500)
    again = SourceWatch(looker.reader, looker.clock, 24, looker.position)
    found = looker.look(again, is_written=False)
    assert [each.sources for each in found] == [("Blog",)]
    assert [each.sources for each in looker.look(again)] == [("Blog",)]
    assert looker.look(again) == []


def bot(looker: Looker) -> BotWatch:
    return BotWatch(looker.reader, looker.clock, ("BTC/USDT", "ETH/USDT"), looker.position)


def kinds(looker: Looker, watch: BotWatch, *, is_written: bool = True) -> list[str]:
    return [each.kind.value for each in looker.look(watch, is_written=is_written)]


def test_a_bot_that_analyses_nothing_any_more_is_told_and_when_it_does_again(
    looker: Looker, recorder: HistoryWriter
) -> None:
    recorder.write(Batch(analysed=(analysed(-1),)))
    watch = bot(looker)
    assert kinds(looker, watch) == []
    looker.clock.advance(3600)
    assert kinds(looker, watch, is_written=False) == kinds(looker, watch) == ["service_down"]
    assert kinds(looker, watch) == kinds(looker, bot(looker)) == []
    recorder.write(Batch(analysed=(analysed(3, pair="ETH/USDT"),)))
    assert kinds(looker, bot(looker)) == ["service_up"]


def test_a_bot_that_was_silent_before_the_first_start_is_not_told(
    looker: Looker, recorder: HistoryWriter
) -> None:
    assert kinds(looker, bot(looker)) == []
    recorder.write(Batch(analysed=(analysed(-96),)))
    assert kinds(looker, bot(looker)) == kinds(looker, bot(looker)) == []
