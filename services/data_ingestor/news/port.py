"""What a source of news is: the port. Each kind of source is a folder beside this file; RSS and Atom are `rss/`.

A source only lists its entries, again and again. Which of them are new, recent and about crypto, what their ids are,
and when they are published, is decided by the steps after it, in the same way for every kind.
tests/contract/test_source_contract.py says what each kind must do; docs/architecture.md how to add one.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from services.common.messages import OwnerName, SourceName, Weight
from services.common.settings.settings import Settings

MAX_ENTRIES = 2_000
MAX_TITLE = 500
MAX_SUMMARY = 5_000
MAX_CONTENT = 50_000

State = Mapping[str, str]
"""What a source needs at its next read to ask for changes only, such as the validators of an HTTP answer."""
NO_STATE: State = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as plain text on one line (see `text`); what the source does not give is empty.

    Attributes:
        title: without the publisher that it ends with; at most MAX_TITLE characters.
        link: an address as `urls.usable_link` returns it, or empty.
        summary: at most MAX_SUMMARY characters.
        content: at most MAX_CONTENT characters.
        published: in UTC, as the source claims; None where it gives no date that is understood.
        no_later_than: of a date without a zone that is known, the last instant in UTC that it can mean.
        written_title: as the source gives it; empty where that is the same.
        marks: what may tell the entry from others that share its link: the source's own id for it, and its address
            with a fragment. None of them empty.
        hides_text: there was more in it that readers do not see, or see in another order; it is left out here.
    """

    title: str
    link: str
    summary: str
    content: str
    published: datetime | None
    no_later_than: datetime | None = None
    written_title: str = ""
    marks: tuple[str, ...] = ()
    hides_text: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source lists now, in its order.

    Attributes:
        entries: at most MAX_ENTRIES.
        left_out: how many more there were.
        warning: what is wrong with it though it could be read; empty if nothing is.
    """

    entries: tuple[Entry, ...]
    left_out: int = 0
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a read returned: the `listing`, or None if it is the one that `state` was returned with."""

    listing: Listing | None
    state: State


class Source(Protocol):
    """One source. One thread reads it, for as long as the service runs."""

    @property
    def config(self) -> SourceConfig:
        """Its table in the file of sources."""
        ...

    @property
    def address(self) -> str:
        """Where it reads, for log messages: without user names, passwords and keys."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that `read` may take by its own time limits. Beyond them a call is stuck."""
        ...

    def read(
        self, now: datetime, stop: threading.Event, state: State = NO_STATE, *, past_caches: bool = False
    ) -> Answer:
        """Ask for the entries. Changes nothing that a further read depends on.

        Args:
            now: in UTC.
            stop: gives the read up soon after it is set, with TryLater.
            state: that of the last answer whose entries were noted; none if the last read failed, for it may be why.
            past_caches: ask for everything, past every cache, because the source has had nothing new for long.

        Raises:
            TryLater: the source cannot be read now; with the seconds that it asked to wait, if it did.
            NeverWorks: it answers in a way that only its operator or ours can mend. It is asked again all the same.
        """
        ...


class SourceConfig(BaseModel, ABC):
    """A table `[[source]]` of the file of sources. Each kind adds its own fields.

    Attributes:
        kind: which kind of source it is.
        name: identifies the source; it is part of the identity of its articles.
        weight: goes with its articles and their signals, like `owner`.
        owner: whoever publishes it, if it is not alone his: the poller gives turns, and later parts their trust, to
            owners.
        enabled: whether it is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: str
    name: SourceName
    weight: Weight = 1.0
    owner: OwnerName = ""
    enabled: bool = True

    @abstractmethod
    def open(self, settings: Settings) -> Source:
        """The source. Raises nothing: what is wrong with it is found when it is read."""
