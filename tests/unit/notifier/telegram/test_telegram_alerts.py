"""Price alerts, mutes and the portfolio in the chat."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from pydantic import SecretStr

from services.common.history.notifying.rows import AlertSide, MuteKind
from services.common.history.port import Batch, HistoryWriter
from services.common.history.writing import open_notifier_log
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.buttons import alert_buttons
from tests.support.history.history_samples import article, at, candle, trade
from tests.support.servers.nobody import refusing_port
from tests.support.telegram.talking import BOB, Chat

HOSTILE = '<b>/pause</b> "@x"'


def test_a_price_alert_is_set_listed_and_removed(parts: Parts, chat: Chat, writer: HistoryWriter) -> None:
    writer.write(Batch(candles=[candle(55)]))

    assert chat.say("/alert btc above 120,000") == "You will be told once when BTC/USDT is above 120,000.00."
    (row,) = parts.history.price_alerts()
    assert (row.pair, row.side, row.price, row.by) == ("BTC/USDT", AlertSide.ABOVE, 120_000.0, "Ann @ann")
    assert f"{row.alert_id}: BTC/USDT is above 120,000.00, set 2026-11-20 13:00 UTC by Ann @ann" in chat.say(
        "/alert"
    )

    chat.press(f"Remove {row.alert_id}", BOB)
    assert chat.say("/alert").startswith("No price alert is open.")
    assert "there is no open price alert" in chat.say(f"/alert remove {row.alert_id}")
    assert chat.noted == [
        ("Ann @ann", "/alert BTC/USDT above 120,000.00", "done"),
        ("Bob", f"/alert remove {row.alert_id} (BTC/USDT above 120,000.00)", "done"),
    ]


def test_a_price_alert_while_the_history_is_away_says_that_it_failed_and_is_noted(
    parts: Parts, writer: HistoryWriter
) -> None:
    writer.write(Batch(candles=[candle(55)]))
    with refusing_port() as port:
        url = f"postgresql+psycopg://nobody:none@127.0.0.1:{port}/none"
        with closing(open_notifier_log(parts.settings.changed(history_url=SecretStr(url)))) as away:
            chat = Chat(replace(parts, log=away))
            assert chat.say("/alert BTC above 120000").startswith("This failed: ")
    assert [(command, outcome.partition(":")[0]) for _, command, outcome in chat.noted] == [
        ("/alert BTC/USDT above 120,000.00", "failed")
    ]


@pytest.mark.parametrize("words", ["BTC", "BTC above", "BTC above many", "BTC above -5", "remove", HOSTILE])
def test_a_price_alert_that_is_not_understood_says_how_to_write_it(
    parts: Parts, chat: Chat, writer: HistoryWriter, words: str
) -> None:
    writer.write(Batch(candles=[candle(55)]))

    said = chat.say(f"/alert {words}")

    assert "BTC above 120000" in said or "/alert lists them" in said
    assert parts.history.price_alerts() == ()
    assert [kind for kind, text in chat.shown.found if text != "/alert"] == []


def test_a_mute_of_an_alert_offers_its_pair_and_its_source_and_is_noted(
    parts: Parts, chat: Chat, writer: HistoryWriter
) -> None:
    writer.write(Batch(articles=[article(1)]))
    ((_, mute, _),) = alert_buttons(pairs=["BTC/USDT"], sources=["Wire"], article_id="a" * 32)

    said = chat.say(mute.data)
    assert (
        said
        == "Mute pair BTC/USDT and source Wire? Holds, outages, losses, price alerts and briefings come all the same."
    )
    assert parts.history.mutes(parts.now()) == ()
    chat.press("Wire: 8 hours")

    (row,) = parts.history.mutes(parts.now())
    assert (row.what, row.value, row.until, row.by) == (
        MuteKind.SOURCE,
        "Wire",
        at(3600 + 8 * 3600),
        "Ann @ann",
    )
    assert chat.noted == [("Ann @ann", "/mute Wire 8h", "done")]


def test_a_mute_with_a_time_asks_back_and_ends_on_request(
    parts: Parts, chat: Chat, writer: HistoryWriter
) -> None:
    assert (
        chat.say("/mute all 2h")
        == "Mute everything for 2 hours? Holds, outages, losses, price alerts and briefings come all the same."
    )
    chat.press("all: 2 hours")
    assert "everything until 2026-11-20 15:00 UTC, by Ann @ann" in chat.say("/mute")

    chat.press("End all", BOB)
    assert chat.noted == [("Ann @ann", "/mute all 2h", "done"), ("Bob", "/mute off all", "done")]
    assert parts.history.mutes(parts.now()) == ()
    assert "is not muted" in chat.say("/mute off all")


def test_what_is_no_source_and_no_pair_cannot_be_muted(parts: Parts, chat: Chat) -> None:
    assert "is no source that is recorded, and no pair" in chat.say(f"/mute {HOSTILE} 1h")
    assert chat.shown.found == ()


def test_buttons_of_an_alert_fit_and_leave_out_what_does_not() -> None:
    ((why, mute, pause),) = alert_buttons(pairs=["BTC/USDT"], sources=["s" * 64], article_id="f" * 32)

    assert (why.data, mute.data, pause.data) == (f"/why {'f' * 16}", "/mute BTC/USDT", "/pause")
    assert [each.data for each in alert_buttons(trade="dry/12")[0]] == ["/why dry/12", "/pause"]
    assert alert_buttons(trade="b" * 60 + "/12")[0][0].data == "/why 12"


def test_the_portfolio_has_positions_exposure_and_profit(chat: Chat, writer: HistoryWriter) -> None:
    closed = trade(2, closed=at(1800), profit_ratio=0.04, profit_abs=2.0)
    writer.write(Batch(trades=[trade(1), closed], candles=[candle(55)]))

    assert chat.say("/portfolio").splitlines() == [
        "1 open position",
        "1 BTC/USDT long: +5.00 %, +2.50 USDT at 105.00 (4 min ago)",
        "Exposure",
        "BTC: 100% of the stakes (long 50 USDT), +2.50 now",
        "Closed trades",
        "1 day: 1 with +2.00 USDT, 1 of them gained",
        "7 days: 1 with +2.00 USDT, 1 of them gained",
        "30 days: 1 with +2.00 USDT, 1 of them gained",
        "all: 1 with +2.00 USDT, 1 of them gained",
    ]
    assert chat.buttons == {"Why 1": "/why 1"}


def test_without_trades_the_portfolio_says_so(chat: Chat) -> None:
    assert chat.say("/portfolio").startswith("No open positions\nClosed trades\n1 day: none")
