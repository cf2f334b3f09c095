"""How a strategy with the mixin starts, what ends its start, and orders of base classes that people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import SentimentMixin

from tests.support.strategy.mixin_samples import Plain, WithNews, advised, configuration, confirms, started
from tests.support.strategy.strategy_samples import PAIR, at, signal, wavy_candles, write_csv

BAD = signal("bad", published=60, score=-0.8)
BLOCKED = set(range(4, 20))


def entered(strategy: Any) -> set[int]:
    frame = advised(strategy)
    return {*frame.index[frame["enter_long"] == 1]}


class Behind(Plain, SentimentMixin):
    """The mixin behind the strategy."""


class Own(Plain):
    """A strategy that somebody derives from."""

    def confirm_trade_entry(self, **_: Any) -> bool:
        return True


class BehindAnother(Own, SentimentMixin):
    """The mixin behind a strategy with callbacks."""


class Twice(WithNews, SentimentMixin):
    """The mixin twice."""


class Meta(type(Plain)):  # type: ignore[misc]
    """A metaclass of somebody's own."""


class WithMeta(SentimentMixin, Plain, metaclass=Meta):
    """A strategy made by it."""

    __slots__ = ("mine",)


@pytest.mark.parametrize("cls", [WithNews, Behind, BehindAnother, Twice, WithMeta])
def test_every_order_of_base_classes_is_protected(cls: type[Any], tmp_path: Path) -> None:
    strategy = started(cls, tmp_path, [BAD])
    assert entered(strategy) == set(range(400)) - BLOCKED
    assert [confirms(strategy, at(minute)) for minute in (30, 90)] == [True, False]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"use": ["vetto"]}, "did you mean veto"),
        ({"veto_below": -2}, "veto_below is -2"),
        ({"sentiment_csv": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_a_faulty_configuration_ends_the_start(tmp_path: Path, section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        started(WithNews, tmp_path, **section)


def test_settings_that_have_no_effect_without_a_use_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    started(WithNews, tmp_path, use=["veto"], exit_on=["hack"], veto_below=-0.5)
    said = "cryptoboy.exit_on has no effect: cryptoboy.use is ['veto'], without exit"
    assert [one for one in caplog.messages if "no effect" in one] == [said]
    caplog.clear()
    started(WithNews, tmp_path, use=["exit"], exit_on=["hack"])
    assert "no effect" not in caplog.text


def test_the_strategys_own_start_comes_after_and_may_use_the_news(tmp_path: Path) -> None:
    class Mine(SentimentMixin, Plain):
        def bot_start(self, **_: Any) -> None:
            self.news = self.sentiment_columns(PAIR, wavy_candles(6)["date"])

    assert started(Mine, tmp_path, [BAD]).news["sentiment"].tolist()[4:] == [-0.8, -0.8]


def test_a_fault_in_the_strategys_own_start_stays_a_fault(tmp_path: Path) -> None:
    class Mine(SentimentMixin, Plain):
        def bot_start(self, **_: Any) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        started(Mine, tmp_path)


def test_a_notebook_that_starts_nothing_gets_the_columns(tmp_path: Path) -> None:
    csv = write_csv(tmp_path / "history.csv", [BAD])
    strategy = WithNews(configuration(sentiment_csv=str(csv)))
    assert entered(strategy) == set(range(400)) - BLOCKED


def test_a_backtest_of_another_history_is_not_answered_from_freqtrades_cache(tmp_path: Path) -> None:
    csv = write_csv(tmp_path / "history.csv", [])
    config = configuration(sentiment_csv=str(csv))
    before = dict(WithNews(config).config["cryptoboy_inputs"])
    write_csv(csv, [BAD])
    after = dict(WithNews(config).config["cryptoboy_inputs"])
    assert before["code"] == after["code"]
    assert before["sentiment_csv"] != after["sentiment_csv"]
