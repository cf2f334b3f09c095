"""The follower against a server that answers as Freqtrade does, on the real protocols."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.common.clock import SystemClock
from services.common.errors import StopProgram, TryLater
from services.common.history.followed_bot import POSITION, FollowedBot
from services.common.history.port import Batch
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.history_recorder.freqtrade.following import FreqtradeFollower
from services.history_recorder.inbox import Inbox, merged
from tests.support.servers.freqtrade_server import PASSWORD, TOKEN, USER, FreqtradeServer
from tests.support.waiting import eventually

PAIR, MINUTE = "BTC/USDT", timedelta(minutes=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


class House:
    """A follower of a stand-in for Freqtrade, with a history in memory."""

    def __init__(self, server: FreqtradeServer) -> None:
        self.server, self.inbox = server, Inbox()
        self.rows: list[Batch] = []
        self.positions: dict[str, str] = {}
        self.stop = threading.Event()
        self.failure: Exception | None = None
        self._thread: threading.Thread | None = None

    def settings(self, **changes: Any) -> Settings:
        return Settings(
            **{
                "freqtrade_api_port": self.server.port,
                "freqtrade_api_user": USER,
                "freqtrade_api_pass": PASSWORD,
                "freqtrade_ws_token": TOKEN,
                **changes,
            },
        )

    def start(self) -> None:
        self.stop = threading.Event()
        follower = FreqtradeFollower(
            self.settings(), SystemClock(), self.inbox, self.positions.get, work=CallsInProgress()
        )

        def follow() -> None:
            try:
                while not self.stop.is_set():
                    follower.step(self.stop)
            except TryLater as error:
                self.failure = error
            follower.close()

        self._thread = threading.Thread(target=follow)
        asked_last = "trades" if self.server.started else "health"  # of what is caught up with
        before = self.server.asked[asked_last]
        self._thread.start()
        eventually(lambda: self.server.asked[asked_last] > before)

    def end(self) -> None:
        self.stop.set()
        if self._thread:
            self._thread.join()

    def recorded(self) -> Batch:
        for batch in self.inbox.take():
            self.rows.append(batch)
            self.positions |= batch.cursors
        return merged(self.rows)

    def wait_for(self, condition: Callable[[Batch], bool]) -> Batch:
        eventually(lambda: condition(self.recorded()))
        return self.recorded()


@pytest.fixture
def house() -> Iterator[House]:
    with FreqtradeServer(started=NOW - 10 * MINUTE) as server:
        built = House(server)
        yield built
        built.end()


def opened(batch: Batch) -> list[datetime]:
    return [row.opened for row in batch.analysed]


def test_rows_that_the_bot_decides_on_are_recorded_with_all_digits(house: House) -> None:
    house.start()
    house.server.analyse(PAIR, NOW - 2 * MINUTE, {"rsi": 1 / 3, "sentiment": None, "enter_long": 1})
    house.server.analyse(PAIR, NOW - MINUTE, {"rsi": 2 / 3, "sentiment": 0.9, "enter_long": 0})
    batch = house.wait_for(lambda found: len(found.analysed) == 2)
    assert [row.values["rsi"] for row in batch.analysed] == [1 / 3, 2 / 3]
    assert batch.analysed[1].values == {"rsi": 2 / 3, "sentiment": 0.9, "enter_long": 0}


def test_a_row_that_was_analysed_again_before_it_was_asked_for_is_as_the_bot_saw_it_first(
    house: House,
) -> None:
    house.start()
    house.server.analyse(PAIR, NOW - MINUTE, {"rsi": 30.5}, asked={"rsi": 30.7})
    assert house.wait_for(lambda found: len(found.analysed) == 1).analysed[0].values == {"rsi": 30.5}


def test_rows_and_trades_of_a_gap_are_recorded_after_it_and_none_twice(house: House) -> None:
    house.start()
    house.server.analyse(PAIR, NOW - 5 * MINUTE, {"rsi": 1.0})
    house.wait_for(lambda found: len(found.analysed) == 1)
    house.end()
    for minutes in (4, 3):
        house.server.analyse(PAIR, NOW - minutes * MINUTE, {"rsi": 2.0})
    house.server.trade(1, closed=NOW - 3 * MINUTE)
    house.start()
    batch = house.wait_for(lambda found: len(found.analysed) == 3 and len(found.trades) == 1)
    assert opened(batch) == [NOW - minutes * MINUTE for minutes in (5, 4, 3)]
    assert batch.trades[0].closed == NOW - 3 * MINUTE


def test_rows_of_candles_before_the_bot_started_are_not_what_it_decided_on(house: House) -> None:
    for minutes in (14, 13, 12, 11, 10):
        house.server.analyse(PAIR, NOW - minutes * MINUTE, {"rsi": 1.0})
    house.start()
    batch = house.wait_for(lambda found: bool(found.analysed))
    assert opened(batch) == [NOW - 11 * MINUTE, NOW - 10 * MINUTE]


def test_a_trade_is_recorded_when_it_opens_changes_and_closes(house: House) -> None:
    house.start()
    house.server.trade(1, message="entry_fill")
    house.wait_for(lambda found: len(found.trades) == 1)
    looked = house.server.asked["trades"]
    house.server.trade(1, message="entry_fill", current_rate=7.0)  # a price is no change
    eventually(lambda: house.server.asked["trades"] > looked)
    house.server.trade(1, message="entry_fill", stop_loss_abs=99.0)
    batch = house.wait_for(lambda found: len(found.trades) == 2)
    assert batch.trades[1].details["stop_loss_abs"] == 99.0
    house.server.trade(1, closed=NOW, message="exit_fill")
    batch = house.wait_for(lambda found: len(found.trades) == 3)
    assert [row.closed for row in batch.trades] == [None, None, NOW]
    house.server.trade(2, closed=NOW - timedelta(hours=1), message="exit_fill")  # before: nobody saw it open
    house.server.trade(3, closed=NOW, message="exit_fill")
    batch = house.wait_for(lambda found: any(row.trade_id == 3 for row in found.trades))
    assert [row.trade_id for row in batch.trades] == [1, 1, 1, 3]


def test_the_history_knows_which_bot_is_followed_and_since_when(house: House) -> None:
    def followed(name: str) -> FollowedBot:
        house.wait_for(lambda found: name in found.cursors.get(POSITION, ""))
        bot = FollowedBot.read(house.positions[POSITION])
        assert bot is not None
        return bot

    house.start()
    first = followed(f"@{NOW - 10 * MINUTE:%Y%m%dT%H%M%SZ}")
    house.end()
    house.start()  # the same bot
    house.server.trade(1, message="entry_fill")
    house.wait_for(lambda found: len(found.trades) == 1)
    assert followed("@") == first
    house.end()
    house.server.started = NOW - MINUTE  # with a new database
    house.start()
    second = followed(f"@{NOW - MINUTE:%Y%m%dT%H%M%SZ}")
    assert second.since > first.since


def test_a_bot_that_was_never_started_is_listened_to(house: House) -> None:
    house.server.started = None
    house.start()
    house.server.started = NOW
    house.server.analyse(PAIR, NOW - MINUTE, {"rsi": 1.0})
    assert opened(house.wait_for(lambda found: bool(found.analysed))) == [NOW - MINUTE]


def test_a_lost_connection_and_a_message_that_is_not_understood_are_tried_again_later(house: House) -> None:
    house.start()
    house.server.send({"type": "analyzed_df", "data": {"key": ["BTC/USDT"]}})
    eventually(lambda: house.failure is not None)
    assert "not understood" in str(house.failure)
    house.failure = None
    house.start()
    house.server.drop()
    eventually(lambda: house.failure is not None)


@pytest.mark.parametrize("wrong", [{"freqtrade_ws_token": "other"}, {"freqtrade_api_pass": "other"}])
def test_wrong_credentials_are_a_matter_for_a_person_and_are_not_shown(
    house: House, wrong: dict[str, str]
) -> None:
    follower = FreqtradeFollower(
        house.settings(**wrong), SystemClock(), house.inbox, house.positions.get, work=CallsInProgress()
    )
    with pytest.raises(StopProgram) as refused:
        follower.step(house.stop)
    assert next(iter(wrong)).upper() in str(refused.value)
    assert not {"other", TOKEN, PASSWORD} & {*str(refused.value).split()}


def test_a_bot_that_is_not_there_is_tried_again_later(house: House) -> None:
    follower = FreqtradeFollower(
        house.settings(freqtrade_api_port=1),
        SystemClock(),
        house.inbox,
        house.positions.get,
        work=CallsInProgress(),
    )
    with pytest.raises(TryLater):
        follower.step(house.stop)


def test_only_questions_are_asked(house: House) -> None:
    house.start()
    house.server.analyse(PAIR, NOW - MINUTE, {"rsi": 1.0})
    house.server.trade(1, message="entry_fill")
    house.wait_for(lambda found: bool(found.analysed and found.trades))
    assert house.server.methods == {"GET"}
