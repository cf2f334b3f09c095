from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.runtime.stacks import CUT, MOST_CHARS, MOST_FRAMES, thread_stacks
from tests.support.waiting import eventually


def deep(levels: int, inside: threading.Barrier, over: threading.Event) -> None:
    if levels:
        deep(levels - 1, inside, over)
    else:
        inside.wait(30)
        over.wait(30)


@contextmanager
def threads_inside(*names: str, levels: int = 0) -> Iterator[None]:
    """Threads of these names that wait, so many calls deep."""
    inside, over = threading.Barrier(len(names) + 1), threading.Event()
    threads = [threading.Thread(target=deep, args=(levels, inside, over), name=name) for name in names]
    for thread in threads:
        thread.start()
    inside.wait(30)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_each_thread_is_named_with_its_innermost_frames_only() -> None:
    with threads_inside("climber", levels=2 * MOST_FRAMES):
        stacks = thread_stacks(without={threading.get_ident()})
    # Up to the next thread: one of another test may still run.
    stack = re.split(r"\n\S", stacks.partition("climber:")[2])[0]
    assert ", in deep" in stack
    assert ", in _bootstrap" not in stack, "that is the outermost"


def test_threads_in_the_same_place_share_one_text() -> None:
    with threads_inside("worker-1", "worker-2", "worker-3"):
        eventually(lambda: "worker-1, worker-2, worker-3:" in thread_stacks())


def test_a_thread_can_be_left_out() -> None:
    own = threading.get_ident()
    assert threading.current_thread().name in thread_stacks()
    assert threading.current_thread().name not in thread_stacks(without={own})


def test_many_threads_in_different_places_are_cut_to_a_bounded_text() -> None:
    with threads_inside("x" * 2 * MOST_CHARS):
        stacks = thread_stacks()
    assert len(stacks) == MOST_CHARS + len(CUT)
    assert stacks.endswith(CUT)
