"""What each thread of this process is doing, as text for the log."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Container
from types import FrameType

MOST_FRAMES = 30
"""How many frames are shown for each thread at most: the innermost ones, which show the call that does not return."""
MOST_CHARS = 32_000
CUT = "\n[...]"


def thread_stacks(without: Container[int | None] = ()) -> str:
    """Return the innermost frames of every thread, without values of variables. Equal stacks are shown once.

    Args:
        without: identifiers of the threads that are left out.

    Returns:
        At most about `MOST_CHARS` characters.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    by_stack: dict[str, list[str]] = {}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - documented; the underscore says that it is rarely needed
        if ident not in without:
            by_stack.setdefault(_text(frame), []).append(names.get(ident, str(ident)))
    text = "\n".join(f"{', '.join(sorted(threads))}:\n{stack}" for stack, threads in by_stack.items())
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + CUT


def _text(frame: FrameType) -> str:
    # A negative limit of `extract_stack` would keep the outermost frames.
    return "".join(
        traceback.StackSummary.extract(list(traceback.walk_stack(frame))[:MOST_FRAMES][::-1]).format()
    )
