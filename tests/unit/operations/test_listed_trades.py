"""Trades as they were recorded, and those of a bot that nobody reads any more."""

from __future__ import annotations

from datetime import timedelta

from services.common.history.batch import Batch
from services.common.history.followed_bot import POSITION, FollowedBot
from services.common.history.port import HistoryReader, HistoryWriter
from services.operations.portfolio import read_portfolio
from services.operations.trades import list_trades
from services.operations.why.not_entered import waiting_for
from services.operations.why.trade import why_trade
from tests.support.history import history_samples as some
from tests.support.history.history_samples import PAIR, at

NOW = at(3_600)


def test_an_open_trade_of_a_replaced_database_is_not_seen_since_then(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    trades = [
        some.trade(1, bot="bot@1"),
        some.trade(2, bot="bot@1", closed=at(200)),
        some.trade(1, bot="bot@2", opened=at(900)),
    ]
    writer.write(Batch(trades=trades))
    assert {trade.unseen_since for trade in list_trades(reader).trades} == {None}  # nobody was followed yet
    writer.write(Batch(cursors={POSITION: FollowedBot("bot@2", at(800)).written()}))
    found = {(trade.bot, trade.trade_id): trade.unseen_since for trade in list_trades(reader).trades}
    assert found == {("bot@1", 1): at(800), ("bot@1", 2): None, ("bot@2", 1): None}


def test_a_trade_that_is_not_seen_is_no_position_and_keeps_no_entry_away(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    followed = FollowedBot("another bot", at(800))
    writer.write(Batch(trades=[some.trade(1)], cursors={POSITION: followed.written()}))
    assert read_portfolio(reader, "1m", NOW).positions == ()
    waits = waiting_for(reader, PAIR, now=NOW, staleness=timedelta(hours=4))
    assert (waits.trade, waits.open_trades) == (None, 0)
    before = waiting_for(reader, PAIR, now=at(700), staleness=timedelta(hours=4))
    assert before.open_trades == 1
    why = why_trade(reader, 1, now=NOW)
    assert why is not None
    assert "is not seen since 2026-11-20 12:13 UTC" in why.sentences[-2]


def test_the_followed_bot_is_read_back_with_any_name() -> None:
    bot = FollowedBot("my bot: 2@20261101T100000Z", at(0))
    assert FollowedBot.read(bot.written()) == bot
    assert FollowedBot.read(None) is None
