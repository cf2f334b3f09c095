from __future__ import annotations

import signal
import sys

import pytest

from tests.support.processes import Program


def test_a_program_whose_block_fails_is_killed_and_the_error_is_told() -> None:
    program = Program([sys.executable, "-c", "import time; time.sleep(600)"], text=True)
    with pytest.raises(ValueError, match="of the test"), program:
        raise ValueError("of the test")
    assert program.returncode == -signal.SIGKILL


def test_a_program_whose_block_ends_is_waited_for() -> None:
    with Program([sys.executable, "-c", "raise SystemExit(3)"], text=True) as program:
        pass
    assert program.returncode == 3
