"""Runs one call in a thread of its own, so that the bot's loop waits for it only as long as it wants to."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_background(call: Callable[[], T], name: str) -> "Future[T]":
    """Start the call in a thread with this name; the result of the call, or its error, is in the future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, which reports it
            future.set_exception(error)

    # A daemon: a call that hangs must not keep a stopped bot from exiting, as an executor's would.
    threading.Thread(target=run, name=name, daemon=True).start()
    return future
