from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from services.sentiment_analyzer.pipeline.publish_queue import Outbox


def test_what_gathers_while_something_is_sent_leaves_together_and_in_order() -> None:
    sent: list[list[int]] = []
    first_is_out, may_go_on = threading.Event(), threading.Event()

    def send(items: Sequence[int]) -> None:
        sent.append(list(items))
        first_is_out.set()
        assert may_go_on.wait(30)

    outbox = Outbox(send, most=10)
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

    outbox = Outbox(send, most=10)
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

    outbox = Outbox(send, most=10)
    outbox.put([1])
    with pytest.raises(ValueError, match="no"):
        outbox.run()


def test_putting_nothing_sends_nothing() -> None:
    sent: list[int] = []
    outbox = Outbox(sent.extend, most=10)
    outbox.put([])
    outbox.close()
    outbox.run()
    assert sent == []


def test_who_puts_more_than_may_wait_waits_until_some_were_sent() -> None:
    may_go_on = threading.Event()
    sent: list[int] = []

    def send(items: Sequence[int]) -> None:
        assert may_go_on.wait(30)
        sent.extend(items)

    outbox = Outbox(send, most=3)

    def put_each() -> None:
        for number in range(2, 12):
            outbox.put([number])

    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(outbox.run)
        outbox.put([1])  # is being sent, or will be
        putting = threads.submit(put_each)
        waiting, _ = wait([putting], timeout=0.2)
        assert not waiting
        assert not sent
        may_go_on.set()
        putting.result(30)
        outbox.close()
        running.result(30)

    assert sent == list(range(1, 12))


def test_nobody_waits_for_an_outbox_that_ended_with_an_error() -> None:
    def send(_items: Sequence[int]) -> None:
        raise ValueError("no")

    outbox = Outbox(send, most=1)
    with ThreadPoolExecutor(2) as threads:
        putting = threads.submit(outbox.put, [1, 2, 3])
        assert isinstance(threads.submit(outbox.run).exception(30), ValueError)
        putting.result(30)
        threads.submit(outbox.put, [4, 5, 6]).result(30)
