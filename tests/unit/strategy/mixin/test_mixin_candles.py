"""The columns that a strategy with the mixin gets, and the entries that news takes away from it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cryptoboy_sentiment import SentimentMixin

from tests.support.strategy.mixin_samples import Plain, WithNews, advised, started
from tests.support.strategy.strategy_samples import PAIR, signal, wavy_candles

COLUMNS = [
    "sentiment",
    "sentiment_aggregate",
    "sentiment_status",
    "sentiment_age_hours",
    "news_event",
    "news_count",
]
BAD = signal("bad", published=60, score=-0.8, event_type="regulation")
GOOD = signal("good", published=600, score=0.8)
HACK = signal("hack", published=1200, score=0.1, event_type="hack")


def entered(frame: pd.DataFrame, column: str = "enter_long") -> list[int]:
    """The numbers of the candles at which Freqtrade enters a position, in a bot and in a backtest."""
    side, other = ("long", "short") if column == "enter_long" else ("short", "long")
    against = _is_1(frame, f"exit_{side}") | _is_1(frame, f"enter_{other}")
    return [int(one) for one in np.flatnonzero(_is_1(frame, column) & ~against)]


def _is_1(frame: pd.DataFrame, column: str) -> Any:
    return (frame[column] == 1).to_numpy() if column in frame else np.zeros(len(frame), dtype=bool)


def without(*spans: range) -> list[int]:
    return [one for one in range(400) if not any(one in span for span in spans)]


def test_features_add_the_named_columns_and_change_nothing_else(tmp_path: Path) -> None:
    frame = advised(started(WithNews, tmp_path, [BAD, GOOD, HACK], use=["features"]))
    own = advised(started(Plain, tmp_path))
    names = list(own)
    assert list(frame) == [*names[:6], *COLUMNS, *names[6:]]
    pd.testing.assert_frame_equal(frame[names], own)
    assert frame["news_event"].unique().tolist() == ["", "regulation", "other", "hack"]
    known = list(frame[COLUMNS].iloc[5])
    assert known == [-0.8, pytest.approx(-0.8), "fresh", 0.5, "regulation", 1]
    assert np.isnan(frame["sentiment"].iloc[3])


def test_bad_news_and_events_block_entries_while_they_are_fresh_and_no_news_blocks_nothing(
    tmp_path: Path,
) -> None:
    frame = advised(started(WithNews, tmp_path, [BAD, GOOD, HACK]))
    # At the close of candle 4 the news of minute 60 is known. It is fresh for four hours, a hack counts for a day.
    bad, hack = range(4, 20), range(80, 176)
    assert entered(frame) == without(bad, hack)
    tags = frame["enter_tag"]
    assert set(tags.iloc[list(bad)]) == {"news blocks: score -0.80"}
    assert set(tags.iloc[list(hack)]) == {"news blocks: hack"}
    assert set(tags.iloc[entered(frame)]) == {"mine"}


def test_news_blocks_from_the_candle_on_at_whose_close_it_was_known(tmp_path: Path) -> None:
    late = signal("late", published=60, available=120, score=-0.8)
    assert entered(advised(started(WithNews, tmp_path, [late]))) == without(range(8, 20))


def test_a_doubtful_warning_blocks_and_doubtful_good_news_confirms_nothing(tmp_path: Path) -> None:
    warning = signal("w", published=60, score=-0.8, suspected=True)
    assert entered(advised(started(WithNews, tmp_path, [warning]))) == without(range(4, 20))
    praise = [signal("p", published=60, suspected=True), signal("q", published=600, weight=0.0)]
    assert entered(advised(started(WithNews, tmp_path, praise, use=["confirm"]))) == []


@pytest.mark.parametrize("sentiment_from", ["newest", "aggregate"])
def test_confirm_needs_good_news_that_may_open_a_trade(tmp_path: Path, sentiment_from: str) -> None:
    news = [BAD, GOOD, signal("d", published=1200, degraded=True)]
    section: dict[str, Any] = {"use": ["confirm"], "sentiment_from": sentiment_from}
    strategy = started(WithNews, tmp_path, news, **section)
    frame = advised(strategy)
    assert entered(frame)[0] == 40
    assert all(one < 60 for one in entered(frame))
    assert frame["enter_tag"].iloc[0] == "news blocks: no sentiment to enter on"
    assert frame["enter_tag"].iloc[4] == "news blocks: score only -0.80"
    allowing = started(WithNews, tmp_path, news, allow_degraded=True, **section)
    assert 80 in entered(advised(allowing))


def test_the_aggregate_judges_where_it_is_asked_for(tmp_path: Path) -> None:
    news = [
        *(signal(f"b{one}", published=60 + one, score=-0.9, source=f"s{one}") for one in range(4)),
        signal("g", published=70, score=0.9, source="other"),
    ]
    newest = advised(started(WithNews, tmp_path, news))
    mean = advised(started(WithNews, tmp_path, news, sentiment_from="aggregate"))
    assert newest["enter_long"].iloc[5] == 1
    assert mean["enter_long"].iloc[5] == 0


def test_news_of_the_market_counts_unless_the_scope_is_the_asset(tmp_path: Path) -> None:
    market = signal("m", published=60, score=-0.8, scope="market")
    assert entered(advised(started(WithNews, tmp_path, [market]))) == without(range(4, 20))
    assert entered(advised(started(WithNews, tmp_path, [market], scope="asset"))) == without()


@pytest.mark.parametrize("sentiment_from", ["newest", "aggregate"])
def test_news_about_the_asset_counts_until_a_revision_finds_that_it_is_about_the_market(
    tmp_path: Path, sentiment_from: str
) -> None:
    asset = signal("a", published=60, score=-0.8, event_type="hack")
    market = signal("a", published=60, available=121, score=-0.8, scope="market", revision=1)
    again = signal("a", published=60, available=181, score=-0.8, revision=2)
    frames = [
        advised(started(WithNews, tmp_path, news, scope="asset", sentiment_from=sentiment_from))
        for news in ([asset, market], [asset, market, again])
    ]
    assert [entered(frame) for frame in frames] == [
        without(range(4, 8)),
        without(range(4, 8), range(12, 20)),
    ]
    before, after = frames[0].iloc[7], frames[0].iloc[8]
    assert (before["sentiment_status"], before["news_count"]) == ("fresh", 1)
    assert (after["sentiment_status"], after["news_count"]) == ("none", 0)
    assert np.isnan(after["sentiment_age_hours"])


class BothSides(SentimentMixin, Plain):
    """Enters long at even candles, short at odd ones, and asks for both at each tenth."""

    can_short = True

    def populate_entry_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
        number = np.arange(len(dataframe))
        dataframe["enter_long"] = ((number % 2 == 0) | (number % 10 == 1)).astype(bool)
        dataframe["enter_short"] = ((number % 2 == 1) | (number % 10 == 0)).astype(float)
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
        dataframe["exit_short"] = dataframe["enter_long"].astype(int)
        return dataframe


def test_good_news_blocks_shorts_as_bad_news_blocks_longs(tmp_path: Path) -> None:
    frame = advised(started(BothSides, tmp_path, [BAD, GOOD]))
    bad, good = frame.iloc[4:20], frame.iloc[40:56]
    assert entered(bad) == []
    assert entered(bad, "enter_short") == [
        1,
        3,
        5,
        9,
        11,
        13,
        15,
    ]  # of these candles; both are asked for at 6 and 7
    assert entered(good, "enter_short") == []
    assert entered(good) == [2, 4, 6, 8, 12, 14]
    assert good["enter_tag"].iloc[3] == "news blocks: score 0.80"


def test_where_both_sides_are_asked_for_the_veto_of_one_opens_no_way_for_the_other(tmp_path: Path) -> None:
    class NoExits(BothSides):
        def populate_exit_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
            return dataframe

    for cls in (BothSides, NoExits):
        frame = advised(started(cls, tmp_path, [BAD]))
        assert not {10, 11} & {*entered(frame), *entered(frame, "enter_short")}


def exited(frame: pd.DataFrame, side: str) -> list[bool]:
    """Whether Freqtrade closes a trade of this side at each candle on the strategy's own exit signal."""
    found: list[bool] = (_is_1(frame, f"exit_{side}") & ~_is_1(frame, f"enter_{side}")).tolist()
    return found


def test_a_blocked_entry_makes_no_exit_where_the_strategy_asks_for_both(tmp_path: Path) -> None:
    class Both(BothSides):
        def populate_exit_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
            dataframe["exit_long"] = (np.arange(len(dataframe)) % 4 == 0).astype(int)
            dataframe["exit_short"] = (np.arange(len(dataframe)) % 5 == 0).astype(int)
            return dataframe

    with_news = advised(started(Both, tmp_path, [BAD, GOOD]))
    own = advised(started(Both, tmp_path, use=["features"]))
    for side in ("long", "short"):
        assert exited(with_news, side) == exited(own, side)
        assert {*entered(with_news, f"enter_{side}")} < {*entered(own, f"enter_{side}")}


def test_exits_that_are_made_of_entries_stay(tmp_path: Path) -> None:
    frame = advised(started(BothSides, tmp_path, [BAD]))
    own = advised(started(BothSides, tmp_path, use=["features"]))
    assert frame["exit_short"].tolist() == own["exit_short"].tolist()


def test_a_stand_aside_event_blocks_both_sides(tmp_path: Path) -> None:
    frame = advised(started(BothSides, tmp_path, [HACK], stand_aside={"hack": 1}))
    within = frame.iloc[80:84]
    assert entered(within) == entered(within, "enter_short") == []
    assert entered(frame.iloc[84:86]) == [0]
    everywhere = advised(started(BothSides, tmp_path, [HACK], stand_aside={})).iloc[80:84]
    assert (entered(everywhere), entered(everywhere, "enter_short")) == ([2], [3])


def test_a_column_of_the_strategys_own_is_kept_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Mine(SentimentMixin, Plain):
        def populate_indicators(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
            return dataframe.assign(sentiment=7)

    strategy = started(Mine, tmp_path, [BAD])
    frame = advised(strategy)
    assert frame["sentiment"].unique().tolist() == [7]
    assert entered(frame) == without(range(4, 20))
    advised(strategy)
    assert caplog.text.count("The strategy has columns named sentiment of its own, which are kept") == 1


def test_a_strategy_may_ask_for_the_columns_in_populate_indicators(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Mine(SentimentMixin, Plain):
        def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
            news = self.sentiment_columns(metadata["pair"], dataframe["date"])
            return pd.concat([dataframe, news, news["sentiment"].rolling(2).mean().rename("smooth")], axis=1)

    frame = advised(started(Mine, tmp_path, [BAD]))
    assert frame["smooth"].iloc[5] == -0.8
    assert [*frame].count("sentiment") == 1
    assert "columns named" not in caplog.text


def test_entries_in_the_names_of_an_older_interface_are_blocked(tmp_path: Path) -> None:
    class Old(SentimentMixin, Plain):
        INTERFACE_VERSION = 2

        def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
            return self.populate_buy_trend(dataframe, metadata)

        def populate_buy_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
            dataframe.loc[:, ["buy", "buy_tag"]] = (1, "mine")  # a second enter_tag, when it is renamed
            return dataframe

    assert entered(advised(started(Old, tmp_path, [BAD]))) == without(range(4, 20))


def test_a_strategy_that_returns_few_columns_is_protected_all_the_same(tmp_path: Path) -> None:
    class Few(SentimentMixin, Plain):
        def populate_entry_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
            few = ["date", "open", "high", "low", "close", "volume"]
            return dataframe[few].assign(enter_long=1)

    assert entered(advised(started(Few, tmp_path, [BAD]))) == without(range(4, 20))


def test_a_backtest_says_how_many_entries_each_reason_blocked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    advised(started(WithNews, tmp_path, [BAD, HACK]))
    assert f"Entries of {PAIR} at 112 of 400 candles blocked: hack (96), bad score (16)" in caplog.text
    caplog.clear()
    advised(started(WithNews, tmp_path, [BAD], use=["confirm"]))
    assert "no sentiment to enter on (384), score too low to confirm (16)" in caplog.text


def test_a_fault_in_a_bot_gives_the_strategy_columns_without_news(tmp_path: Path) -> None:
    strategy = started(WithNews, tmp_path, [BAD])
    strategy._cryptoboy.source, strategy._cryptoboy.is_live = None, True
    found = strategy.sentiment_columns(PAIR, wavy_candles(4)["date"])
    assert found["sentiment_status"].tolist() == ["unreadable"] * 4


def test_a_fault_in_a_backtest_ends_it(tmp_path: Path) -> None:
    strategy = started(WithNews, tmp_path, [BAD])
    strategy._cryptoboy.source = None
    with pytest.raises(AttributeError):
        strategy.advise_indicators(wavy_candles(4), {"pair": PAIR})
