"""Defines how the sentiment store is read: what a reader is asked, and what it answers."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from cryptoboy_sentiment.mirror import Page

NEW_AT_ONCE = 50  # pairs read as a whole in one call, whose answer has to arrive within the reader's timeout


class Known(NamedTuple):
    """What is known of a pair. Times are scores of the sorted set, in epoch ms."""

    cursor: float  # where to read on
    members: int  # how many are known
    oldest: float  # infinite if none is known


class Answer(NamedTuple):
    """What a reader read in one call."""

    fields: dict[bytes, bytes] | Exception  # of trading:holds, or why they cannot be read
    has_entries_key: bool  # whether trading:entries exists
    scored: frozenset[str] | None  # see `SignalSource.scored`
    pages: dict[str, Page | None]  # by pair; None where nothing has changed


class StoreReader(Protocol):
    """A way to read the sentiment store. Only one thread at a time calls it."""

    @property
    def name(self) -> str:
        """What is read, for messages; without secrets."""

    def read(self, known: Mapping[str, Known], horizon: float) -> Answer:
        """Read the holds, and of each pair what is not known, from `horizon` (epoch ms) on.

        Blocks for a time that the network bounds for each of its operations only.

        Raises:
            Exception: any, if the store cannot be read.
        """
