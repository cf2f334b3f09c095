"""What Freqtrade and a strategy say while they work, and whose an error is."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from freqtrade.exceptions import OperationalException, StrategyError
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from services.common.errors import StopProgram
from services.research.backtest.strategies.log import FreqtradeLog, errors_of

HERE = Path(__file__).parent


def failing(**_: object) -> bool:
    raise ValueError("no such level")


def said(error: Exception, folder: Path = HERE) -> str:
    with pytest.raises(StopProgram) as stopped, errors_of("Mine", folder, FreqtradeLog(shows=False)):
        raise error
    return str(stopped.value)


def test_prints_go_to_standard_error_or_nowhere_and_never_into_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = FreqtradeLog(shows=True)
    with log:
        sys.stdout.write("loud\n")
    with log.silent(), log:
        sys.stdout.write("silent\n")
    with log:
        sys.stdout.write("again\n")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "loud\nagain\n"


def test_warnings_are_kept_once_and_logging_is_as_before_afterwards() -> None:
    handlers, level = logging.getLogger().handlers[:], logging.root.manager.disable
    log = FreqtradeLog(shows=False)
    with log:
        for _ in range(3):
            logging.getLogger("freqtrade.data").warning("No data found for BTC/USDT")
        logging.getLogger("freqtrade.data").info("much else")
    assert list(log.messages) == ["No data found for BTC/USDT"]
    assert logging.getLogger().handlers == handlers
    assert logging.root.manager.disable == level


def test_a_callback_that_fails_while_freqtrade_goes_on_is_remarked() -> None:
    log = FreqtradeLog(shows=False)
    with log:
        assert strategy_safe_wrapper(failing, default_retval=True)()
    assert "no such level" in next(iter(log.of_callbacks))
    assert not log.messages


def test_an_error_that_passed_through_the_strategys_folder_is_the_strategys() -> None:
    with (
        FreqtradeLog(shows=False) as log,
        pytest.raises(StopProgram) as stopped,
        errors_of("Mine", HERE, log),
    ):
        strategy_safe_wrapper(failing)()
    assert str(stopped.value).startswith("the strategy Mine failed with ValueError: no such level, at ")
    assert "in failing" in str(stopped.value)


def test_refusals_of_freqtrade_are_passed_on_and_our_own_faults_are_not_hidden(tmp_path: Path) -> None:
    assert said(OperationalException("no pair"), tmp_path) == "Freqtrade refuses this backtest: no pair"
    assert said(StrategyError("no start"), tmp_path) == "Freqtrade refuses this backtest: no start"
    with pytest.raises(ZeroDivisionError), errors_of("Mine", tmp_path, FreqtradeLog(shows=False)):
        raise ZeroDivisionError
