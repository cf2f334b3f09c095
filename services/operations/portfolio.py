"""What the bot holds and what it gained, from the trades and candles that were recorded.

Gains of open trades are those of the price alone: fees, funding and spread are not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, TradeFilter
from services.common.history.rows import CandleRow, TradeRow
from services.common.values import asset_of, timeframe_seconds
from services.operations.answer import Answer
from services.operations.trades import Trade, followed_bot

PRICE_AGE = timedelta(days=1)
"""The age from which the last recorded price of a pair is no longer shown as its price."""
PERIODS = (1, 7, 30)
"""The periods in days for which the closed trades are added up."""


@dataclass(frozen=True, slots=True)
class Position(Answer):
    """An open trade and its price now.

    Attributes:
        asset: what the trade is in, such as BTC.
        currency: the currency of stake and gain.
        price, price_at: the close of the last recorded candle and when that candle closed; None if none closed in the
            last day.
        change: percent since the entry, positive if the trade gains.
        gain: in the currency; with the leverage, if Freqtrade stated one.
    """

    trade: Trade
    asset: str
    currency: str
    price: float | None
    price_at: datetime | None
    change: float | None
    gain: float | None


@dataclass(frozen=True, slots=True)
class Exposure(Answer):
    """The stakes of the open trades in one asset, in one currency.

    Attributes:
        share: of all stakes in this currency, 0 to 1.
        gain: of the trades whose price is known; None if none is.
    """

    asset: str
    currency: str
    trades: int
    stake_long: float
    stake_short: float
    share: float
    gain: float | None


@dataclass(frozen=True, slots=True)
class Closed(Answer):
    """The trades that were closed in a period, in one currency.

    Attributes:
        gained: the number of those with a profit above zero.
        profit: as Freqtrade states it, with fees.
        best, worst: the largest and the smallest profit in percent of the stake; None if unknown.
    """

    currency: str
    trades: int
    gained: int
    profit: float
    best: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class ClosedIn(Answer):
    """The trades that were closed in the last `days`; None for all of them."""

    days: int | None
    closed: tuple[Closed, ...]


@dataclass(frozen=True, slots=True)
class Portfolio(Answer):
    """What the bot holds and what it gained.

    Attributes:
        positions: the open trades, the one opened last first.
        exposure: by asset, the largest first.
    """

    at: datetime
    positions: tuple[Position, ...]
    exposure: tuple[Exposure, ...]
    periods: tuple[ClosedIn, ...]


def read_portfolio(history: HistoryReader, timeframe: str, now: datetime) -> Portfolio:
    """Read the positions at `now`, priced with the candles of `timeframe`, and the profits of periods until then.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    rows = recorded_trades(history, now)
    positions = open_positions(history, open_at(history, rows, now), timeframe, now)
    spans: list[tuple[int | None, datetime | None]] = [
        *((days, now - timedelta(days=days)) for days in PERIODS),
        (None, None),
    ]
    return Portfolio(
        at=now,
        positions=positions,
        exposure=exposure_of(positions),
        periods=tuple(ClosedIn(days, closed_between(rows, since, now)) for days, since in spans),
    )


def open_at(history: HistoryReader, trades: Iterable[TradeRow], now: datetime) -> list[TradeRow]:
    """Those of the trades that are open at `now` and still seen (see `Trade`). Raises as `read_portfolio`."""
    followed = followed_bot(history)
    is_open = [row for row in trades if row.closed is None or row.closed > now]
    return [row for row in is_open if Trade.of(row, followed).unseen_since is None]


def open_positions(
    history: HistoryReader, trades: Iterable[TradeRow], timeframe: str, now: datetime
) -> tuple[Position, ...]:
    """The positions of these open trades. Raises as `read_portfolio`."""
    trades = tuple(trades)
    newest = history.newest_candles(now) if trades else {}
    return tuple(_position(row, newest.get((row.pair, timeframe)), now) for row in trades)


def exposure_of(positions: Sequence[Position]) -> tuple[Exposure, ...]:
    """The stakes by asset and currency, the largest first. A trade whose stake is unknown counts with none."""
    whole: dict[str, float] = defaultdict(float)
    groups: dict[tuple[str, str], list[Position]] = defaultdict(list)
    for position in positions:
        whole[position.currency] += position.trade.stake or 0.0
        groups[position.asset, position.currency].append(position)
    found = [
        _exposure(asset, currency, group, whole[currency]) for (asset, currency), group in groups.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.share, each.asset, each.currency)))


def closed_between(trades: Iterable[TradeRow], since: datetime | None, until: datetime) -> tuple[Closed, ...]:
    """Add up the trades with `since` <= closed < `until`, by currency."""
    groups: dict[str, list[TradeRow]] = defaultdict(list)
    for row in trades:
        if row.closed is not None and (since is None or row.closed >= since) and row.closed < until:
            groups[currency_of(row.pair)].append(row)
    return tuple(_closed(currency, groups[currency]) for currency in sorted(groups))


def recorded_trades(history: HistoryReader, now: datetime) -> tuple[TradeRow, ...]:
    """Every trade that was opened before `now`, the one opened last first. Raises as `read_portfolio`."""
    return tuple(_every_trade(history, now))


def currency_of(pair: str) -> str:
    """The currency in which the stakes of a pair are paid: USDT of BTC/USDT and BTC/USDT:USDT."""
    return pair.partition("/")[2].rpartition(":")[2]


def is_fresh(candle: CandleRow, now: datetime) -> bool:
    """Whether a candle closed recently enough for its close to be shown as the price."""
    return _closed_at(candle) >= now - PRICE_AGE


def _closed_at(candle: CandleRow) -> datetime:
    return candle.opened + timedelta(seconds=timeframe_seconds(candle.timeframe))


def _every_trade(history: HistoryReader, now: datetime) -> Iterator[TradeRow]:
    after = None
    while True:
        page = history.trades(TradeFilter(until=now), limit=MAX_LIMIT, after=after)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _position(row: TradeRow, candle: CandleRow | None, now: datetime) -> Position:
    if candle is not None and not is_fresh(candle, now):
        candle = None
    change = None
    if candle is not None and row.open_rate:
        change = (candle.close / row.open_rate - 1) * (-100 if row.is_short else 100)
    return Position(
        trade=Trade.of(row),
        asset=asset_of(row.pair),
        currency=currency_of(row.pair),
        price=candle.close if candle else None,
        price_at=_closed_at(candle) if candle else None,
        change=change,
        gain=None if change is None or row.stake is None else row.stake * _leverage(row) * change / 100,
    )


def _leverage(row: TradeRow) -> float:
    stated = row.details.get("leverage")
    return float(stated) if isinstance(stated, int | float) and stated > 0 else 1.0


def _exposure(asset: str, currency: str, group: Sequence[Position], whole: float) -> Exposure:
    by_side = {
        side: sum(each.trade.stake or 0.0 for each in group if each.trade.side == side)
        for side in ("long", "short")
    }
    gains = [each.gain for each in group if each.gain is not None]
    return Exposure(
        asset=asset,
        currency=currency,
        trades=len(group),
        stake_long=by_side["long"],
        stake_short=by_side["short"],
        share=sum(by_side.values()) / whole if whole else 0.0,
        gain=sum(gains) if gains else None,
    )


def _closed(currency: str, rows: Sequence[TradeRow]) -> Closed:
    profits = [row.profit_abs for row in rows if row.profit_abs is not None]
    ratios = [row.profit_ratio * 100 for row in rows if row.profit_ratio is not None]
    return Closed(
        currency=currency,
        trades=len(rows),
        gained=sum(profit > 0 for profit in profits),
        profit=sum(profits),
        best=max(ratios, default=None),
        worst=min(ratios, default=None),
    )
