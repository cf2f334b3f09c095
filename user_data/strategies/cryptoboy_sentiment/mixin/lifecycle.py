"""What the mixin does when a strategy is made, when it starts, and at the beginning of each loop of a bot."""

import os
from datetime import UTC, datetime
from typing import Any

from cryptoboy_sentiment.inputs import digests_of_inputs
from cryptoboy_sentiment.mixin.adviser import Adviser
from cryptoboy_sentiment.mixin.wrapping import Call
from cryptoboy_sentiment.trace import remember


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
    adviser = Adviser(strategy.config, strategy.timeframe, can_short=bool(strategy.can_short))
    if "exit" in adviser.settings.use and not strategy.use_exit_signal:
        raise ValueError(
            "cryptoboy.use has exit, but the strategy has use_exit_signal = False, with which Freqtrade never asks "
            "whether a trade shall be closed: take exit out of cryptoboy.use, or set use_exit_signal = True"
        )
    strategy._cryptoboy = adviser  # noqa: SLF001 - the mixin's own
    _refresh(strategy, datetime.now(UTC))
    return call.proceed()


def bot_loop_start(call: Call) -> Any:  # noqa: ANN401 - as above
    """Bring the signals up to date before the strategy's own work."""
    _refresh(call.strategy, datetime.now(UTC))
    return call.proceed()


def _refresh(strategy: Any, now: datetime) -> None:  # noqa: ANN401 - Freqtrade publishes no types
    adviser: Adviser = strategy._cryptoboy  # noqa: SLF001 - the mixin's own
    adviser.safely("refreshing", lambda: adviser.refresh(strategy.dp.current_whitelist, now), None)


def order_filled(call: Call) -> Any:  # noqa: ANN401 - as above
    """Store in a trade the id of the article that was known when it was entered."""
    adviser: Adviser = call.adviser
    trade, order = call.given["trade"], call.given["order"]
    if adviser.is_live and order.ft_order_side == trade.entry_side:
        article = adviser.entered_on.get(call.given["pair"], "")
        adviser.safely("noting the article", lambda: remember(trade, article), None)
    return call.proceed()
