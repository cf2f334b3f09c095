"""Counts how many of the last articles the scorer refused.

A scorer occasionally refuses an article because of its content. A scorer that refuses nearly all articles is at fault
itself, although it passes its check. For example, the model's context may be too small for articles, or none of the
model's answers can be used.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from services.common.runtime.metrics import SCORER_REFUSALS

LAST_ARTICLES = 12
MOST_REFUSED = 10
"""If the scorer refused this many of the last `LAST_ARTICLES` articles, the scorer is at fault, not the articles."""


class Refusals:
    """The record of the last articles that the scorer accepted or refused. Threads may share one record.

    Articles are identified by the message body, because not every publisher sets an id.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: OrderedDict[bytes, bool] = OrderedDict()
        SCORER_REFUSALS.set(0)

    def note(self, body: bytes, *, refused: bool) -> None:
        """Note whether the scorer refused an article that it was asked about."""
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
        """Forget the last articles."""
        with self._lock:
            self._refused.clear()
            SCORER_REFUSALS.set(0)
