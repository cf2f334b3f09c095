from __future__ import annotations

import threading

from services.common.history.port import Batch
from services.history_recorder.inbox import Inbox, is_empty, merged


def test_batches_become_one_with_all_rows_in_order_and_the_last_positions() -> None:
    inbox, stop = Inbox(), threading.Event()
    for number in range(3):
        assert inbox.put(Batch(cursors={"a": str(number), f"b{number}": "x"}), stop)
    batch = merged(inbox.take())
    assert batch.cursors == {"a": "2", "b0": "x", "b1": "x", "b2": "x"}
    assert inbox.take() == []
    assert is_empty(merged([]))
    assert not is_empty(batch)


def test_who_puts_into_a_full_inbox_waits_until_there_is_room() -> None:
    inbox, stop, entered = Inbox(most=1), threading.Event(), threading.Event()
    inbox.put(Batch(cursors={"first": "1"}), stop)

    def put() -> None:
        entered.set()
        inbox.put(Batch(cursors={"second": "2"}), stop)

    waiting = threading.Thread(target=put)
    waiting.start()
    entered.wait()
    assert [batch.cursors for batch in inbox.take()] == [{"first": "1"}]
    waiting.join()
    assert [batch.cursors for batch in inbox.take()] == [{"second": "2"}]


def test_stopping_ends_the_wait_for_room() -> None:
    inbox, stop = Inbox(most=1), threading.Event()
    inbox.put(Batch(cursors={"first": "1"}), stop)
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(inbox.put(Batch(cursors={"lost": "1"}), stop)))
    waiting.start()
    stop.set()
    waiting.join()
    assert results == [False]
