"""Articles that the scorer refuses, of the last that it was asked.

Now and then an article is refused for what it says. A scorer that refuses nearly all is of no use, although it answers
its check: the model's context is too small for articles, say, or nothing that it prints can be used.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from services.common.runtime.metrics import SCORER_REFUSALS

LAST_ARTICLES = 12
MOST_REFUSED = 10
"""So many of the last are too many to blame the articles."""


class Refusals:
    """Threads may share it. Articles are known by body: not every publisher sets an id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: OrderedDict[bytes, bool] = OrderedDict()
        SCORER_REFUSALS.set(0)

    def note(self, body: bytes, *, refused: bool) -> None:
        """The scorer was asked about an article, and refused it or did not."""
        with self._lock:
            self._refused.pop(body, None)  # of one that was asked again, the last time counts
            self._refused[body] = refused
            if len(self._refused) > LAST_ARTICLES:
                self._refused.popitem(last=False)
            SCORER_REFUSALS.set(sum(self._refused.values()))

    @property
    def are_too_many(self) -> bool:
        """Whether the scorer rather than the articles is at fault."""
        with self._lock:
            return sum(self._refused.values()) >= MOST_REFUSED

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._refused.clear()
            SCORER_REFUSALS.set(0)
