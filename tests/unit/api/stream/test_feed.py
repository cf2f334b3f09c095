"""The buffer that all clients of the stream read."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.api.stream import feed as feed_module
from services.api.stream.feed import PAGE, Feed
from services.api.stream.messages import Entry
from services.common.history.open import open_reader
from services.common.history.rows import Kind
from tests.support.api.running_api import api_settings


def entries(first: int, last: int) -> list[Entry]:
    return [Entry(seq, Kind.ARTICLE, "", "Wire", f"text {seq}") for seq in range(first, last + 1)]


def test_a_client_reads_on_from_its_own_position(tmp_path: Path) -> None:
    async def read() -> None:
        with closing(open_reader(api_settings(tmp_path))) as history:
            feed = Feed(history)
            feed._add(entries(1, 300))
            assert [each.seq for each in feed.buffered(297) or ()] == [298, 299, 300]
            assert [each.seq for each in feed.buffered(0) or ()] == list(range(1, PAGE + 1))
            assert feed.buffered(300) == []

    asyncio.run(read())


def test_who_falls_behind_the_buffer_is_told_so_and_not_sent_the_rest(tmp_path: Path) -> None:
    async def read() -> None:
        with closing(open_reader(api_settings(tmp_path))) as history:
            feed = Feed(history, most=10)
            feed._add(entries(1, 25))
            assert feed.buffered(14) is None
            assert [each.seq for each in feed.buffered(15) or ()] == list(range(16, 26))

    asyncio.run(read())


def test_waiting_ends_with_the_next_entry(tmp_path: Path) -> None:
    async def wait() -> None:
        with closing(open_reader(api_settings(tmp_path))) as history:
            feed = Feed(history)
            waiting = asyncio.create_task(feed.wait(0, None, 60))
            await asyncio.sleep(0)
            assert not waiting.done()
            feed._add(entries(1, 1))
            await asyncio.wait_for(waiting, 20)

    asyncio.run(wait())


def test_reading_goes_on_after_any_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_AFTER_ERROR_SECONDS", 0)
    monkeypatch.setattr(feed_module, "HEALTH_SECONDS", 0)

    def failing_once(answer: object) -> Any:
        failures = [ValueError("a kind that this version does not know")]

        def ask(*_given: object) -> object:
            if failures:
                raise failures.pop()
            return answer

        return ask

    async def follow() -> None:
        with closing(open_reader(api_settings(tmp_path))) as history:
            feed = Feed(history, failing_once("ok"))
            monkeypatch.setattr(feed, "_read", failing_once(entries(1, 1)))
            await feed.start()
            async with asyncio.timeout(20):
                while feed.newest != 1 or feed.health is None:
                    await feed._changed.wait()
            await feed.close()

    asyncio.run(follow())
