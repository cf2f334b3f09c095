"""The trading strategy: news sentiment says when to enter and leave, technical indicators confirm.

Indicators, rules, tags and stakes are pure functions over data frames, which bot, tests and tools share; the class
at the end connects them with Freqtrade. The numbers are hyperopt parameters: thresholds in the spaces `buy` and
`sell`, and what the indicators are computed from in a space of its own, `indicators`, because that one needs
`freqtrade hyperopt --spaces indicators --analyze-per-epoch` (otherwise indicators are computed only once).
"""

import logging
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import cryptoboy_sentiment as news
import pandas as pd
import talib
from freqtrade.enums import RunMode
from freqtrade.strategy import (
    BooleanParameter,
    DecimalParameter,
    IntParameter,
    IStrategy,
    timeframe_to_seconds,
)

logger = logging.getLogger(__name__)

LIVE_CANDLES = 1000  # about as many as Freqtrade keeps of a pair
LONGEST_STALENESS_HOURS = 12.0  # that hyperopt tries; the configuration may ask for more


@dataclass(frozen=True)
class Periods:
    """What the indicators are computed from: candles, and standard deviations for the Bollinger bands."""

    ema_short: int = 12
    ema_long: int = 26
    rsi_period: int = 14
    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    bollinger_period: int = 20
    bollinger_deviations: float = 2.0
    volume_period: int = 20


@dataclass(frozen=True)
class Rules:
    """Thresholds of entries, exits and stakes: sentiment -1..+1, RSI 0..100, window in candles, fraction 0..1."""

    buy_sentiment_above: float = 0.7
    buy_allow_degraded: bool = False
    buy_rsi_low: int = 30
    buy_rsi_high: int = 70
    buy_macd_cross_within: int = 3
    buy_full_stake_above: float = 0.8
    buy_reduced_stake_above: float = 0.7
    buy_reduced_stake: float = 0.75
    sell_sentiment_below: float = -0.5
    sell_rsi_above: int = 70


@dataclass(frozen=True)
class Settings:
    """The section `cryptoboy` of Freqtrade's configuration.

    Raises:
        ValueError: a value is of the wrong kind; says which and what is allowed.
    """

    redis_host: str = "localhost"
    redis_port: int = 6379
    redis_password: str | None = field(default=None, repr=False)
    redis_db: int = 0
    redis_tls: bool = False
    sentiment_csv: str | None = None
    staleness_hours: float | None = None  # None: as the parameter of that name says
    allow_degraded: bool | None = None  # None: as the parameter buy_allow_degraded says

    def __post_init__(self) -> None:
        port, db, hours = self.redis_port, self.redis_db, self.staleness_hours
        allowed = {
            "redis_host": (isinstance(self.redis_host, str), "a host name"),
            "redis_port": (type(port) is int and port in range(1, 65536), "a whole number from 1 to 65535"),
            "redis_db": (type(db) is int and db >= 0, "a whole number that is not negative"),
            "redis_tls": (isinstance(self.redis_tls, bool), "true or false"),
            "sentiment_csv": (isinstance(self.sentiment_csv, str | None), "a path"),
            "staleness_hours": (hours is None or (_is_number(hours) and hours > 0), "a number above 0"),
            "allow_degraded": (isinstance(self.allow_degraded, bool | None), "true or false"),
        }
        for name, (valid, expected) in allowed.items():
            if not valid:
                raise ValueError(f"cryptoboy.{name} is {getattr(self, name)!r}, expected {expected}")

    @classmethod
    def read(cls, section: Mapping[str, Any], environment: Mapping[str, str]) -> "Settings":
        """From the configuration, or else REDIS_HOST, REDIS_PORT, REDIS_PASSWORD and SENTIMENT_CSV.

        Raises:
            ValueError: as above, or the section has an unknown name.
        """
        names = [each.name for each in fields(cls)]
        if unknown := set(section) - set(names):
            raise ValueError(f"cryptoboy.{min(unknown)} is unknown; allowed are {', '.join(names)}")
        from_environment = ("redis_host", "redis_port", "redis_password", "sentiment_csv")
        given: dict[str, Any] = {
            name: environment[name.upper()] for name in from_environment if environment.get(name.upper())
        }
        if str(given.get("redis_port", "")).isdecimal():
            given["redis_port"] = int(given["redis_port"])
        return cls(**given | {name: value for name, value in section.items() if value is not None})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def technical_indicators(candles: pd.DataFrame, periods: Periods) -> pd.DataFrame:
    """The indicators of candles (oldest first, with columns close and volume), NaN while they warm up.

    Returns:
        A frame with the index of `candles`: ema_short, ema_long, rsi (Wilder's), macd, macd_signal,
        bollinger_upper, bollinger_middle, bollinger_lower (population deviation), volume_mean.
    """
    close = candles["close"]
    prices = close.to_numpy(dtype="float64")
    macd, macd_signal, _ = talib.MACD(prices, periods.macd_fast, periods.macd_slow, periods.macd_signal)
    window = close.rolling(periods.bollinger_period)
    middle, width = window.mean(), window.std(ddof=0) * periods.bollinger_deviations
    return pd.DataFrame(
        {
            "ema_short": talib.EMA(prices, periods.ema_short),
            "ema_long": talib.EMA(prices, periods.ema_long),
            "rsi": talib.RSI(prices, periods.rsi_period),
            "macd": macd,
            "macd_signal": macd_signal,
            "bollinger_upper": middle + width,
            "bollinger_middle": middle,
            "bollinger_lower": middle - width,
            "volume_mean": candles["volume"].rolling(periods.volume_period).mean(),
        },
        index=candles.index,
    )


def technical_entry_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Which technical conditions of an entry hold at each candle of a frame with `technical_indicators`.

    Returns:
        Boolean columns, all of which an entry needs: trend, rsi, macd_cross, volume, below_band. Where an
        indicator is NaN its condition does not hold.
    """
    above = frame["macd"] > frame["macd_signal"]
    crossed = above & (frame["macd"] <= frame["macd_signal"]).shift(fill_value=False)
    lately = crossed.astype(int).rolling(rules.buy_macd_cross_within, min_periods=1).max() > 0
    return pd.DataFrame(
        {
            "trend": frame["ema_short"] > frame["ema_long"],
            "rsi": (frame["rsi"] > rules.buy_rsi_low) & (frame["rsi"] < rules.buy_rsi_high),
            "macd_cross": above & lately,
            "volume": frame["volume"] > frame["volume_mean"],
            "below_band": frame["close"] < frame["bollinger_upper"],
        }
    )


def entry_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """`technical_entry_conditions` and a column sentiment: whether that of `as_of` allows an entry."""
    positive = frame["sentiment"] > rules.buy_sentiment_above
    usable = positive if rules.buy_allow_degraded else positive & ~frame["sentiment_degraded"]
    return technical_entry_conditions(frame, rules).assign(sentiment=usable)


def exit_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Which exit rules fire at each candle; one is enough. Degraded sentiment counts: leaving is no new risk.

    Returns:
        Boolean columns, named as in the exit tag: sentiment, ema_down_rsi_high, macd_cross_down.
    """
    down = frame["ema_short"] < frame["ema_long"]
    below = frame["macd"] < frame["macd_signal"]
    return pd.DataFrame(
        {
            "sentiment": frame["sentiment"] < rules.sell_sentiment_below,
            "ema_down_rsi_high": down & (frame["rsi"] > rules.sell_rsi_above),
            "macd_cross_down": below & (frame["macd"] >= frame["macd_signal"]).shift(fill_value=False),
        }
    )


def entry_tag(row: Mapping[Any, Any]) -> str:
    """For example 'sentiment 0.83 very_bullish asset + macd_cross'; says so when the sentiment is degraded."""
    degraded = " degraded" if row["sentiment_degraded"] else ""
    kind = f"{row['sentiment_label']} {row['sentiment_scope']}{degraded}"
    return f"sentiment {row['sentiment']:.2f} {kind} + macd_cross"


def exit_tag(row: Mapping[Any, Any], fired: list[str]) -> str:
    """For example 'sentiment -0.62', or of two rules without sentiment 'sentiment+macd_cross_down none'."""
    status = row["sentiment_status"]
    return f"{'+'.join(fired)} {format(row['sentiment'], '.2f') if status == 'fresh' else status}"


def stake_for(sentiment: float, proposed: float, min_stake: float | None, rules: Rules) -> float:
    """The stake for a sentiment (-1..+1 or NaN) in stake currency, never more than Freqtrade proposed.

    A reduced stake below the exchange's smallest order becomes that smallest order; where even the proposed
    stake is below it, the proposed one is handed back for Freqtrade to judge.
    """
    if rules.buy_reduced_stake_above < sentiment <= rules.buy_full_stake_above:
        return max(proposed * rules.buy_reduced_stake, min(min_stake or 0.0, proposed))
    return proposed


class LLMSentimentStrategy(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Long only: enters on strong positive news that the indicators confirm, leaves as the rules above say."""

    INTERFACE_VERSION = 3
    timeframe = "15m"
    can_short = False
    process_only_new_candles = True
    use_exit_signal = True
    startup_candle_count = 240  # recursive averages (EMA, MACD, RSI) have settled by then

    minimal_roi: ClassVar = {"0": 0.05, "30": 0.03, "60": 0.02, "120": 0.01}  # minutes: profit
    stoploss = -0.03
    trailing_stop = True
    trailing_stop_positive = 0.01
    trailing_stop_positive_offset = 0.02
    trailing_only_offset_is_reached = True

    # Named like the fields of `Rules` and `Periods`, which hold the defaults.
    buy_sentiment_above = DecimalParameter(0.3, 0.95, default=Rules.buy_sentiment_above, decimals=2)
    buy_allow_degraded = BooleanParameter(default=Rules.buy_allow_degraded, optimize=False)
    buy_rsi_low = IntParameter(10, 45, default=Rules.buy_rsi_low)
    buy_rsi_high = IntParameter(55, 90, default=Rules.buy_rsi_high)
    buy_macd_cross_within = IntParameter(1, 8, default=Rules.buy_macd_cross_within)
    buy_full_stake_above = DecimalParameter(0.7, 0.95, default=Rules.buy_full_stake_above, decimals=2)
    buy_reduced_stake_above = DecimalParameter(0.3, 0.7, default=Rules.buy_reduced_stake_above, decimals=2)
    buy_reduced_stake = DecimalParameter(0.25, 1.0, default=Rules.buy_reduced_stake, decimals=2)
    sell_sentiment_below = DecimalParameter(-0.95, -0.1, default=Rules.sell_sentiment_below, decimals=2)
    sell_rsi_above = IntParameter(50, 90, default=Rules.sell_rsi_above)

    ema_short = IntParameter(5, 20, default=Periods.ema_short, space="indicators")
    ema_long = IntParameter(21, 60, default=Periods.ema_long, space="indicators")
    rsi_period = IntParameter(7, 28, default=Periods.rsi_period, space="indicators")
    macd_fast = IntParameter(6, 18, default=Periods.macd_fast, space="indicators")
    macd_slow = IntParameter(20, 40, default=Periods.macd_slow, space="indicators")
    macd_signal = IntParameter(5, 15, default=Periods.macd_signal, space="indicators")
    bollinger_period = IntParameter(10, 40, default=Periods.bollinger_period, space="indicators")
    bollinger_deviations = DecimalParameter(
        1.5, 3.0, default=Periods.bollinger_deviations, decimals=1, space="indicators"
    )
    volume_period = IntParameter(10, 40, default=Periods.volume_period, space="indicators")
    staleness_hours = DecimalParameter(
        0.5,
        LONGEST_STALENESS_HOURS,
        default=news.STALENESS / timedelta(hours=1),
        decimals=1,
        space="indicators",
    )

    plot_config: ClassVar = {
        "main_plot": {"ema_short": {}, "ema_long": {}, "bollinger_upper": {}, "bollinger_lower": {}},
        "subplots": {
            "Sentiment": {"sentiment": {"type": "scatter"}},
            "RSI": {"rsi": {}},
            "MACD": {"macd": {}, "macd_signal": {}},
            "Volume": {"volume_mean": {}},
        },
    }

    def bot_start(self, **_kwargs: object) -> None:
        """Read the settings, choose where signals come from and load them.

        Raises:
            ValueError: the settings or the sentiment CSV are not valid; Freqtrade then ends the start.
        """
        self._settings = Settings.read(self.config.get("cryptoboy", {}), os.environ)
        self._is_live = self.config.get("runmode") in (RunMode.LIVE, RunMode.DRY_RUN)
        self._candle = timedelta(seconds=timeframe_to_seconds(self.timeframe))
        self._source = self._live_source() if self._is_live else self._history()
        self.bot_loop_start(datetime.now(UTC))

    def _live_source(self) -> news.SignalSource:
        at = self._settings
        logger.info("Sentiment comes from Redis at %s:%d", at.redis_host, at.redis_port)
        client = news.connect(at.redis_host, at.redis_port, at.redis_password, at.redis_db, tls=at.redis_tls)
        stale_after = timedelta(hours=max(LONGEST_STALENESS_HOURS, at.staleness_hours or 0))
        return news.RedisSignals(client, window=LIVE_CANDLES * self._candle + stale_after)

    def _history(self) -> news.SignalSource:
        if self.config.get("runmode") == RunMode.HYPEROPT:
            # Hyperopt's workers cannot import from this folder: they are sent the module itself.
            import cloudpickle  # type: ignore[import-untyped]  # publishes no types; comes with hyperopt

            cloudpickle.register_pickle_by_value(news)
        if self._settings.sentiment_csv is None:
            logger.warning(
                "There is no sentiment in this run and so there will be no entries: name a history file as "
                "cryptoboy.sentiment_csv or SENTIMENT_CSV. The live store is not read into history."
            )
            return news.CsvSignals(None)
        logger.info("Sentiment comes from the history in %s", self._settings.sentiment_csv)
        return news.CsvSignals(Path(self._settings.sentiment_csv))

    def bot_loop_start(self, current_time: datetime, **_kwargs: object) -> None:
        """Bring the signals of all pairs up to date; bounded in time, and without effect on history."""
        if self._is_live:
            self._source.refresh(self.dp.current_whitelist(), current_time)

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Add the columns of `technical_indicators` and of `as_of`."""
        pair = metadata["pair"]
        hours = self._settings.staleness_hours or self.staleness_hours.value
        sentiment = news.as_of(
            self._source.signals(pair),
            dataframe["date"],
            self._candle,
            staleness=timedelta(hours=hours),
            last_unreadable=not self._source.readable(pair),
        )
        return dataframe.assign(**technical_indicators(dataframe, self.periods()), **sentiment)

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - Freqtrade passes it
        """Mark entries: every one of `entry_conditions`."""
        enter = entry_conditions(dataframe, self.rules()).all(axis=1)
        dataframe["enter_long"] = enter.astype(int)
        dataframe.loc[enter, "enter_tag"] = [entry_tag(row) for row in dataframe[enter].to_dict("records")]
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - Freqtrade passes it
        """Mark exits: any one of `exit_conditions`."""
        conditions = exit_conditions(dataframe, self.rules())
        leave = conditions.any(axis=1)
        fired = [[str(rule) for rule in row.index[row]] for _, row in conditions[leave].iterrows()]
        rows = dataframe[leave].to_dict("records")
        dataframe["exit_long"] = leave.astype(int)
        dataframe.loc[leave, "exit_tag"] = [
            exit_tag(row, rules) for row, rules in zip(rows, fired, strict=True)
        ]
        return dataframe

    def custom_stake_amount(
        self, pair: str, proposed_stake: float, min_stake: float | None, **_kwargs: object
    ) -> float:
        """`stake_for` the sentiment of the pair's last analysed candle."""
        candles, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        sentiment = float(candles["sentiment"].iloc[-1]) if len(candles) else math.nan
        return stake_for(sentiment, proposed_stake, min_stake, self.rules())

    def confirm_trade_entry(self, pair: str, **_kwargs: object) -> bool:
        """Refuse entries while the operator has paused them or while that cannot be known."""
        state = self._source.entries()
        if state != "open":
            logger.info("Entry of %s refused: trading:entries is %s", pair, state)
        return state == "open"

    def periods(self) -> Periods:
        """The values of the parameters in the space `indicators`."""
        return Periods(**{each.name: getattr(self, each.name).value for each in fields(Periods)})

    def rules(self) -> Rules:
        """The values of the parameters in the spaces `buy` and `sell`; the configuration may allow degraded ones."""
        rules = Rules(**{each.name: getattr(self, each.name).value for each in fields(Rules)})
        configured = self._settings.allow_degraded
        return rules if configured is None else replace(rules, buy_allow_degraded=configured)
