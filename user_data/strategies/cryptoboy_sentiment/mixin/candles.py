"""What the mixin does with the candles of a pair: it adds columns, and takes away entries that the news blocks."""

import logging
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cryptoboy_sentiment.mixin.advice import unknown
from cryptoboy_sentiment.mixin.adviser import BLOCK, Adviser, adviser_of
from cryptoboy_sentiment.mixin.wrapping import Call

logger = logging.getLogger(__name__)

Booleans = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]


def advise_indicators(call: Call) -> Any:  # noqa: ANN401 - what the strategy returns
    """Add the columns to what the strategy's own populate_indicators returns."""
    frame = call.proceed()
    if not isinstance(frame, pd.DataFrame):
        return frame  # Freqtrade says what is wrong with it
    adviser = adviser_of(call.strategy)
    pair, opens = call.given["metadata"]["pair"], frame["date"]
    columns = adviser.safely("computing columns", lambda: adviser.columns(pair, opens), None)
    columns = unknown(frame) if columns is None else columns
    taken = [str(name) for name in columns if name in frame and not frame[name].equals(columns[name])]
    if taken and adviser.is_new("taken", taken):
        logger.warning(
            "The strategy has columns named %s of its own, which are kept: give them other names to see the news there",
            ", ".join(taken),
        )
    if not set(columns).isdisjoint(frame):
        columns = columns.drop(columns=[name for name in columns if name in frame])
    columns.attrs = frame.attrs  # pandas keeps only what all parts have
    return pd.concat([frame, columns], axis=1)


def advise_exit(call: Call) -> Any:  # noqa: ANN401 - as above
    """Take away the entries that the news blocks.

    This is done after the strategy's own populate_exit_trend, which may make exits of one side from entries of the
    other: no exit must be lost with an entry.
    """
    frame = call.proceed()
    if not isinstance(frame, pd.DataFrame):
        return frame
    adviser = adviser_of(call.strategy)
    pair = call.given["metadata"]["pair"]
    return adviser.safely("blocking entries", lambda: _without_blocked(adviser, pair, frame), frame)


def _without_blocked(adviser: Adviser, pair: str, frame: pd.DataFrame) -> pd.DataFrame:
    names = adviser.own_names()
    if not names:
        return frame
    # A strategy may return other columns than it was given.
    own: Any = frame if {*names} <= {*frame} else adviser.own_columns(pair, frame["date"])
    why = {name.removeprefix(BLOCK): np.asarray(own[name]) for name in names if name.startswith(BLOCK)}
    if not any((texts != "").any() for texts in why.values()):
        return frame
    # Where a strategy asks for entry and exit of one side, Freqtrade does neither: what would be left must not act.
    asked = {
        side: _is_set(frame, f"enter_{side}") & ~_is_set(frame, f"exit_{side}") for side in ("long", "short")
    }
    reason = np.full(len(frame), "", dtype=object)
    for side, texts in why.items():
        reason = np.where(asked[side] & (reason == ""), texts, reason)
    blocked = reason != ""
    _report(adviser, pair, frame, reason, int((asked["long"] | asked["short"]).sum()))
    if not blocked.any():
        return frame
    # Both sides: where a strategy asks for both, Freqtrade enters neither, and must not enter the one that is left.
    changed: dict[str, Any] = {
        f"enter_{side}": np.where(blocked & is_asked, 0, frame[f"enter_{side}"].to_numpy())
        for side, is_asked in asked.items()
        if f"enter_{side}" in frame
    }
    tags = frame.get("enter_tag", pd.Series("", frame.index))
    if isinstance(
        tags, pd.Series
    ):  # and not two columns, the second of which Freqtrade has made of a `buy_tag`
        changed["enter_tag"] = np.where(blocked, reason, tags.to_numpy(dtype=object))
    return frame.assign(**changed)


def _is_set(frame: pd.DataFrame, name: str) -> Booleans:
    if name not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame[name].eq(1).fillna(False).to_numpy(dtype=bool)


def _report(adviser: Adviser, pair: str, frame: pd.DataFrame, reason: Texts, asked: int) -> None:
    """Log the entry that a bot does not make now, or how many a backtest does not make."""
    if adviser.is_search or not len(frame):
        return
    if adviser.is_live:
        subject = pair, frame["date"].iloc[-1]
        if reason[-1] and adviser.is_new(("candle", pair), subject):
            logger.info("Entry of %s blocked: %s, trace_id=%s", pair, reason[-1], adviser.article(pair))
        return
    kinds = Counter(text.rstrip("-.0123456789 ") for text in reason[reason != ""])
    if kinds:
        told = ", ".join(f"{_named(kind)} ({count})" for kind, count in kinds.most_common())
        logger.info("Entries of %s at %d of %d candles blocked: %s", pair, kinds.total(), asked, told)


def _named(kind: str) -> str:
    """A reason in a count, where the score that follows it in a tag is left out."""
    said = kind.removeprefix("news blocks: ")
    return {"score": "bad score", "score only": "score too low to confirm"}.get(said, said)
