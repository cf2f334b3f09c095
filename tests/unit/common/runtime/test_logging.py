from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator

import pytest
import structlog
from cryptoboy_sentiment import mirrored_source

from services.common.runtime.logging import LogWriter, configure_logging
from services.common.runtime.stacks import thread_stacks
from services.common.settings.settings import Settings


class Reader(io.StringIO):
    """Notes what its writer has in hand at each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writer: LogWriter | None = None
        self.seen: list[str] = []

    def write(self, text: str) -> int:
        if self.writer is not None:
            self.seen += [step.what for step in self.writer.work.grow_older(0.0)]
        return super().write(text)


@pytest.fixture
def reader() -> Iterator[Reader]:
    configured = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    reader = Reader()
    reader.writer = configure_logging(Settings(log_level="DEBUG"), "tested", reader)
    yield reader
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


def test_a_line_that_is_being_written_is_in_hand(reader: Reader) -> None:
    logging.getLogger("any").info("a line")
    assert set(reader.seen) == {"writing the log"}
    assert reader.writer is not None
    assert reader.writer.work.grow_older(0.0) == ()


@pytest.mark.parametrize("library", ["httpx", "httpx2", "httpcore", "httpcore2", "urllib3"])
def test_libraries_do_not_tell_the_addresses_that_they_ask(reader: Reader, library: str) -> None:
    logging.getLogger(f"{library}.connection").info("POST /hooks/planted HTTP/1.1")
    logging.getLogger(library).warning("something that is for the operator")
    assert "planted" not in reader.getvalue()
    assert "for the operator" in reader.getvalue()


def test_what_a_bot_logs_once_of_its_entries_is_not_logged_for_each_answer(reader: Reader) -> None:
    mirrored_source.logger.warning("No new entries: planted")
    assert "planted" not in reader.getvalue()


@pytest.mark.usefixtures("reader")  # which puts the configuration back
def test_the_stacks_of_threads_are_redacted_like_everything_else() -> None:
    stream = io.StringIO()
    configure_logging(Settings(redis_password="planted-password"), "tested", stream)
    over = threading.Event()
    thread = threading.Thread(target=over.wait, args=(30,), name="asks planted-password")
    thread.start()
    structlog.get_logger("tested").error("thread_stacks", stack=thread_stacks())
    over.set()
    thread.join()
    assert "asks ***:" in stream.getvalue()
    assert "planted-password" not in stream.getvalue()
