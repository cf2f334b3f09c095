"""What a strategy needs of the news while a bot, a backtest or a search runs: settings, signals, holds and metrics."""

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from importlib import import_module
from typing import Any, ClassVar, TypeVar

from cryptoboy_sentiment.opening import history_signals, live_signals
from cryptoboy_sentiment.plain import one_line
from cryptoboy_sentiment.settings import OF_THE_MIXIN, Settings
from cryptoboy_sentiment.sources import SignalSource
from cryptoboy_sentiment.telemetry import open_telemetry
from cryptoboy_sentiment.trace import remembered
from cryptoboy_sentiment.unscored import Unscored, open_trade_pairs
from cryptoboy_sentiment.urgent import Urgent, UrgentNews, UrgentRules

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

LIVE_CANDLES = 1000  # about as many as Freqtrade keeps of a pair


class Session:
    """The source of the signals, and what is known of a strategy's run.

    Attributes:
        settings: the section `cryptoboy` of the configuration.
        source: where the signals come from. A study may replace it by another history.
        is_live: whether this is a bot, with real money or in dry-run.
        is_search: whether this is hyperopt.
        candle: the length of the strategy's candles.
        entered_on: by pair, the article of the last entry, for an order that is filled candles later.
    """

    _ignored: ClassVar[frozenset[str]] = OF_THE_MIXIN
    """Settings that would be ignored; a class that reads them has none."""

    def __init__(self, config: Mapping[str, Any], timeframe: str, *, oldest: timedelta) -> None:
        """Open the source of the signals.

        Args:
            config: Freqtrade's configuration.
            timeframe: of the strategy, as '15m'.
            oldest: how long before a candle signals may have been published that count for the candle.

        Raises:
            ValueError: the settings or the sentiment CSV are not valid, a bot would ignore settings, or the package
                redis is missing.
        """
        # Here, because other programs import this package without Freqtrade.
        from freqtrade.enums import RunMode
        from freqtrade.strategy import timeframe_to_seconds

        section = config.get("cryptoboy")
        if section is None:
            _refuse_misspelt_section(config)
        self.settings = Settings.read({} if section is None else section, os.environ)
        self.is_live = config.get("runmode") in (RunMode.LIVE, RunMode.DRY_RUN)
        self.is_search = config.get("runmode") == RunMode.HYPEROPT
        self._refuse_what_is_ignored()
        self.candle = timedelta(seconds=timeframe_to_seconds(timeframe))
        if self.is_search:
            _send_package_to_workers()
        self.source: SignalSource = (
            live_signals(
                self.settings,
                window=LIVE_CANDLES * self.candle + self._oldest(oldest),
                dry_run=config.get("runmode") == RunMode.DRY_RUN,
            )
            if self.is_live
            else history_signals(self.settings)
        )
        port = self.settings.metrics_port if self.is_live else None
        self.telemetry = open_telemetry(self.settings.metrics_host, port)
        self.entered_on: dict[str, str] = {}
        self._unscored = Unscored()
        self._urgent_news = UrgentNews(self.candle)
        self._last_urgent: dict[str, Urgent] = {}
        self._said: dict[object, object] = {}

    def _refuse_what_is_ignored(self) -> None:
        """Raise ValueError if the configuration asks for protection that this strategy would not give its trades.

        A backtest may compare strategies of both kinds with one configuration, so it only says so.
        """
        ignored = sorted(self.settings.model_fields_set & self._ignored)
        if not ignored:
            return
        message = (
            f"cryptoboy.{', cryptoboy.'.join(ignored)}: only strategies with SentimentMixin read this; this one "
            "has rules of its own, whose thresholds are its parameters: take it out of the configuration"
        )
        if self.is_live:
            raise ValueError(message)
        if not self.is_search:
            logger.warning(message)

    def _oldest(self, at_least: timedelta) -> timedelta:
        hours = max(self.settings.staleness_hours or 0, *self.settings.stand_aside.values(), 0)
        return max(at_least, timedelta(hours=hours))

    def refresh(self, whitelist: Callable[[], list[str]], now: datetime) -> None:
        """Bring the signals of a bot's pairs up to date within a bounded time; does nothing in a backtest."""
        if self.is_live:
            # A pair that was taken out of the whitelist is still looked after while a trade in it is open.
            pairs = list(dict.fromkeys([*whitelist(), *open_trade_pairs()]))
            self.source.refresh(pairs, now)
            self.telemetry.loop(now, self.source, pairs)
            self.telemetry.unscored(len(self._unscored.look(pairs, self.source.scored)))

    def urgent(
        self, pair: str, now: datetime, opened: datetime, rules: UrgentRules, *, is_short: bool = False
    ) -> Urgent | None:
        """The news that closes a trade now; None if there is none, or the source could not be read.

        The arguments are those of `UrgentNews.against`.
        """
        if not self.source.readable(pair):
            return None
        found = self._urgent_news.against(
            pair, self.source.signals(pair), now, opened, rules, is_short=is_short
        )
        if found is not None:
            self._last_urgent[pair] = found
        return found

    def exit_reason(self, urgent: Urgent) -> str:
        """The reason of an exit by urgent news.

        In a search it is always the same: Freqtrade's statistics take some 20 ms for each reason in each epoch.
        """
        return "news" if self.is_search else urgent.tag

    def report_exit(self, pair: str, trade: Any, reason: str, article: str) -> None:  # noqa: ANN401 - Freqtrade publishes no types
        """Log and count an exit that is ordered now.

        The log names the article of the entry, and that of the exit: of the urgent news if it is the reason, or else
        `article`.
        """
        urgent = self._last_urgent.get(pair)
        if urgent is not None and urgent.tag == reason:
            article = one_line(urgent.article_id)
        self.telemetry.exit(pair, reason)
        then = remembered(trade)
        logger.info("Exit of %s on [%s], trace_id=%s, entered on trace_id=%s", pair, reason, article, then)

    def safely(self, what: str, work: Callable[[], _T], otherwise: _T) -> _T:
        """The result of `work`, or `otherwise` where it fails in a bot, which a fault of ours must not disturb.

        In a backtest or a search the error is raised, because a result without the news would be wrong.
        """
        try:
            return work()
        except Exception:
            if not self.is_live:
                raise
            if self.is_new(("fault", what), True):
                logger.exception("The news could not be used: %s failed; the bot goes on", what)
            return otherwise

    def is_new(self, subject: object, statement: object) -> bool:
        """Whether the last call for this subject made another statement: a log repeats nothing in every loop."""
        before = self._said.get(subject)
        self._said[subject] = statement
        return before != statement


def _refuse_misspelt_section(config: Mapping[str, Any]) -> None:
    """Raise ValueError if another key looks like the name of the section, which would be ignored."""
    names = [name for name in config if name != "cryptoboy_inputs"]  # our own, see `digests_of_inputs`
    for near in get_close_matches("cryptoboy", names, 1, 0.85):
        raise ValueError(f"the configuration has {near}, which nothing reads; did you mean cryptoboy?")


def _send_package_to_workers() -> None:
    """Hyperopt's workers cannot import from the strategy's folder: they are sent this package itself.

    Freqtrade pickles with the package cloudpickle or, in older versions, with the one inside joblib.
    """
    package = import_module(__package__)
    for name in ("cloudpickle", "joblib.externals.cloudpickle"):
        try:
            import_module(name).register_pickle_by_value(package)
        except ImportError:  # the version of Freqtrade that runs uses the other one
            continue
