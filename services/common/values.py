"""Small validated values that messages and settings share."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer

PAIR_PATTERN = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}(:[A-Z0-9]{1,20})?\Z", re.ASCII)
ASSET_PATTERN = re.compile(r"[A-Z0-9]{1,20}\Z", re.ASCII)
TIMEFRAME_PATTERN = re.compile(r"([1-9][0-9]{0,3})([smhdw])\Z", re.ASCII)
_MULTIPLE = re.compile(r"10{3,}(?=[A-Z][A-Z0-9])|1M(?=[A-Z]{4})")
"""Exchanges sell a thousand (or more) units of cheap coins as one: 1000PEPE, 1MBABYDOGE; not 1INCH, 1000X."""
_QUOTED_IN = frozenset({"USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR"})
_PAIR_WITHOUT_SLASH = re.compile(
    r"([A-Z0-9]{2,})(USDT|USDC|FDUSD|BUSD|TUSD)|([A-Z0-9]{3,})(USD|EUR)", re.ASCII
)
_SYMBOL_OF = {
    "BITCOIN": "BTC",
    "ETHEREUM": "ETH",
    "ETHER": "ETH",
    "RIPPLE": "XRP",
    "SOLANA": "SOL",
    "CARDANO": "ADA",
    "DOGECOIN": "DOGE",
    "LITECOIN": "LTC",
    "POLKADOT": "DOT",
    "CHAINLINK": "LINK",
    "AVALANCHE": "AVAX",
}
"""The long names of the most traded coins, which people type instead of the symbols that exchanges use."""
_NOT_IN_A_SOURCE_NAME = re.compile(r"[^A-Za-z0-9_.\-]+")
_LONGEST_SOURCE_NAME = 64
_NO_OFFSET = timedelta(0)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Label(StrEnum):
    """The five classes of sentiment."""

    VERY_BULLISH = "very_bullish"
    BULLISH = "bullish"
    NEUTRAL = "neutral"
    BEARISH = "bearish"
    VERY_BEARISH = "very_bearish"


class Scope(StrEnum):
    """Whether a signal is about the asset itself or about the market as a whole."""

    ASSET = "asset"
    MARKET = "market"


class EventType(StrEnum):
    """What kind of event an article reports."""

    REGULATION = "regulation"
    HACK = "hack"
    DELISTING = "delisting"
    LISTING = "listing"
    WITHDRAWAL_HALT = "withdrawal_halt"
    DEPEG = "depeg"
    ENFORCEMENT = "enforcement"
    ADOPTION = "adoption"
    MACRO = "macro"
    TECHNOLOGY = "technology"
    MARKET_MOVE = "market_move"
    OTHER = "other"


COSTLY = (
    EventType.HACK,
    EventType.DELISTING,
    EventType.WITHDRAWAL_HALT,
    EventType.DEPEG,
    EventType.ENFORCEMENT,
)
"""The kinds of news after which a holder of the asset may lose money at once."""

CLEAR, STRONG = 0.3, 0.7
"""The smallest scores of bullish and of very bullish news. Negated, they are the limits of bearish news."""


def label_of(score: float) -> Label:
    """Return the label of a score in [-1, 1].

    very_bullish >= 0.7 > bullish >= 0.3 > neutral > -0.3 >= bearish > -0.7 >= very_bearish.
    """
    if score >= STRONG:
        return Label.VERY_BULLISH
    if score >= CLEAR:
        return Label.BULLISH
    if score > -CLEAR:
        return Label.NEUTRAL
    if score > -STRONG:
        return Label.BEARISH
    return Label.VERY_BEARISH


def check_pair(text: str) -> str:
    """Return `text` if it is a pair such as BTC/USDT, else raise ValueError saying how to write one."""
    if not PAIR_PATTERN.match(text):
        raise ValueError(f"{text!r} is not a pair; write BASE/QUOTE in capitals, for example BTC/USDT")
    return text


def check_name(text: str) -> str:
    """Return `text` if it is a pair such as BTC/USDT or an asset such as BTC, else raise ValueError."""
    if ASSET_PATTERN.match(text):
        return text
    try:
        return check_pair(text)
    except ValueError as error:
        raise ValueError(f"{error}, or an asset such as BTC") from None


def check_chosen_name(text: str) -> str:
    """As `check_name`, for names that people choose: a mistyped pair or the long name of a coin is refused as well."""
    if glued := _PAIR_WITHOUT_SLASH.fullmatch(text):
        base, quote = (part for part in glued.groups() if part)
        raise ValueError(f"{text!r} is not a pair; write {base}/{quote}, or {base} for all pairs of {base}")
    if symbol := _SYMBOL_OF.get(text):
        raise ValueError(f"{text!r} is no symbol that exchanges use; write {symbol}, or {symbol}/USDT")
    if text in _QUOTED_IN:
        raise ValueError(
            f"{text!r} is what pairs are paid in and no asset with news; write BASE/{text}, or BASE"
        )
    return check_name(text)


def is_pair(name: str) -> bool:
    """Whether a name that `check_name` accepts is a pair, not an asset."""
    return "/" in name


def asset_of(name: str) -> str:
    """Return the asset that news of this pair or asset is about: BTC for BTC, BTC/USDT and BTC/USDT:USDT.

    1000PEPE/USDT is about PEPE. The strategy decides the same in `cryptoboy_sentiment.assets`.
    """
    return _MULTIPLE.sub("", name.partition("/")[0], count=1) if name[:1] == "1" else name.partition("/")[0]


def split_pairs(text: str) -> tuple[str, ...]:
    """Split a list at commas, semicolons or spaces into names, in capitals and each once, without checking them."""
    parts = re.split(r"[,;\s]+", re.sub(r"\s*/\s*", "/", text.upper()))
    return tuple(dict.fromkeys(part for part in parts if part))


def timeframe_seconds(timeframe: str) -> int:
    """The length in seconds of a timeframe such as 1m, 15m, 1h. Raises ValueError for other texts."""
    match = TIMEFRAME_PATTERN.match(timeframe)
    if not match:
        raise ValueError(f"{timeframe!r} is not a timeframe; write for example 1m, 15m, 1h or 1d")
    return int(match[1]) * _UNIT_SECONDS[match[2]]


def check_timeframe(text: str) -> str:
    """Return `text` if it is a timeframe, else raise ValueError."""
    timeframe_seconds(text)
    return text


def as_utc(value: datetime) -> datetime:
    """Convert an instant to UTC. Raises ValueError if the result is outside of the calendar."""
    if value.utcoffset() == _NO_OFFSET:
        return value.replace(tzinfo=UTC, fold=0)  # many times faster than a conversion
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the first and the last day of the calendar, in some zones
        raise ValueError("is outside the calendar in UTC") from None


Pair = Annotated[str, AfterValidator(check_pair)]
PairOrAsset = Annotated[str, AfterValidator(check_name)]
ChosenName = Annotated[str, AfterValidator(check_chosen_name)]
Timeframe = Annotated[str, AfterValidator(check_timeframe)]
WRITTEN_IN_ISO = PlainSerializer(datetime.isoformat, return_type=str, when_used="json")
UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(as_utc),
    WRITTEN_IN_ISO,
]
"""An instant; read from ISO 8601 with an explicit offset, written in UTC with +00:00."""


def source_name(text: str) -> str:
    """A publisher's name in the form that messages, metrics and addresses use: `Crypto News!` becomes `Crypto_News`.

    The result is empty if no character of the text is allowed.
    """
    return _NOT_IN_A_SOURCE_NAME.sub("_", text).strip("_")[:_LONGEST_SOURCE_NAME]
