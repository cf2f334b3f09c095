"""Thresholds that are changed for one backtest."""

from __future__ import annotations

from typing import Any

import pytest
from freqtrade.strategy import BooleanParameter, CategoricalParameter, DecimalParameter, IntParameter

from services.common.errors import StopProgram
from services.research.backtest.strategies.changes import change_parameters, changed_section


class Parameterised:
    """A strategy as far as its parameters go."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {
            "buy_rsi": IntParameter(10, 40, default=30),
            "sell_above": DecimalParameter(0.1, 0.9, default=0.5, decimals=2),
            "buy_mode": CategoricalParameter(["fast", "slow"], default="fast"),
            "buy_strict": BooleanParameter(default=False),
        }

    def enumerate_parameters(self) -> Any:
        yield from self.parameters.items()


def values(changes: dict[str, str], *fields: str) -> dict[str, Any]:
    strategy = Parameterised()
    change_parameters(strategy, changes, fields)
    return {name: parameter.value for name, parameter in strategy.parameters.items()}


def refused(changes: dict[str, str], *fields: str) -> str:
    with pytest.raises(StopProgram) as stopped:
        values(changes, *fields)
    return str(stopped.value)


def test_parameters_get_values_of_their_own_types() -> None:
    changes = {"buy_rsi": "25", "sell_above": "0.75", "buy_mode": "slow", "buy_strict": "true"}
    assert values(changes) == {"buy_rsi": 25, "sell_above": 0.75, "buy_mode": "slow", "buy_strict": True}


def test_a_field_of_the_section_is_no_parameter_though_one_has_its_name() -> None:
    assert values({"buy_rsi": "25"}, "buy_rsi")["buy_rsi"] == 30


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"buy_rsi": "2.5"}, "--set buy_rsi=2.5: expected a whole number"),
        ({"sell_above": "high"}, "--set sell_above=high: expected a number"),
        ({"buy_mode": "quick"}, "--set buy_mode=quick: expected one of fast, slow"),
        ({"buy_rsy": "25"}, "--set: there is no buy_rsy; did you mean buy_rsi?"),
        ({"veto_bellow": "0"}, "--set: there is no veto_bellow; did you mean veto_below?"),
    ],
)
def test_what_fits_no_parameter_is_refused_with_what_would(changes: dict[str, str], words: str) -> None:
    assert words in refused(changes, "veto_below")


def test_fields_of_the_section_are_changed_in_it_and_parameters_are_not() -> None:
    changes = {
        "use": "veto,exit",
        "veto_below": "-0.6",
        "stand_aside": "hack=12,depeg=6",
        "exit_on": "hack",
        "allow_degraded": "true",
        "scope": "asset",
        "buy_rsi": "25",
    }
    assert changed_section({"source": "news.csv", "veto_below": -0.1}, changes) == {
        "source": "news.csv",
        "use": ["veto", "exit"],
        "veto_below": -0.6,
        "stand_aside": {"hack": 12.0, "depeg": 6.0},
        "exit_on": ["hack"],
        "allow_degraded": True,
        "scope": "asset",
    }


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("use", "vetoo", "cryptoboy.use"),
        ("veto_below", "2", "expected a number from -1 to 0"),
        ("stand_aside", "hack", "cryptoboy.stand_aside"),
    ],
)
def test_a_value_that_the_section_refuses_is_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(StopProgram) as stopped:
        changed_section({}, {name: text})
    assert words in str(stopped.value)
