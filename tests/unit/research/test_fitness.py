"""`history validate` and a backtest agree on what is fit, whatever is wrong with candles or signals."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from services.common.errors import StopProgram
from services.research.backtest.inputs import read_inputs
from services.research.backtest.plan import Plan
from services.research.history.validation.validating import validate
from tests.support.strategy.strategy_samples import NOON, at, signal, wavy_candles, write_csv

HOUR = timedelta(hours=1)
HOURS = 100
SIGNALS = tuple(signal(f"a{hour}", published=60 * hour) for hour in range(HOURS))
ETHER = signal("b", published=6001, pair="ETH/USDT")

Change = Callable[[Path], Path | None]
"""Spoils good data in a folder; returns the sentiment CSV if it is another file."""


def good(folder: Path) -> None:
    candles = wavy_candles(HOURS + 1, step=HOUR)
    candles.to_feather(folder / "BTC_USDT-1h.feather")
    write_csv(folder / "s.csv", SIGNALS)


def rows(*signals: object) -> Change:
    return lambda folder: write_csv(folder / "s.csv", signals)  # type: ignore[arg-type]  # of signals


def text(change: Callable[[str], str], name: str = "s.csv", encoding: str = "utf-8") -> Change:
    def spoil(folder: Path) -> Path:
        content = change((folder / "s.csv").read_text()).encode(encoding)
        packed = name.lower().endswith(".gz")
        (folder / name).write_bytes(gzip.compress(content) if packed else content)
        return folder / name

    return spoil


def candles(change: Callable[[pd.DataFrame], pd.DataFrame], name: str = "BTC_USDT-1h.feather") -> Change:
    def spoil(folder: Path) -> None:
        change(wavy_candles(HOURS + 1, step=HOUR)).to_feather(folder / name)

    return spoil


def broken_candles(folder: Path) -> None:
    (folder / "BTC_USDT-1h.feather").write_bytes(b"cut off")


def no_candles(folder: Path) -> None:
    (folder / "BTC_USDT-1h.feather").unlink()


FIT: dict[str, Change] = {
    "good": lambda _: None,
    "further column": text(lambda whole: whole.replace("\r\n", ",x\r\n")),
    "blank lines": text(lambda whole: whole.replace("\r\n", "\r\n\r\n")),
    "byte order mark": text(str, encoding="utf-8-sig"),
    "packed, in capitals": text(str, "S.CSV.GZ"),
    "another name": text(str, "signals.txt"),
    "some outside": rows(*SIGNALS, signal("late", published=60 * 500)),
    "revision": rows(*SIGNALS, signal("a1", published=6001, available=6002, revision=1)),
    "gap": candles(lambda frame: frame.drop(index=[50, 51]).reset_index(drop=True)),
    "pair without signals": candles(lambda frame: frame, "ETH_USDT-1h.feather"),
}
UNFIT: dict[str, Change] = {
    "empty file": text(lambda _: ""),
    "only a header": rows(),
    "no last line end": text(lambda whole: whole.rstrip("\r\n")),
    "cut off": text(lambda whole: whole[:-40]),
    "a row without its last cells": text(lambda whole: whole + "2025-06-06T18:00:00+00:00,\r\n"),
    "open quote": text(lambda whole: whole + '"2025'),
    "missing column": text(lambda whole: whole.replace("published", "was_published", 1)),
    "semicolons": text(lambda whole: whole.replace(",", ";")),
    "tabs": text(lambda whole: whole.replace(",", "\t"), "s.tsv"),
    "utf-16": text(str, encoding="utf-16"),
    "cp1252": text(lambda whole: whole.replace("What a1 reports", "Was a1 schlägt"), encoding="cp1252"),
    "json lines": text(lambda _: '{"available_at": "2025-06-02T12:00:00+00:00"}\n', "s.jsonl"),
    "not packed": lambda folder: (folder / "s.csv").rename(folder / "s.csv.gz"),
    "headline beyond the limit of a cell": rows(*SIGNALS, signal("b", published=6001, headline="x" * 200_000)),
    "twice": rows(*SIGNALS, SIGNALS[-1]),
    "out of order": rows(*reversed(SIGNALS)),
    "naive time": text(lambda whole: whole.replace("+00:00", "", 1)),
    "no number": text(lambda whole: whole.replace(",0.8,", ",nan,", 1)),
    "out of range": text(lambda whole: whole.replace(",0.8,", ",1.8,", 1)),
    "wrong label": text(lambda whole: whole.replace("very_bullish", "neutral", 1)),
    "before its news": rows(signal("a", published=5, available=1)),
    "in the future": rows(*SIGNALS, signal("z", published=60 * 24 * 365 * 90)),
    "all outside": rows(signal("late", published=60 * 500)),
    "a pair without candles": rows(*SIGNALS, ETHER),
    "no candles": no_candles,
    "broken candles": broken_candles,
    "few candles": candles(lambda frame: frame.head(7)),
    "candle twice": candles(lambda frame: pd.concat([frame, frame.tail(1)], ignore_index=True)),
    "candles out of order": candles(lambda frame: frame.iloc[::-1].reset_index(drop=True)),
    "naive candles": candles(lambda frame: frame.assign(date=frame["date"].dt.tz_localize(None))),
    "price of zero": candles(lambda frame: frame.assign(low=0.0)),
    "no column of volume": candles(lambda frame: frame.drop(columns="volume")),
    "another timeframe": candles(lambda frame: frame.iloc[::2].reset_index(drop=True).assign(date=[
        at(61.5 * row) for row in range(len(frame.iloc[::2]))
    ])),
    "two currencies": candles(lambda frame: frame, "ETH_BTC-1h.feather"),
}  # fmt: skip


def one_pair_all_outside(folder: Path) -> None:
    candles(lambda frame: frame, "ETH_USDT-1h.feather")(folder)
    write_csv(folder / "s.csv", [*SIGNALS, signal("late", published=60 * 500, pair="ETH/USDT")])


UNFIT["one pair all outside"] = one_pair_all_outside


def is_fit(folder: Path, sentiment: Path, pairs: tuple[str, ...] = ()) -> bool:
    now = datetime.now(UTC)
    found = validate(folder, sentiment, timeframe="1h", pairs=pairs, staleness=4 * HOUR, now=now)
    return found.findings.ok


def is_taken(folder: Path, sentiment: Path, pairs: tuple[str, ...] = ()) -> bool:
    try:
        read_inputs(Plan(folder, sentiment, "1h", NOON, NOON + HOURS * HOUR, pairs))
    except StopProgram:
        return False
    return True


@pytest.mark.parametrize("case", [*FIT, *UNFIT])
def test_validate_and_backtest_agree(tmp_path: Path, case: str) -> None:
    good(tmp_path)
    sentiment = (FIT | UNFIT)[case](tmp_path) or tmp_path / "s.csv"
    assert (is_fit(tmp_path, sentiment), is_taken(tmp_path, sentiment)) == ((case in FIT),) * 2


def test_pairs_that_are_named_are_all_that_counts_to_both(tmp_path: Path) -> None:
    good(tmp_path)
    sentiment = write_csv(tmp_path / "s.csv", [*SIGNALS, ETHER])
    for pairs, fit in ((("BTC/USDT",), True), (("BTC/USDT", "ETH/USDT"), False)):
        assert (is_fit(tmp_path, sentiment, pairs), is_taken(tmp_path, sentiment, pairs)) == (fit, fit)


def test_a_pair_that_no_candle_can_see_is_named_with_the_option_that_helps(tmp_path: Path) -> None:
    good(tmp_path)
    sentiment = write_csv(tmp_path / "s.csv", [*SIGNALS, ETHER])
    with pytest.raises(
        StopProgram, match="no candles of ETH/USDT: fetch them, or choose other pairs with --pairs"
    ):
        read_inputs(Plan(tmp_path, sentiment, "1h", NOON, NOON + HOURS * HOUR))
