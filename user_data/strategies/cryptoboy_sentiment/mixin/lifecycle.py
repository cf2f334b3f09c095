"""What the mixin does when a strategy is made, when it starts, and at the beginning of each loop of a bot."""

import logging
import os
from datetime import UTC, datetime
from typing import Any

from cryptoboy_sentiment.inputs import digests_of_inputs
from cryptoboy_sentiment.mixin.adviser import adviser_of, open_adviser
from cryptoboy_sentiment.mixin.wrapping import Call
from cryptoboy_sentiment.settings import Settings
from cryptoboy_sentiment.trace import remember
from cryptoboy_sentiment.urgent import refuse_without_exit_signals

logger = logging.getLogger(__name__)

_SERVE = {
    "veto": ("veto_below", "stand_aside"),
    "confirm": ("confirm_above",),
    "exit": ("exit_on", "exit_below", "exit_confidence_above"),
    "size": ("smallest_stake", "full_stake_above"),
}
"""For each use, the settings that have no effect without it."""


def made(call: Call) -> None:
    """Write the digests of a backtest's inputs into the configuration; see `digests_of_inputs`.

    This is done here because Freqtrade looks into its cache of results before it calls `bot_start`.
    """
    from freqtrade.enums import RunMode

    call.proceed()
    config = call.strategy.config
    if config.get("runmode") not in (RunMode.LIVE, RunMode.DRY_RUN):
        section = config.get("cryptoboy")
        config["cryptoboy_inputs"] = digests_of_inputs({} if section is None else section, os.environ)


def bot_start(call: Call) -> Any:  # noqa: ANN401 - what the strategy returns
    """Open the source of the signals before the strategy's own start, which may use it.

    Raises:
        ValueError: the settings or the sentiment CSV are not valid; Freqtrade then does not start.
    """
    strategy = call.strategy
    adviser = open_adviser(strategy)
    _warn_of_settings_without_use(adviser.settings)
    if "exit" in adviser.settings.use:
        refuse_without_exit_signals(strategy, "cryptoboy.use has exit")
        if getattr(strategy, "exit_profit_only", False):
            logger.warning(
                "exit_profit_only is true: while the strategy's own exit signal stands and a trade has no profit, "
                "Freqtrade does not ask whether news shall close it"
            )
    _refresh(strategy, datetime.now(UTC))
    return call.proceed()


def _warn_of_settings_without_use(settings: Settings) -> None:
    """Who sets what closes trades at once, and forgets the use, would believe that trades are protected."""
    for use, names in _SERVE.items():
        if use not in settings.use and (given := settings.model_fields_set & {*names}):
            logger.warning(
                "cryptoboy.%s has no effect: cryptoboy.use is %s, without %s",
                ", cryptoboy.".join(sorted(given)),
                list(settings.use),
                use,
            )


def bot_loop_start(call: Call) -> Any:  # noqa: ANN401 - as above
    """Bring the signals up to date before the strategy's own work."""
    _refresh(call.strategy, datetime.now(UTC))
    return call.proceed()


def _refresh(strategy: Any, now: datetime) -> None:  # noqa: ANN401 - Freqtrade publishes no types
    adviser = adviser_of(strategy)
    adviser.safely("refreshing", lambda: adviser.refresh(strategy.dp.current_whitelist, now), None)


def order_filled(call: Call) -> Any:  # noqa: ANN401 - as above
    """Store in a trade the id of the article that was known when it was entered."""
    adviser = adviser_of(call.strategy)
    trade, order = call.given["trade"], call.given["order"]
    if adviser.is_live and order.ft_order_side == trade.entry_side:
        article = adviser.entered_on.get(call.given["pair"], "")
        adviser.safely("noting the article", lambda: remember(trade, article), None)
    return call.proceed()
