"""Which options of `cryptoboy backtest` do not go together."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.common.errors import StopProgram


@pytest.mark.parametrize("words", [["--strategy", "Mine"], ["--config", "config.json"]])
def test_a_strategy_of_somebodys_without_its_directory_is_refused_and_not_replaced_by_ours(
    words: list[str],
) -> None:
    period = ["--from", "2025-05-01", "--to", "2025-07-01"]
    result = CliRunner().invoke(
        app, ["backtest", *period, "--candles", ".", "--sentiment", "no.csv", *words], standalone_mode=False
    )
    assert isinstance(result.exception, StopProgram)
    assert "--user-data DIR" in str(result.exception)
