"""A strategy is before each run as it was before the first."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from freqtrade.strategy import IStrategy

from services.research.backtest.strategies.state import StrategyState


class Remembering(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Keeps state where strategies keep it."""

    timeframe = "1h"
    of_class: ClassVar[dict[str, list[int]]] = {"BTC/USDT": [1]}
    lock: ClassVar[dict[str, Any]] = {"lock": threading.Lock()}

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.seen: set[str] = {"BTC/USDT"}
        self.last = 1.0

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:  # noqa: ARG002 - unused here
        return dataframe


def test_attributes_and_containers_of_the_object_and_of_its_class_are_as_before() -> None:
    strategy = Remembering({"runmode": "other"})
    seen, of_class, lock = strategy.seen, strategy.of_class, strategy.lock["lock"]
    state = StrategyState(strategy)
    for _ in range(2):
        strategy.seen.add("ETH/USDT")
        strategy.of_class["BTC/USDT"].append(2)
        strategy.of_class["ETH/USDT"] = [3]
        strategy.last, strategy.new = 2.0, True
        state.restore()
        assert strategy.seen is seen
        assert strategy.seen == {"BTC/USDT"}
        assert strategy.of_class is of_class is Remembering.of_class
        assert strategy.of_class == {"BTC/USDT": [1]}
        assert strategy.last == 1.0
        assert not hasattr(strategy, "new")
        assert strategy.lock["lock"] is lock
