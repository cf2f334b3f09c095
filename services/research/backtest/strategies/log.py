"""Keeps what Freqtrade and a strategy say while they work, and says of an error whose it is and where it is."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from services.common.errors import StopProgram

_MOST = 20
_NO_ERROR = re.compile(r"data (starts|ends) at ")
"""What Freqtrade says where a period is not that of the candles, which `inputs` says for itself."""
_GOES_ON = "freqtrade.strategy.strategy_wrapper"
"""Freqtrade's logger of callbacks that raised an error after which it goes on with a default."""


class FreqtradeLog(logging.Handler):
    """Collects the different warnings and errors that are logged while it is entered, instead of showing them.

    What the strategy prints goes to standard error, because standard output is for the results.

    Attributes:
        messages: the first different messages.
        of_callbacks: the first different messages about errors after which Freqtrade went on.
    """

    def __init__(self, *, shows: bool) -> None:
        """Collect nothing yet; `shows` is whether what the strategy prints is shown at all."""
        super().__init__(logging.WARNING)
        self._shows = shows
        self.messages: dict[str, None] = {}
        self.of_callbacks: dict[str, None] = {}
        self._closing = contextlib.ExitStack()

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Show nothing that the strategy prints."""
        before, self._shows = self._shows, False
        try:
            yield
        finally:
            self._shows = before

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first of the messages."""
        kept, message = self.of_callbacks if record.name == _GOES_ON else self.messages, record.getMessage()
        if len(kept) < _MOST and not _NO_ERROR.search(message):
            kept.setdefault(message)

    def __enter__(self) -> Self:
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.manager.disable
        self._closing.callback(logging.disable, level)
        self._closing.callback(setattr, root, "handlers", handlers)
        nowhere = self._closing.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        prints = sys.stderr if self._shows else nowhere
        self._closing.enter_context(contextlib.redirect_stdout(prints))
        root.handlers = [self]
        logging.disable(logging.INFO)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()


@contextlib.contextmanager
def errors_of(strategy: str, folder: Path, log: FreqtradeLog) -> Iterator[None]:
    """Turn errors of the strategy, and Freqtrade's refusals, into StopProgram with what is wrong and where.

    Args:
        strategy: the strategy's name.
        folder: the folder of the strategy's file; an error that passed through code in it is the strategy's.
        log: what was logged up to the error.
    """
    from freqtrade.exceptions import FreqtradeException

    try:
        yield
    except StopProgram:
        raise
    except Exception as error:
        found = _inside(error, folder)
        if found is not None:
            raise StopProgram(
                f"the strategy {strategy} failed with {found}{_logged(log)}; "
                f"mend it there, and try it by itself with `freqtrade backtesting --strategy {strategy}`"
            ) from error
        if isinstance(error, FreqtradeException | ValueError | ImportError):
            raise StopProgram(f"Freqtrade refuses this backtest: {error}{_logged(log)}") from error
        raise


def _inside(error: BaseException | None, folder: Path) -> str | None:
    """Describe the first cause of the error that passed through code in `folder`, with the innermost place there."""
    found = None
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
        if inside:
            place = f"{inside[-1].filename}, line {inside[-1].lineno}, in {inside[-1].name}"
            found = f"{type(error).__name__}: {error}, at {place}"
        error = error.__cause__
    return found


def _logged(log: FreqtradeLog) -> str:
    said = [*log.messages, *log.of_callbacks]
    return f" ({'; '.join(said[-3:])})" if said else ""
