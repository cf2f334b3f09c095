"""Which variables of Freqtrade are refused, and which are only left out."""

from __future__ import annotations

import pytest

from services.common.errors import StopProgram
from services.common.freqtrade_variables import (
    freqtrade_variables,
    refuse_variables_about_money,
    without_freqtrade_variables,
)


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
