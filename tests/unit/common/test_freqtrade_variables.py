"""Which variables of Freqtrade are refused, and which are only left out."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.freqtrade_variables import (
    freqtrade_variables,
    refuse_variables_about_money,
    without_freqtrade_variables,
)
from services.research.backtest.engine import Engine
from services.research.history import fetching
from services.research.walk_forward import fitting


def test_all_that_begin_as_freqtrades_are_left_out_in_any_case_and_ours_stay() -> None:
    environ = {"FREQTRADE__A": "1", "freqtrade__b__c": "2", "FREQTRADE_API_PORT": "3", "PATH": "4"}
    assert freqtrade_variables(environ) == ["FREQTRADE__A", "freqtrade__b__c"]
    assert without_freqtrade_variables(environ) == {"FREQTRADE_API_PORT": "3", "PATH": "4"}


@pytest.mark.parametrize(
    "name",
    ["FREQTRADE__TELEGRAM__TOKEN", "FREQTRADE__API_SERVER__JWT_SECRET_KEY", "FREQTRADE__STRATEGY", "FREQTRADE__",
     "FREQTRADE__BOT_NAME", "DRY_RUN", "EXCHANGE_KEY"],
)  # fmt: skip
def test_what_is_not_about_money_refuses_nothing(name: str) -> None:
    refuse_variables_about_money({name: "anything"})


def test_a_refusal_names_ours_for_them_and_no_value_nor_what_steers_a_terminal() -> None:
    environ = {"FREQTRADE__STAKE_AMOUNT": "12345", "FREQTRADE__EXCHANGE__\x1b[2JKEY": "hush"}
    with pytest.raises(StopProgram) as refused:
        refuse_variables_about_money(environ)
    told = str(refused.value)
    assert "EXCHANGE_KEY, EXCHANGE_SECRET and EXCHANGE_CONFIG, STAKE_AMOUNT" in told
    assert "12345" not in told
    assert "hush" not in told
    assert "\x1b" not in told


def test_freqtrade_itself_reads_none_of_them_out_of_what_is_left() -> None:
    from freqtrade.configuration.environment_vars import _flat_vars_to_nested_dict

    names = [
        "FREQTRADE__DRY_RUN",
        "FREQTRADE__EXCHANGE__CCXT_CONFIG__apiKey",
        "FREQTRADE__STAKE_FREQTRADE__AMOUNT",
    ]
    given = dict.fromkeys(names, "5")
    read = _flat_vars_to_nested_dict(given, "FREQTRADE__")
    assert read == {"dry_run": 5, "exchange": {"ccxt_config": {"apiKey": 5}}, "stake_amount": 5}
    assert _flat_vars_to_nested_dict(without_freqtrade_variables(given), "FREQTRADE__") == {}
    for name in names:
        with pytest.raises(StopProgram, match=name):
            refuse_variables_about_money({name: "5"})


def test_freqtrades_of_research_do_not_get_them_either(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FREQTRADE__STRATEGY", "SomebodyElse")
    command = [sys.executable, "-c", "import os; raise SystemExit('FREQTRADE__STRATEGY' in os.environ)"]
    fetching._run(command, os.environ)  # raises if the status is not 0
    with (tmp_path / "log").open("wb") as log:
        assert fitting._run(command, tmp_path, log, lambda _: None) == 0


def test_a_backtest_is_configured_by_its_plan_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FREQTRADE__STRATEGY", "SomebodyElse")
    monkeypatch.setenv("FREQTRADE__FEE", "0.0")
    engine = object.__new__(Engine)
    with ExitStack() as engine._closing:
        read = engine._read({"strategy": "LLMSentimentStrategy", "exchange": {"name": "binance"}}, tmp_path)
    assert read["strategy"] == "LLMSentimentStrategy"
    assert "fee" not in read
