"""Which options of `cryptoboy backtest` do not go together."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.common.errors import StopProgram
from services.research.backtest import run
from services.research.backtest.plan import Plan


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


def test_the_pairs_keep_the_order_in_which_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where several may be entered and there is room for one, Freqtrade enters the first of its whitelist."""
    plans: list[Plan] = []

    def keep(plan: Plan, **_other: object) -> None:
        plans.append(plan)
        raise StopProgram("nothing is run")

    monkeypatch.setattr(run, "run_backtest", keep)
    words = ["--from", "2025-05-01", "--to", "2025-07-01", "--candles", ".", "--sentiment", "no.csv"]
    CliRunner().invoke(app, ["backtest", *words, "--pairs", "SOL/USDT,BTC/USDT", "--pairs", "ETH/USDT"])
    assert plans[0].pairs == ("SOL/USDT", "BTC/USDT", "ETH/USDT")
