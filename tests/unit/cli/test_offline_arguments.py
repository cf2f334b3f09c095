"""What `cryptoboy offline` refuses before anything starts."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.common.errors import StopProgram
from services.replay_exchange.replay import BUNDLED_CANDLES

CANDLES = ("--candles", str(BUNDLED_CANDLES))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--", "freqtrade", "trade"], "--candles DIR"),
        (
            [*CANDLES, "--speed", "2", "--", "freqtrade", "backtesting"],
            "--speed is for freqtrade trade alone",
        ),
        ([*CANDLES, "--faults", "lag=1", "freqtrade", "list-pairs"], "--faults is for freqtrade trade alone"),
        ([*CANDLES, "--speed", "nan", "--", "freqtrade", "trade"], "above 0"),
        ([*CANDLES, "--pairs", "XRP/USDT", "--", "freqtrade", "trade"], "no candles of XRP/USDT"),
        ([*CANDLES, "--start", "2020-01-01", "--", "freqtrade", "trade"], "outside the candles"),
        ([*CANDLES, "--", "freqtrade", "trade", "--config", "/no/such/file.json"], "/no/such/file.json"),
        ([*CANDLES, "--", "backtesting"], "after `--` comes `freqtrade`"),
    ],
)
def test_what_cannot_run_is_refused_with_the_way_out(words: list[str], said: str) -> None:
    answer = CliRunner().invoke(app, ["offline", *words])
    assert isinstance(answer.exception, StopProgram), answer.output
    assert said in str(answer.exception)


def test_options_behind_the_command_belong_to_freqtrade() -> None:
    answer = CliRunner().invoke(app, ["offline", *CANDLES, "freqtrade", "backtestin", "--help"])
    assert answer.exit_code == 2


def test_help_has_an_example() -> None:
    answer = CliRunner().invoke(app, ["offline", "--help"])
    assert answer.exit_code == 0
    assert "-- freqtrade backtesting --strategy" in " ".join(answer.output.split())
