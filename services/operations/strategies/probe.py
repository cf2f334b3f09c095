"""Loads a strategy as Freqtrade does, and says what the news did to its entries in the last day.

This file is run by the Python that has the user's Freqtrade, which need not have anything else of this project. It
imports the standard library, Freqtrade, and the package `cryptoboy_sentiment` from the user's folder of strategies:

    python -P probe.py QUESTION.json ANSWER.json

The answer has a part for each step that succeeded, and `problem` (step and text) if one failed.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

DAY = timedelta(days=1)
_LOUD = 30  # warnings and errors of the log
_PACKAGE = "cryptoboy_sentiment"


class StepError(Exception):
    """A step failed; the arguments are its name and the reason."""


class Log(logging.Handler):
    """The warnings and errors of Freqtrade, which say why a strategy cannot be imported."""

    def __init__(self) -> None:
        super().__init__(_LOUD)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text of a record."""
        self.lines.append(record.getMessage())


def main(question_file: str, answer_file: str) -> None:
    """Answer the question in one JSON file by another."""
    question = json.loads(Path(question_file).read_text(encoding="utf-8"))
    log = Log()
    answer: dict[str, Any] = {"python": sys.executable}
    try:
        _answer(question, answer, log)
    except StepError as failed:
        answer["problem"] = dict(zip(("step", "text"), failed.args, strict=True))
    answer["log"] = log.lines
    Path(answer_file).write_text(json.dumps(answer), encoding="utf-8")


def _answer(question: dict[str, Any], answer: dict[str, Any], log: Log) -> None:
    freqtrade = _step("freqtrade", lambda: __import__("freqtrade"))
    answer["freqtrade"] = freqtrade.__version__
    config = _step("configuration", lambda: _configuration(question))
    logging.getLogger().addHandler(log)  # here, because Freqtrade sets up its own log with its configuration
    strategy = _step("strategy", lambda: _strategy(config))
    answer["strategy"] = {"file": strategy.__file__, "timeframe": strategy.timeframe}
    package = sys.modules.get(_PACKAGE)
    answer["package"] = package and {
        "version": package.VERSION,
        "folder": str(Path(str(package.__file__)).parent),
    }
    answer["has_mixin"] = any(base.__name__ == "SentimentMixin" for base in type(strategy).__mro__)
    if not answer["has_mixin"]:
        return
    adviser = _step("settings", lambda: _adviser(config, strategy))
    settings = adviser.settings
    answer["has_block"] = bool(config.get("cryptoboy"))
    answer["settings"] = {"use": list(settings.use), "source": settings.source or settings.redis_address}
    exchange = config.get("exchange", {})
    pairs = question["pairs"] or exchange.get("pair_whitelist", [])
    answer["pairs_method"] = [each.get("method") for each in config.get("pairlists", [])]
    now = datetime.now(UTC)
    _step("source", lambda: adviser.source.refresh(pairs, now))
    answer["source"] = _source(adviser, pairs)
    answer["pairs"] = _step("rules", lambda: [_pair(adviser, pair, now) for pair in pairs])


def _step(name: str, work: Any) -> Any:  # noqa: ANN401 - Freqtrade publishes no types
    try:
        return work()
    except (Exception, SystemExit) as error:
        raise StepError(name, f"{type(error).__name__}: {error}") from error


def _configuration(question: dict[str, Any]) -> dict[str, Any]:
    from freqtrade.configuration import Configuration
    from freqtrade.enums import RunMode

    arguments = {
        "config": question["config"],
        "user_data_dir": question["user_data"],
        "strategy": question["strategy"],
    }
    config: dict[str, Any] = Configuration(arguments, RunMode.UTIL_NO_EXCHANGE).get_config()
    config["runmode"] = RunMode.DRY_RUN  # the news of a bot, not that of a backtest
    return config


def _strategy(config: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
    from freqtrade.resolvers import StrategyResolver

    return StrategyResolver.load_strategy(config)


def _adviser(config: dict[str, Any], strategy: Any) -> Any:  # noqa: ANN401 - as above
    """What the mixin decides with, without the metrics, whose port the running bot has."""
    from cryptoboy_sentiment.mixin.adviser import Adviser

    os.environ.pop("STRATEGY_METRICS_PORT", None)
    section = dict(config.get("cryptoboy") or {})
    section.pop("metrics_port", None)
    return Adviser({**config, "cryptoboy": section}, strategy.timeframe, can_short=bool(strategy.can_short))


def _source(adviser: Any, pairs: list[str]) -> dict[str, Any]:  # noqa: ANN401 - as above
    source = adviser.source
    return {
        "entries": source.entries,
        "holds": [hold.owner for hold in source.holds],
        "unreadable": [pair for pair in pairs if not source.readable(pair)],
    }


def _pair(adviser: Any, pair: str, now: datetime) -> dict[str, Any]:  # noqa: ANN401 - as above
    """The signals of the last day, and when entries of each side were and are blocked, with the reasons."""
    import pandas as pd
    from cryptoboy_sentiment.assets import serving_order

    signals = adviser.source.signals(pair)
    recent = signals[signals["available_at"] > pd.Timestamp(now - DAY)]
    candle = adviser.candle
    first = (now - DAY).timestamp() // candle.total_seconds() * candle.total_seconds()
    number = int((now.timestamp() - first) // candle.total_seconds())
    start = pd.Timestamp(first, unit="s", tz="UTC").as_unit("us")
    opens = pd.Series(pd.date_range(start, periods=number, freq=candle))
    columns = adviser.own_columns(pair, opens)
    blocked: list[dict[str, Any]] = []
    present = []
    for name in columns:
        if str(name).startswith("cryptoboy_block_"):
            side = str(name).rpartition("_")[2]
            blocked += _spans(side, opens + candle, list(columns[name]), candle)
            if reason := adviser.at(pair, now, side).block:
                present.append(f"{side}: {reason}")
    scored = adviser.source.scored
    return {
        "pair": pair,
        "served_by": None
        if scored is None
        else [name for name in serving_order(pair, scored) if name in scored],
        "signals": len(recent),
        "newest": None if recent.empty else recent["available_at"].max().isoformat(),
        "now": ", ".join(present),
        "blocked": blocked,
    }


def _spans(side: str, closes: Any, reasons: list[str], candle: timedelta) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
    """The spans of candles in a row that were blocked for the same kind of reason."""
    found = []
    place = 0
    for kind, group in groupby(reasons, key=_kind):
        length = len(list(group))
        if kind:
            span = {"from": closes.iloc[place].isoformat(), "minutes": length * candle.total_seconds() / 60}
            found.append({"side": side, **span, "why": reasons[place + length - 1]})
        place += length
    return found


def _kind(reason: str) -> str:
    """A reason without the score, which changes from candle to candle."""
    head, _, last = reason.rpartition(" ")
    return head if last.lstrip("+-").replace(".", "", 1).isdigit() else reason


if __name__ == "__main__":
    main(*sys.argv[1:])
