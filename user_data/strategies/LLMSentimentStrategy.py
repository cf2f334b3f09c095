"""The trading strategy: news sentiment decides when to enter and exit, and technical indicators confirm entries.

Indicators, rules, tags and stakes are pure functions in the package beside this file, which bot, tests and tools
share; the class connects them with Freqtrade. The numbers are hyperopt parameters: the thresholds are in the spaces
`buy` and `sell`, and the parameters of the indicators are in the space `indicators`. That space needs
`freqtrade hyperopt --spaces indicators --analyze-per-epoch`, because otherwise indicators are computed only once. The
parameter `buy_confidence_above` needs this too, because the sentiment columns depend on the parameter.
"""

import logging
import math
import os
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import cryptoboy_sentiment as news
import numpy as np
import pandas as pd
from cryptoboy_sentiment import Periods, Rules
from freqtrade.enums import RunMode
from freqtrade.strategy import (
    BooleanParameter,
    CategoricalParameter,
    DecimalParameter,
    IntParameter,
    IStrategy,
)

logger = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
LONGEST_STALENESS_HOURS = 12.0  # that hyperopt tries; the configuration may ask for more


class LLMSentimentStrategy(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Trades long only: enters on strong positive news confirmed by indicators, exits if any exit rule fires."""

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

    # Which rules count, for subclasses that study a part of the strategy by itself.
    entry_rules: ClassVar[tuple[str, ...]] = news.ENTRY_RULES
    exit_rules: ClassVar[tuple[str, ...]] = news.EXIT_RULES

    # Named like the fields of `Rules` and `Periods`, which hold the defaults.
    buy_sentiment_from = CategoricalParameter(news.SENTIMENT_FROM, default=Rules.buy_sentiment_from)
    buy_sentiment_above = DecimalParameter(0.3, 0.95, default=Rules.buy_sentiment_above, decimals=2)
    buy_aggregate_above = DecimalParameter(0.1, 0.8, default=Rules.buy_aggregate_above, decimals=2)
    buy_confidence_above = DecimalParameter(0.0, 0.6, default=Rules.buy_confidence_above, decimals=2)
    buy_allow_degraded = BooleanParameter(default=Rules.buy_allow_degraded, optimize=False)
    buy_rsi_low = IntParameter(10, 45, default=Rules.buy_rsi_low)
    buy_rsi_high = IntParameter(55, 90, default=Rules.buy_rsi_high)
    buy_macd_cross_within = IntParameter(1, 8, default=Rules.buy_macd_cross_within)
    buy_full_stake_above = DecimalParameter(0.7, 0.95, default=Rules.buy_full_stake_above, decimals=2)
    buy_aggregate_full_stake_above = DecimalParameter(
        0.4, 0.9, default=Rules.buy_aggregate_full_stake_above, decimals=2
    )
    buy_reduced_stake = DecimalParameter(0.25, 1.0, default=Rules.buy_reduced_stake, decimals=2)
    sell_sentiment_from = CategoricalParameter(news.SENTIMENT_FROM, default=Rules.sell_sentiment_from)
    sell_sentiment_below = DecimalParameter(-0.95, -0.1, default=Rules.sell_sentiment_below, decimals=2)
    sell_aggregate_below = DecimalParameter(-0.8, -0.05, default=Rules.sell_aggregate_below, decimals=2)
    sell_rsi_above = IntParameter(50, 90, default=Rules.sell_rsi_above)
    sell_on_urgent_news = BooleanParameter(default=Rules.sell_on_urgent_news, optimize=False)
    sell_confidence_above = DecimalParameter(
        0.5, 1.0, default=Rules.sell_confidence_above, decimals=2, optimize=False
    )

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
        0.5, LONGEST_STALENESS_HOURS, default=news.STALENESS / HOUR, decimals=1, space="indicators"
    )
    half_life_hours = DecimalParameter(
        0.5, 12.0, default=news.HALF_LIFE / HOUR, decimals=1, space="indicators"
    )

    plot_config: ClassVar = news.PLOT_CONFIG

    def __init__(self, config: dict[str, Any]) -> None:
        """Write the digests of a backtest's inputs (see `digests_of_inputs`) into the configuration.

        This is done here because Freqtrade looks into its cache of results before it calls `bot_start`.
        """
        super().__init__(config)
        if config.get("runmode") not in (RunMode.LIVE, RunMode.DRY_RUN):
            section = config.get("cryptoboy", {})
            config["cryptoboy_inputs"] = news.digests_of_inputs(section, os.environ, [Path(__file__)])

    @property
    def protections(self) -> list[dict[str, Any]]:
        """The pauses without entries that Freqtrade enforces: after a trade, after stop losses, and in a drawdown.

        `freqtrade backtesting` and `hyperopt` enforce them only with `--enable-protections`.
        """
        return [dict(each) for each in news.PROTECTIONS]

    def bot_start(self, **_kwargs: object) -> None:
        """Read the settings, choose the source of the signals and load the signals.

        Raises:
            ValueError: the settings or the sentiment CSV are not valid, or `sell_on_urgent_news` is true and Freqtrade
                asks for no exits; Freqtrade then does not start.
        """
        if self.sell_on_urgent_news.value:
            news.refuse_without_exit_signals(self, "sell_on_urgent_news is true")
        oldest = timedelta(hours=LONGEST_STALENESS_HOURS)
        self._cryptoboy = news.Session(self.config, self.timeframe, oldest=oldest)
        self.bot_loop_start(datetime.now(UTC))

    def bot_loop_start(self, current_time: datetime, **_kwargs: object) -> None:
        """Bring the signals of all pairs up to date within a bounded time; does nothing in a backtest."""
        self._cryptoboy.refresh(self.dp.current_whitelist, current_time)

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Add the columns of `technical_indicators`, `as_of` and `aggregate_as_of`."""
        indicators = news.technical_indicators(dataframe, self.periods())
        sentiment = self.sentiment_columns(metadata["pair"], dataframe["date"])
        return pd.concat([dataframe, indicators, sentiment], axis=1)

    def sentiment_columns(self, pair: str, opens: "pd.Series[Any]") -> pd.DataFrame:
        """The columns of `as_of` and `aggregate_as_of` for a pair's candles with these opening times."""
        session = self._cryptoboy
        return news.sentiment_columns(
            session.source.signals(pair),
            opens,
            session.candle,
            staleness=self._staleness(),
            half_life=timedelta(hours=self.half_life_hours.value),
            last_unreadable=not session.source.readable(pair),
            confidence_above=self.buy_confidence_above.value,
        )

    def _staleness(self) -> timedelta:
        return timedelta(hours=self._cryptoboy.settings.staleness_hours or self.staleness_hours.value)

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Mark as entries the candles at which all `entry_conditions` that `entry_rules` names are true."""
        rules, used = self.rules(), list(self.entry_rules)
        held = news.entry_conditions(dataframe, rules)[used].to_numpy()
        enter = np.logical_and.reduce(held, axis=1)
        dataframe["enter_long"] = enter.astype(int)
        if not self._cryptoboy.is_search:  # Freqtrade's statistics take some 20 ms for each distinct tag
            dataframe["enter_tag"] = news.entry_tags(dataframe, enter, rules, used)
            dataframe["entry_rules"] = news.rules_text(held, used)  # what `cryptoboy why` shows
        if self._cryptoboy.is_live and len(held):
            self._cryptoboy.telemetry.rules_held(metadata["pair"], np.array(used)[held[-1]])
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Mark as exits the candles at which any of the `exit_conditions` that `exit_rules` names is true."""
        rules = self.rules()
        fired = news.exit_conditions(dataframe, rules)[list(self.exit_rules)]
        dataframe["exit_long"] = fired.to_numpy().any(axis=1).astype(int)
        if not self._cryptoboy.is_search:
            dataframe["exit_tag"] = news.exit_tags(dataframe, fired, rules)
        if self._cryptoboy.is_live and len(dataframe):
            last = dataframe.tail(1)
            sentiment = float(news.entry_sentiment(last, rules).iloc[0])
            self._cryptoboy.telemetry.candle(metadata["pair"], last, sentiment)
        return dataframe

    def custom_stake_amount(
        self, pair: str, proposed_stake: float, min_stake: float | None, **_kwargs: object
    ) -> float:
        """The stake for the last analysed candle's sentiment; the proposed stake if no entry rule uses sentiment."""
        if "sentiment" not in self.entry_rules:
            return proposed_stake
        candles, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        rules = self.rules()
        sentiment = math.nan if candles.empty else float(news.entry_sentiment(candles.tail(1), rules).iloc[0])
        return news.stake_for(sentiment, proposed_stake, min_stake, rules)

    def confirm_trade_entry(
        self, pair: str, current_time: datetime, entry_tag: str | None = None, **_kwargs: object
    ) -> bool:
        """Refuse entries while there is a hold or no one knows, and those that urgent news would close at once."""
        session, urgent = self._cryptoboy, self._urgent(pair, current_time, current_time)
        state = session.source.entries
        session.telemetry.entry(pair, "news" if state == "open" and urgent else state)
        if state != "open":
            owners = ", ".join(hold.owner for hold in session.source.holds)
            logger.info("Entry of %s refused: entries are %s%s", pair, state, owners and f" by {owners}")
        elif urgent:
            logger.info("Entry of %s refused: [%s], trace_id=%s", pair, urgent.tag, urgent.article_id)
        elif session.is_live:
            article = self._trace_id(pair)
            session.entered_on[pair] = article
            logger.info("Entry of %s on [%s], trace_id=%s", pair, entry_tag, article)
        return state == "open" and not urgent

    def order_filled(self, pair: str, trade: Any, order: Any, **_kwargs: object) -> None:  # noqa: ANN401 - Freqtrade publishes no types
        """Store in a trade the id of the article that led to it."""
        if self._cryptoboy.is_live and order.ft_order_side == trade.entry_side:
            news.remember(trade, self._cryptoboy.entered_on.get(pair) or self._trace_id(pair))

    def custom_exit(self, pair: str, trade: Any, current_time: datetime, **_kwargs: object) -> str | None:  # noqa: ANN401 - as above
        """Close a trade at once on urgent news, if `sell_on_urgent_news` is true; a bot asks in each loop."""
        urgent = self._urgent(pair, current_time, trade.open_date_utc)
        return None if urgent is None else self._cryptoboy.exit_reason(urgent)

    # By this name Freqtrade takes it for its own method, and makes no deep copy of the trade for each call.
    custom_exit.__qualname__ = "IStrategy.custom_exit"

    def _urgent(self, pair: str, now: datetime, opened: datetime) -> news.Urgent | None:
        if not self.sell_on_urgent_news.value or "sentiment" not in self.exit_rules:
            return None
        rules = self.rules().urgent(self._cryptoboy.settings.exit_on, self._staleness())
        return self._cryptoboy.urgent(pair, now, opened, rules)

    def confirm_trade_exit(self, pair: str, trade: Any, exit_reason: str, **_kwargs: object) -> bool:  # noqa: ANN401 - as above
        """Allow every exit; log the article that led to the exit and the article that led to the trade."""
        if self._cryptoboy.is_live:
            self._cryptoboy.report_exit(pair, trade, exit_reason, self._trace_id(pair))
        return True

    def _trace_id(self, pair: str) -> str:
        """The id of the article that was the newest known at the pair's last analysed candle."""
        return news.trace_id(self.dp.get_analyzed_dataframe(pair, self.timeframe)[0])

    def periods(self) -> Periods:
        """The values of the parameters in the space `indicators`."""
        return Periods(**{each.name: getattr(self, each.name).value for each in fields(Periods)})

    def rules(self) -> Rules:
        """The parameter values of the spaces `buy` and `sell`; the configuration may set `buy_allow_degraded`."""
        rules = Rules(**{each.name: getattr(self, each.name).value for each in fields(Rules)})
        configured = self._cryptoboy.settings.allow_degraded
        return rules if configured is None else replace(rules, buy_allow_degraded=configured)
