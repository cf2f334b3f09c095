"""The class that a strategy is derived from to get news."""

from typing import Any, ClassVar

import pandas as pd

from cryptoboy_sentiment.mixin import candles, entries, exits, lifecycle
from cryptoboy_sentiment.mixin.advice import unknown
from cryptoboy_sentiment.mixin.adviser import Adviser, adviser_of
from cryptoboy_sentiment.mixin.wrapping import Hook, wrap

# Freqtrade's hyperopt sends the modules of all base classes to its workers, up to one of the name IStrategy. Without
# this class it would go on to `object`, whose module cannot be sent, and no strategy with the mixin could be searched.
_End = type("IStrategy", (), {})


class SentimentMixin(_End):  # type: ignore[misc, valid-type]  # made by a call of type
    """Adds news to a strategy: `class Mine(SentimentMixin, IStrategy)`.

    The section `cryptoboy` of Freqtrade's configuration says by `use` what the news does: `veto` (the default: bad
    news blocks entries), `confirm` (entries need good news), `exit` (bad news closes trades), `size` (stakes follow
    the sentiment), and `features`, which is always done: the strategy's frames get the columns `sentiment` (-1..+1
    or NaN), `sentiment_aggregate` (-1..+1 or NaN), `sentiment_status`, `sentiment_age_hours`, `news_event` and
    `news_count`. They are there from populate_entry_trend on.
    """

    _cryptoboy: Adviser

    _hooks: ClassVar[dict[str, Hook]] = {
        "__init__": lifecycle.made,
        "bot_start": lifecycle.bot_start,
        "bot_loop_start": lifecycle.bot_loop_start,
        "advise_indicators": candles.advise_indicators,
        "advise_exit": candles.advise_exit,
        "confirm_trade_entry": entries.confirm_trade_entry,
        "check_entry_timeout": entries.check_entry_timeout,
        "adjust_trade_position": entries.adjust_trade_position,
        "custom_stake_amount": entries.custom_stake_amount,
        "custom_exit": exits.custom_exit,
        "confirm_trade_exit": exits.confirm_trade_exit,
        "order_filled": lifecycle.order_filled,
    }

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Wrap the methods of each strategy that is derived from this class."""
        super().__init_subclass__(**kwargs)
        wrap(cls, SentimentMixin._hooks)

    def sentiment_columns(self, pair: str, opens: "pd.Series[Any]") -> pd.DataFrame:
        """The columns of the news for a pair's candles with these opening times, for use in populate_indicators."""
        adviser = adviser_of(self)
        found = adviser.safely("computing columns", lambda: adviser.columns(pair, opens), None)
        found = unknown(opens) if found is None else found
        return found[[name for name in found if not str(name).startswith("cryptoboy_")]]
