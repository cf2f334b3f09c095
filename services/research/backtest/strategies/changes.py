"""Changes thresholds for one backtest: fields of the section `cryptoboy` and the strategy's own parameters."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any

from cryptoboy_sentiment import Settings

from services.common.errors import StopProgram

_NOT_THRESHOLDS = ("redis_", "metrics_", "sentiment_csv", "source")
FIELDS = tuple(name for name in Settings.model_fields if not name.startswith(_NOT_THRESHOLDS))
"""The fields of the section that a backtest may change; the source of the signals is an option of its own."""

_TRUTH = {"true": True, "false": False}
_SHOWN = 40


def changed_section(section: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """Return the section with the changes that are fields of it; others are parameters, for `change_parameters`.

    Raises:
        StopProgram: a value is not allowed; the message says what is.
    """
    given = {name: _field(name, text) for name, text in changes.items() if name in FIELDS}
    try:
        Settings.read(given, {})
    except ValueError as error:
        raise StopProgram(f"--set: {error}") from None
    return {**section, **given}


def change_parameters(strategy: Any, changes: Mapping[str, str], fields: Collection[str]) -> None:  # noqa: ANN401 - Freqtrade publishes no types
    """Give the strategy's parameters their values. Names in `fields` are skipped.

    Args:
        strategy: the strategy that Freqtrade loaded and started.
        changes: the values as texts, by name.
        fields: the fields of the section that this strategy uses.

    Raises:
        StopProgram: a name is neither a field nor a parameter, or a value does not fit the parameter.
    """
    parameters = dict(strategy.enumerate_parameters())
    for name, text in changes.items():
        if name in parameters and name not in fields:
            parameters[name].value = _value(name, text, parameters[name])
        elif name not in fields:
            raise StopProgram(_unknown(name, sorted({*fields, *parameters})))


def _field(name: str, text: str) -> Any:  # noqa: ANN401 - of the field's type
    default = Settings.model_fields[name].default
    try:
        if isinstance(default, tuple) and not text.startswith("["):
            return [part.strip() for part in text.split(",") if part.strip()]
        if isinstance(default, dict) and not text.startswith("{"):
            pairs = (part.partition("=") for part in text.split(",") if part.strip())
            return {kind.strip(): float(hours) for kind, _, hours in pairs}
        return json.loads(text)
    except ValueError:
        return text


def _value(name: str, text: str, parameter: Any) -> Any:  # noqa: ANN401 - as above
    from freqtrade.strategy import CategoricalParameter, IntParameter

    if isinstance(parameter, CategoricalParameter):  # a Boolean one too
        options = {str(option): option for option in parameter.opt_range}
        chosen = options | {word: truth for word, truth in _TRUTH.items() if str(truth) in options}
        if text not in chosen:
            raise StopProgram(f"--set {name}={text}: expected one of {', '.join(chosen)}")
        return chosen[text]
    whole = isinstance(parameter, IntParameter)
    try:
        return int(text) if whole else float(text)
    except ValueError:
        expected = "a whole number" if whole else "a number"
        raise StopProgram(f"--set {name}={text}: expected {expected}, as {parameter.value}") from None


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    meant = f" did you mean {near[0]}?" if near else ""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"--set: there is no {name};{meant} There are {', '.join(known[:_SHOWN])}{more}"
