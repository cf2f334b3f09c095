"""The port of a news source. Each kind of source has a folder beside this file; `rss/` reads RSS and Atom feeds.

A source only lists its current entries each time it is read. The later steps are the same for every kind of source.
They decide which entries are new, recent and about crypto, which ids they get, and when they are published.
tests/contract/test_source_contract.py specifies what each kind must do; docs/architecture.md explains how to add a
kind.
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

from services.common.message_fields import OwnerName, SourceName, Weight
from services.common.settings.settings import Settings

MAX_ENTRIES = 2_000
MAX_TITLE = 500
MAX_SUMMARY = 5_000
MAX_CONTENT = 50_000

State = Mapping[str, str]
"""Data by which the next read of a source can request changes only, such as the validators of an HTTP response."""
NO_STATE: State = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Texts are plain and on one line (see `text`). Fields that the source does not provide are empty.

    Attributes:
        title: the title without a publisher's name at its end; at most MAX_TITLE characters.
        link: the address of the entry as `urls.usable_link` returns it, or empty.
        summary: the summary; at most MAX_SUMMARY characters.
        content: the content; at most MAX_CONTENT characters.
        published: the publication time in UTC that the source states; None if it states no date that can be parsed.
        no_later_than: the latest time in UTC that the date can mean if its time zone is unknown; else None.
        written_title: the title as the source provides it; empty if it equals `title`.
        marks: values that may distinguish the entry from others with the same link, namely the source's own id for
            the entry and its address with a fragment. No value is empty.
        hides_text: whether the entry contained text that readers do not see, or see in another order. Such text is
            removed here.
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
    """The entries that a source lists now, in the source's order.

    Attributes:
        entries: the entries, at most MAX_ENTRIES.
        left_out: the number of further entries, which were dropped.
        warning: a defect of the listing that did not prevent reading it; empty if there is no defect.
    """

    entries: tuple[Entry, ...]
    left_out: int = 0
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a read. `listing` is None if the source has not changed since it returned the given state."""

    listing: Listing | None
    state: State


class Source(Protocol):
    """A news source. While the service runs, only one thread reads the source."""

    @property
    def config(self) -> SourceConfig:
        """The source's table in the configuration file of sources."""
        ...

    @property
    def address(self) -> str:
        """The address of the source for log messages, without user names, passwords and keys."""
        ...

    @property
    def patience(self) -> float:
        """The maximum seconds that `read` takes by its own time limits. A call that takes longer is stuck."""
        ...

    def read(
        self, now: datetime, stop: threading.Event, state: State = NO_STATE, *, past_caches: bool = False
    ) -> Answer:
        """Read the entries. Later reads depend only on `state`, not on this call.

        Args:
            now: the current time in UTC.
            stop: an event; when it is set, the read ends soon with TryLater.
            state: the state of the last answer whose entries were recorded. An empty state is passed after a failed
                read, because the state may be the cause of the failure.
            past_caches: whether to read all entries and bypass all caches, because the source has had nothing new for
                long.

        Raises:
            TryLater: the source cannot be read now. The error contains the seconds to wait if the source asked for a
                pause.
            NeverWorks: the answer can be corrected only by the source's operator or by the operator of this service.
                The source is read again nevertheless.
        """
        ...


class SourceConfig(BaseModel, ABC):
    """A table `[[source]]` of the configuration file of sources. Each kind of source adds its own fields.

    Attributes:
        kind: the kind of the source.
        name: the name that identifies the source. It is part of the identity of its articles.
        weight: the weight of the source. Weight and owner are passed on with its articles and their signals.
        owner: the publisher of the source, if the publisher has several sources. Quotas and turns in the poller, and
            trust in later services, apply to each owner.
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
        """Create the source. Raises nothing, because problems are reported when the source is read."""
