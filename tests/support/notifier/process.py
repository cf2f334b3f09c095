"""A notifier in a process of its own, and the book of what came of each event."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from services.common.history.notifying.rows import NoticeRow, NoticeState
from services.common.history.open import open_reader
from services.common.services import NOTIFIER
from services.common.settings.settings import LogFormat, Settings
from services.notifier.happening import Kind
from tests.support.notifier.receiver import Receiver
from tests.support.pipeline.chaos_pipeline import Service
from tests.support.waiting import PATIENCE_SECONDS, eventually


def notifier_of(settings: Settings, folder: Path, **environ: str) -> Service:
    """A notifier that is not started yet, with its logs in this folder."""
    folder.mkdir(exist_ok=True)
    return Service(NOTIFIER, settings.changed(health_port=0, log_format=LogFormat.JSON), folder, environ)


@contextmanager
def notifier_process(settings: Settings, folder: Path, **environ: str) -> Iterator[Service]:
    """Run a notifier until the end of the block."""
    running = notifier_of(settings, folder, **environ)
    running.start()
    try:
        running.wait_ready()
        yield running
    finally:
        assert running.process is not None
        if running.process.poll() is None:
            running.terminate()
    assert running.tracebacks() == []


LEFT = {NoticeState.DIGESTED, NoticeState.DROPPED, NoticeState.UNSURE}
"""The states of notices that a digest names."""
_DIGEST = re.compile(r"(\d+) notices? from ")
Book = dict[tuple[str, str], NoticeRow]
"""Each notice, by event and channel."""


def book(settings: Settings) -> Book:
    """What the history says of each notice."""
    with closing(open_reader(settings)) as reader:
        found: Book = {}
        after: str | None = None
        while True:
            page = reader.notices(limit=1000, after=after)
            found |= {(row.event_key, row.channel): row for row in page.rows}
            after = page.next
            if after is None:
                return found


def states(found: Book) -> Counter[NoticeState]:
    """How many notices have each state."""
    return Counter(row.state for row in found.values())


def digested(texts: Iterable[str]) -> int:
    """How many notices the digests among these messages stand for."""
    return sum(int(found[1]) for text in texts if (found := _DIGEST.match(text)))


def wait_until_settled(
    settings: Settings, count: int, tail: Callable[[], str] = str, seconds: float = PATIENCE_SECONDS
) -> Book:
    """Wait until the book has so many notices at least, each is settled, and digests name those left; the book.

    Args:
        tail: what is said beside the book if that does not happen.
    """

    def is_settled() -> bool:
        found = book(settings)
        digests = [row for row in found.values() if row.kind == Kind.DIGEST]
        left = sum(row.state in LEFT and row not in digests for row in found.values())
        is_final = all(row.state.is_final for row in found.values())
        return len(found) >= count and is_final and digested(row.title for row in digests) >= left

    eventually(is_settled, lambda: f"{states(book(settings))}, {tail()}", seconds, look=0.2)
    return book(settings)


def alerts(phone: Receiver) -> Counter[str]:
    """How often each story was told on its own."""
    return Counter(title for title in phone.titles if title.startswith("Title"))
