"""Gives a strategy back the state that it had before a run, so that runs leave no trace in one another.

Freqtrade's hyperopt reuses one object likewise, but a comparison must not depend on the order of its runs. Strategies
keep state in attributes of the object and, as often, in dictionaries of the class.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from typing import Any

_CONTAINERS = (dict, list, set, deque)
_FREQTRADES_OWN = frozenset({"config", "dp", "wallets"})


class StrategyState:
    """The state of a strategy at one time: its attributes, and the content of their containers."""

    def __init__(self, strategy: Any) -> None:  # noqa: ANN401 - Freqtrade publishes no types
        """Take the state that `restore` gives back; containers that cannot be copied are left as they are."""
        self._strategy = strategy
        self._attributes = dict(vars(strategy))
        self._contents = [
            (container, kept) for container in _containers(strategy) if (kept := _copy(container)) is not None
        ]

    def restore(self) -> None:
        """Give the strategy back its attributes, and their containers their content; both stay the same objects."""
        now = vars(self._strategy)
        now.clear()
        now.update(self._attributes)
        for container, kept in self._contents:
            _refill(container, copy.deepcopy(kept))


def _containers(strategy: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    """Yield the containers of the object and of the classes of its own, which are those before Freqtrade's."""
    from freqtrade.strategy import IStrategy

    classes = [one for one in type(strategy).__mro__ if issubclass(one, IStrategy) and one is not IStrategy]
    for attributes in (vars(strategy), *map(vars, classes)):
        for name, value in attributes.items():
            if isinstance(value, _CONTAINERS) and name not in _FREQTRADES_OWN and not name.startswith("__"):
                yield value


def _copy(container: Any) -> Any:  # noqa: ANN401 - any container
    try:
        return copy.deepcopy(container)
    except Exception:  # noqa: BLE001 - whatever an object of a stranger says to being copied
        return None


def _refill(container: Any, content: Any) -> None:  # noqa: ANN401 - as above
    container.clear()
    if isinstance(container, dict | set):
        container.update(content)
    else:
        container.extend(content)
