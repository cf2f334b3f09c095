"""Child processes that do not outlive the process that started them."""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Make the kernel send this signal to this process when its parent process ends for any reason. Linux only."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
