"""The port of a news source. Each kind of source is a folder beside this file; RSS and Atom feeds are `rss/`.

A source only lists its current entries each time it is read. The later steps decide, in the same way for every kind,
which entries are new, recent and about crypto, what their ids are, and when they are published.
tests/contract/test_source_contract.py says what each kind must do; docs/architecture.md says how to add one.
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
"""What a source needs at its next read to ask for changes only, such as the validators of an HTTP response."""
NO_STATE: State = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Texts are plain and on one line (see `text`); fields that the source does not give are empty.

    Attributes:
        title: without a publisher's name at its end; at most MAX_TITLE characters.
        link: an address as `urls.usable_link` returns it, or empty.
        summary: at most MAX_SUMMARY characters.
        content: at most MAX_CONTENT characters.
        published: in UTC, as the source states it; None if it states no date that can be parsed.
        no_later_than: for a date whose time zone is unknown: the latest instant in UTC that it can mean.
        written_title: the title as the source gives it; empty if it is the same.
        marks: values that may distinguish the entry from others with the same link: the source's own id for it, and its
            address with a fragment. None of them is empty.
        hides_text: the entry contained text that readers do not see, or see in another order; it is removed here.
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
    """What a source lists now, in the source's order.

    Attributes:
        entries: at most MAX_ENTRIES.
        left_out: number of further entries, which were dropped.
        warning: a defect of the listing that did not prevent reading it; empty if there is none.
    """

    entries: tuple[Entry, ...]
    left_out: int = 0
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a read: the `listing`, or None if it has not changed since the given state was returned."""

    listing: Listing | None
    state: State


class Source(Protocol):
    """One source. One thread reads it, for as long as the service runs."""

    @property
    def config(self) -> SourceConfig:
        """The source's table in the file of sources."""
        ...

    @property
    def address(self) -> str:
        """The address that is read, for log messages: without user names, passwords and keys."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that `read` may take by its own time limits. A call that takes longer is stuck."""
        ...

    def read(
        self, now: datetime, stop: threading.Event, state: State = NO_STATE, *, past_caches: bool = False
    ) -> Answer:
        """Read the entries. Later reads depend on `state` only, not on this call.

        Args:
            now: in UTC.
            stop: when set, the read ends soon with TryLater.
            state: that of the last answer whose entries were recorded; none after a failed read, which it may cause.
            past_caches: read everything and bypass all caches, because the source has had nothing new for long.

        Raises:
            TryLater: the source cannot be read now; with the seconds that it asked to wait, if it did.
            NeverWorks: only the source's operator or ours can fix what it answers. It is read again all the same.
        """
        ...


class SourceConfig(BaseModel, ABC):
    """A table `[[source]]` of the file of sources. Each kind adds its own fields.

    Attributes:
        kind: which kind of source it is.
        name: identifies the source; it is part of the identity of its articles.
        weight: goes with its articles and their signals, like `owner`.
        owner: the publisher, if it has several sources. Quotas and turns in the poller, and trust in later services,
            are per owner.
        enabled: whether the source is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: str
    name: SourceName
    weight: Weight = 1.0
    owner: OwnerName = ""
    enabled: bool = True

    @abstractmethod
    def open(self, settings: Settings) -> Source:
        """The source. Raises nothing: problems are found when it is read."""
