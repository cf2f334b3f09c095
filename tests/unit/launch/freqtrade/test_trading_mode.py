"""What was said of Freqtrade, against what its API shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.launch.freqtrade import trading_mode
from services.launch.freqtrade.api import FreqtradeApi
from services.launch.freqtrade.trading_mode import beside_the_settings, check_mode, mode_of, mode_question
from tests.support.servers.server_control import free_ports


def shown(**changes: Any) -> dict[str, Any]:
    """As a Freqtrade shows it that does what the default settings say."""
    return {**mode_of(Settings()), "stake_amount": "100.0", "state": "running"} | changes


@pytest.mark.parametrize("changes", [{}, {"stake_amount": "100"}, {"stake_amount": 100}, {"stoploss": -0.5}])
def test_the_same_written_otherwise_is_no_difference(changes: dict[str, Any]) -> None:
    check_mode(mode_of(Settings()), shown(**changes))


def test_no_limit_and_equal_shares_are_compared_as_freqtrade_writes_them() -> None:
    settings = Settings(stake_amount="unlimited", max_open_trades=2)
    check_mode(mode_of(settings), shown(stake_amount="unlimited", max_open_trades=2))
    check_mode(mode_of(Settings(max_open_trades=-1)), shown(max_open_trades=-1))


@pytest.mark.parametrize(
    "changes",
    [
        {"dry_run": False}, {"dry_run": 1}, {"dry_run": "True"}, {"exchange": "okx"}, {"stake_amount": "nan"},
        {"stake_amount": None}, {"stake_amount": True}, {"max_open_trades": 4}, {"timeframe": "1m"},
    ],
)  # fmt: skip
def test_a_difference_is_named_with_both_values(changes: dict[str, Any]) -> None:
    ((name, value),) = changes.items()
    with pytest.raises(StopProgram, match=rf"say: {name} is {value}, not {mode_of(Settings())[name]}\."):
        check_mode(mode_of(Settings()), shown(**changes))


def test_what_is_not_shown_is_a_difference() -> None:
    told = shown()
    del told["dry_run"]
    with pytest.raises(StopProgram, match="dry_run is not shown, not True"):
        check_mode(mode_of(Settings()), told)


def test_a_freqtrade_that_does_not_answer_yet_is_asked_again() -> None:
    (port,) = free_ports(1)
    api = FreqtradeApi(port, "user", "password")
    assert mode_question(mode_of(Settings()), api)() is False
    api.close()


def test_a_file_of_parameters_beside_the_strategy_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "LLMSentimentStrategy.json"
    monkeypatch.setattr(trading_mode, "PARAMETERS", file)
    assert beside_the_settings({"FREQTRADE_API_USER": "x", "CRYPTOBOY_ENV_FILE": ""}) == []
    file.write_text("{}")
    (line,) = beside_the_settings({"CRYPTOBOY_ENV_FILE": ""})
    assert str(file) in line


def test_freqtrades_variables_in_the_environment_and_in_the_env_file_are_named_as_left_out(
    tmp_path: Path,
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("FREQTRADE__TELEGRAM__TOKEN=secret\nDRY_RUN=true\n")
    environ = {"CRYPTOBOY_ENV_FILE": str(env_file), "FREQTRADE__STRATEGY": "SomebodyElse"}
    (line,) = beside_the_settings(environ)
    assert line.endswith(": FREQTRADE__STRATEGY, FREQTRADE__TELEGRAM__TOKEN")
