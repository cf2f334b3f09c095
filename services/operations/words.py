"""How values are written for people: ages, scores, percentages and prices. Pages, briefs and chats show them alike."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from services.common.values import Label, label_of

NOTHING = "–"  # noqa: RUF001 - a dash is what a table shows for no value
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LABEL_WORDS = {
    Label.VERY_BULLISH: "very bullish",
    Label.BULLISH: "bullish",
    Label.NEUTRAL: "neutral",
    Label.BEARISH: "bearish",
    Label.VERY_BEARISH: "very bearish",
}


def describe_seconds(seconds: float | None) -> str:
    """A duration as people say it: `12 s`, `4 min`, `3 h 20 min`, `5 days`."""
    if seconds is None:
        return NOTHING
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} days"


def age_text(instant: datetime, now: datetime) -> str:
    """How long ago an instant was, by the server's present `now`; both have a time zone."""
    seconds = (now - instant).total_seconds()
    return "in the future" if seconds < -1 else f"{describe_seconds(seconds)} ago"


def moment(instant: datetime | None) -> str:
    """An instant to the second, in UTC."""
    return NOTHING if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def minute(instant: datetime | None) -> str:
    """An instant to the minute, in UTC."""
    return NOTHING if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def written_instant(text: str) -> str:
    """An instant that the store has as ISO 8601, to the minute; a text that is none stays as it is."""
    try:
        return minute(datetime.fromisoformat(text))
    except ValueError:
        return text or NOTHING


def score(value: float | None) -> str:
    """A score with its sign: `+0.62`."""
    return NOTHING if value is None else f"{value:+z.2f}".replace("-", "−")  # noqa: RUF001 - a minus


def percent(value: float | None, places: int = 2) -> str:
    """A value in percent, with its sign: `+1.25 %`."""
    return NOTHING if value is None else f"{value:+z.{places}f} %".replace("-", "−")  # noqa: RUF001 - a minus


def share(value: float | None) -> str:
    """A share from 0 to 1 as a whole percentage."""
    return NOTHING if value is None else f"{value:.0%}"


def price(value: float | None) -> str:
    """A price with the digits that matter for its size."""
    if value is None:
        return NOTHING
    # From 100, two places are enough; below, an exponent would not be read back.
    return f"{value:,.2f}" if abs(value) >= 100 else f"{Decimal(f'{value:.6g}'):f}"  # noqa: PLR2004


def amount(value: float | None) -> str:
    """A gain or a loss in a currency, with its sign: `+1,234.50`, and `+0.00042` of a currency such as BTC."""
    if value is None:
        return NOTHING
    value = round(value, 8)
    places = 2 if abs(value) >= 1 or not value else max(2, 1 - Decimal(f"{value:.1e}").adjusted())
    return f"{value:+z,.{places}f}".replace("-", "−")  # noqa: RUF001 - a minus


def mood(value: float | None) -> str:
    """The label of a score in words; `no sentiment` without a score."""
    return "no sentiment" if value is None else _LABEL_WORDS[label_of(max(-1.0, min(1.0, value)))]


def plain_name(name: str) -> str:
    """A name of the code for readers: `market_move` becomes `market move`."""
    return name.replace("_", " ")
