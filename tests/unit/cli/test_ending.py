from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from services.cli.ending import end_as_by_ctrl_c


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_a_command_in_the_orderly_way_of_ctrl_c() -> None:
    end_as_by_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
