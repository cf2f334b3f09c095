"""Whose methods the mixin wraps, and how often the mixin's work is done."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # publishes no types
import pytest
from cryptoboy_sentiment import SentimentMixin, telemetry
from cryptoboy_sentiment.mixin.wrapping import Call, wrap
from cryptoboy_sentiment.session import _send_package_to_workers
from freqtrade.optimize.hyperopt.hyperopt_optimizer import HyperOptimizer
from freqtrade.strategy import IStrategy

from tests.support.strategy.mixin_samples import Plain, WithNews, confirms, started
from tests.support.strategy.strategy_samples import at, signal


class Host:
    """Wraps what is derived from it as the mixin does, and notes each time that the hook is called."""

    def __init_subclass__(cls) -> None:
        wrap(cls, {"custom_exit": noted})


def noted(call: Call) -> Any:
    return ["hook", *call.proceed()]


def test_a_method_of_the_users_own_class_is_wrapped() -> None:
    class Mine(Host, Plain):
        def custom_exit(self, **_: Any) -> list[str]:
            return ["mine"]

    assert called(Mine) == ["hook", "mine"]


def test_a_method_that_calls_super_runs_the_hook_once() -> None:
    class First(Host, Plain):
        def custom_exit(self, **_: Any) -> list[str]:
            return ["first"]

    class Second(First):
        def custom_exit(self, **given: Any) -> list[str]:
            return ["second", *super().custom_exit(**given)]

    class Third(Second):
        pass

    class Fourth(Third):
        def custom_exit(self, **given: Any) -> list[str]:
            return ["fourth", *super().custom_exit(**given)]

    assert called(Third) == ["hook", "second", "first"]
    assert called(Fourth) == ["hook", "fourth", "second", "first"]


def test_a_method_of_a_base_class_before_or_behind_the_mixin_is_wrapped() -> None:
    class Callbacks:
        def custom_exit(self, **_: Any) -> list[str]:
            return ["callbacks"]

    class Before(Callbacks, Host, Plain):
        pass

    class Behind(Host, Callbacks, Plain):
        pass

    class Last(Plain, Host):
        def custom_exit(self, **_: Any) -> list[str]:
            return ["last"]

    assert called(Before) == called(Behind) == ["hook", "callbacks"]
    assert called(Last) == ["hook", "last"]


def test_a_base_class_that_comes_in_between_later_is_not_hidden() -> None:
    class First(Host, Plain):
        pass

    class Between(Plain):
        def custom_exit(self, **_: Any) -> list[str]:
            return ["between"]

    class Both(First, Between):
        pass

    assert called(Both) == ["hook", "between"]


def test_a_decorated_method_of_a_base_class_is_wrapped_again() -> None:
    def logged(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def around(*args: Any, **kwargs: Any) -> list[str]:
            return ["logged", *method(*args, **kwargs)]

        return around

    class First(Host, Plain):
        def custom_exit(self, **_: Any) -> list[str]:
            return ["first"]

    class Second(First):
        custom_exit = logged(First.custom_exit)

    assert called(Second) == ["hook", "logged", "first"]


def test_static_and_class_methods_are_called_as_such() -> None:
    class Static(Host, Plain):
        @staticmethod
        def custom_exit(pair: str, **_: Any) -> list[str]:
            return [pair]

    class OfClass(Host, Plain):
        @classmethod
        def custom_exit(cls, pair: str, **_: Any) -> list[str]:
            return [cls.__name__, pair]

    assert called(Static) == ["hook", "BTC/USDT"]
    assert called(OfClass) == ["hook", "OfClass", "BTC/USDT"]


def test_an_object_that_is_called_like_a_method_is_called_so() -> None:
    class Callback:
        def __call__(self, **_: Any) -> list[str]:
            return ["object"]

    class Mine(Host, Plain):
        custom_exit = Callback()

    assert called(Mine) == ["hook", "object"]


def test_a_hook_finds_arguments_by_name_however_they_were_given() -> None:
    given: list[Any] = []

    class Noting:
        def __init_subclass__(cls) -> None:
            wrap(cls, {"custom_exit": lambda call: given.append(call.given)})

    class Mine(Noting, Plain):
        pass

    object.__new__(Mine).custom_exit("BTC/USDT", None, current_time=1, current_rate=2, current_profit=3)
    wanted = {"pair": "BTC/USDT", "trade": None, "current_time": 1, "current_rate": 2, "current_profit": 3}
    assert given == [wanted]


def called(cls: type[Any]) -> Any:
    """What Freqtrade gets when it asks a strategy of this class."""
    strategy: Any = object.__new__(cls)
    return strategy.custom_exit(
        pair="BTC/USDT", trade=None, current_time=None, current_rate=1.0, current_profit=0.0
    )


def test_a_callback_that_the_strategy_lacks_keeps_the_name_of_freqtrades() -> None:
    """Freqtrade copies each trade, with its orders, before it calls a callback of any other name."""
    assert WithNews.custom_exit.__qualname__ == "IStrategy.custom_exit"
    assert WithNews.custom_exit is not IStrategy.custom_exit


def test_what_freqtrade_compares_with_its_own_methods_is_left_alone() -> None:
    names = [
        *("populate_indicators", "populate_entry_trend", "populate_exit_trend", "populate_buy_trend"),
        *(
            "populate_sell_trend",
            "custom_sell",
            "custom_stoploss",
            "adjust_order_price",
            "adjust_entry_price",
        ),
        *("adjust_exit_price", "check_exit_timeout", "custom_roi", "leverage"),
    ]
    assert [name for name in names if getattr(WithNews, name) is not getattr(Plain, name)] == []


def test_a_strategy_survives_the_way_to_hyperopts_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "_opened", {})  # a search opens no metrics, other tests of this process do

    class Mine(SentimentMixin, Plain):
        def confirm_trade_entry(self, **_: Any) -> bool:
            return True

    news = [signal(score=-0.8)]
    strategy = started(Mine, tmp_path, news)
    before = cloudpickle.list_registry_pickle_by_value()
    _send_package_to_workers()
    try:
        optimizer = object.__new__(HyperOptimizer)
        optimizer.hyperopt_pickle_magic(Mine.__bases__)
        assert "builtins" not in cloudpickle.list_registry_pickle_by_value()
        sent = cloudpickle.dumps(strategy)
    finally:
        for name in cloudpickle.list_registry_pickle_by_value() - before:
            cloudpickle.unregister_pickle_by_value(sys.modules[name])
    # In a process of its own, as hyperopt does: the classes that arrive replace those of the same name.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as worker:
        assert worker.submit(_confirmed, sent, (0, 15, 241)).result() == [True, False, True]


def _confirmed(sent: bytes, minutes: tuple[int, ...]) -> list[bool]:
    arrived = cloudpickle.loads(sent)
    return [confirms(arrived, at(each)) for each in minutes]
