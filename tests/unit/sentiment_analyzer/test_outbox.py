from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.sentiment_analyzer.outbox import Outbox


def test_what_gathers_while_something_is_sent_leaves_together_and_in_order() -> None:
    sent: list[list[int]] = []
    first_is_out, may_go_on = threading.Event(), threading.Event()

    def send(items: Sequence[int]) -> None:
        sent.append(list(items))
        first_is_out.set()
        assert may_go_on.wait(30)

    outbox = Outbox(send)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(outbox.run)
        outbox.put([1])
        assert first_is_out.wait(30)
        for number in (2, 3, 4):
            outbox.put([number])
        may_go_on.set()
        outbox.close()
        running.result(30)

    assert sent == [[1], [2, 3, 4]]


def test_it_is_empty_only_when_the_last_was_sent() -> None:
    is_sending, may_go_on = threading.Event(), threading.Event()

    def send(_items: Sequence[int]) -> None:
        is_sending.set()
        assert may_go_on.wait(30)

    outbox = Outbox(send)
    assert outbox.is_empty
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(outbox.run)
        outbox.put([1])
        assert is_sending.wait(30)
        assert not outbox.is_empty
        may_go_on.set()
        outbox.close()
        running.result(30)
    assert outbox.is_empty


def test_what_cannot_be_sent_ends_it_with_the_error() -> None:
    def send(_items: Sequence[int]) -> None:
        raise ValueError("no")

    outbox = Outbox(send)
    outbox.put([1])
    with pytest.raises(ValueError, match="no"):
        outbox.run()


def test_putting_nothing_sends_nothing() -> None:
    sent: list[int] = []
    outbox = Outbox(sent.extend)
    outbox.put([])
    outbox.close()
    outbox.run()
    assert sent == []
