"""A signal: one article's sentiment for one pair, validated, alone and as a frame of many."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

LABELS = ("very_bearish", "bearish", "neutral", "bullish", "very_bullish")
SCOPES = ("asset", "market")
CLOCK_SKEW = timedelta(minutes=5)  # between the machines of a live system
_REVISIONS = 2**63  # what fits into a column


class SignalError(ValueError):
    """A signal that must not be traded on; says which field, its value, and what was expected."""


class Signal(NamedTuple):
    """One article's sentiment for one pair. Names and order of the fields are those of the history CSV."""

    available_at: datetime  # UTC; when it could first be acted on
    published: datetime  # UTC; never later than available_at
    pair: str
    score: float  # -1..+1
    label: str
    confidence: float  # 0..1
    scope: str  # 'asset' or 'market'
    degraded: bool  # a fallback scorer made it, or nobody is to buy on it for another reason
    weight: float  # not negative
    corroboration: float  # not negative
    article_id: str
    revision: int  # a higher one corrects the same article, pair and model
    source: str
    headline: str
    model: str
    owner: str = ""  # who publishes the source; empty: the source is its own owner
    suspected: bool = False  # something in the article was meant for a machine


LATER_FIELDS = {"owner": "", "suspected": "false"}
"""What older files and messages lack, and what it is then."""


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _number(low: float, high: float) -> Callable[[object], float]:
    def convert(value: object) -> float:
        number = float(str(value))  # by way of text, so that true and null are no numbers
        if not low <= number <= high or math.isinf(number):
            raise ValueError
        return number

    return convert


def _one_of(*allowed: str) -> Callable[[object], str]:
    return lambda value: allowed[allowed.index(str(value))]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _name(value: object) -> str:
    if not _text(value).strip():
        raise ValueError
    return str(value)


def _revision(value: object) -> int:
    if not 0 <= (revision := int(str(value))) < _REVISIONS:
        raise ValueError
    return revision


_RANGES = {
    "score": (-1.0, 1.0),
    "confidence": (0.0, 1.0),
    "weight": (0.0, math.inf),
    "corroboration": (0.0, math.inf),
}
_TIME = "datetime64[us, UTC]"
_TRUTH = {"false": False, "true": True}
_FIELDS: dict[str, tuple[Callable[[object], Any], str]] = {
    **dict.fromkeys(
        ("available_at", "published"),
        (_moment, "ISO 8601 with an explicit offset, as 2025-10-29T10:00:00+00:00"),
    ),
    **dict.fromkeys(("pair", "article_id", "model"), (_name, "text that is not empty")),
    "score": (_number(*_RANGES["score"]), "a number from -1 to 1"),
    "label": (_one_of(*LABELS), "one of " + ", ".join(LABELS)),
    "confidence": (_number(*_RANGES["confidence"]), "a number from 0 to 1"),
    "scope": (_one_of(*SCOPES), "asset or market"),
    **dict.fromkeys(("degraded", "suspected"), (lambda value: _TRUTH[str(value).lower()], "true or false")),
    **dict.fromkeys(
        ("weight", "corroboration"), (_number(*_RANGES["weight"]), "a number that is not negative")
    ),
    "revision": (_revision, "a whole number that is not negative"),
    **dict.fromkeys(("source", "headline", "owner"), (_text, "text")),
}


def parse_signal(raw: Mapping[str, object], *, skew: timedelta = timedelta(0)) -> Signal:
    """Validate a signal whose fields are named as in `Signal`, with values as text or as JSON has them.

    `LATER_FIELDS` may be missing.
    Nothing is published after it was available; up to `skew`, as clocks differ, `published` is set back.

    Raises:
        SignalError: a field is missing, malformed, out of range or contradicts another.
    """
    values = {}
    raw = LATER_FIELDS | dict(raw)
    for field, (convert, expected) in _FIELDS.items():
        try:
            values[field] = convert(raw[field])
        except (KeyError, TypeError, ValueError, OverflowError):
            shown = repr(str(raw[field])[:80]) if field in raw else "missing"
            raise SignalError(f"{field} is {shown}, expected {expected}") from None
    signal = Signal(**values)
    if signal.published > signal.available_at + skew:
        raise SignalError(
            f"available_at is {signal.available_at.isoformat()}, "
            f"expected no earlier than published, {signal.published.isoformat()}"
        )
    return signal._replace(published=min(signal.published, signal.available_at))


def signals_frame(signals: Iterable[Signal]) -> pd.DataFrame:
    """Signals as a typed frame: one row each, columns as in `Signal`, times datetime64[us, UTC]."""
    return typed_frame(pd.DataFrame(list(signals), columns=list(Signal._fields)))


def typed_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with the columns of `Signal` in their types, also where there is no row to tell them."""
    types = dict.fromkeys(Signal._fields, "str")
    types |= dict.fromkeys(("available_at", "published"), _TIME)
    types |= dict.fromkeys(("score", "confidence", "weight", "corroboration"), "float64")
    types |= {"revision": "int64", "degraded": "bool", "suspected": "bool"}
    return frame.astype(types)


def signals_frame_of_text(columns: Mapping[str, Sequence[str]]) -> pd.DataFrame | None:
    """Signals given as columns of text, as from `parse_signal` and `signals_frame` but many times as fast.

    Returns:
        None when anything is wrong; `parse_signal` then says what.
    """
    try:
        moments = {
            name: [*map(datetime.fromisoformat, columns[name])] for name in ("available_at", "published")
        }
        numbers = {name: np.array([*map(float, columns[name])]) for name in _RANGES}
        revisions = [*map(int, columns["revision"])]
        later = {name: [text] * len(revisions) for name, text in LATER_FIELDS.items()}
        columns = later | dict(columns)
        truths = {
            name: [_TRUTH[text.lower()] for text in columns[name]] for name in ("degraded", "suspected")
        }
        times = {name: pd.Series(values, dtype=_TIME) for name, values in moments.items()}
    except (KeyError, ValueError, OverflowError):
        return None
    is_valid = (
        all(moment.tzinfo is not None for values in moments.values() for moment in values)
        and all(
            ((low <= numbers[name]) & (numbers[name] <= high)).all() for name, (low, high) in _RANGES.items()
        )
        and all(np.isfinite(values).all() for values in numbers.values())
        and all(0 <= revision < _REVISIONS for revision in revisions)
        and set(columns["label"]) <= set(LABELS)
        and set(columns["scope"]) <= set(SCOPES)
        and all(map(str.strip, (*columns["pair"], *columns["article_id"], *columns["model"])))
        and bool((times["published"] <= times["available_at"]).all())
    )
    if not is_valid:
        return None
    converted = {**columns, **times, **numbers, **truths, "revision": revisions}
    return typed_frame(pd.DataFrame({name: converted[name] for name in Signal._fields}))
