"""The strategy with leaks planted into it. It runs in a Freqtrade folder, on nothing else of ours."""

from datetime import datetime, timedelta

import cryptoboy_sentiment as news
import pandas as pd
from freqtrade.strategy import BooleanParameter, DecimalParameter, IStrategy
from LLMSentimentStrategy import LLMSentimentStrategy

Metadata = dict[str, str]


class UrgentExits(LLMSentimentStrategy):
    """No leak: the strategy with exits by urgent news."""

    # Parameters belong to a class. The news of the tests is scored by the lexicon, which is seldom confident.
    sell_on_urgent_news = BooleanParameter(default=True, space="sell", optimize=False)
    sell_confidence_above = DecimalParameter(0.0, 1.0, default=0.3, space="sell", optimize=False)


class _Redated:
    """Signals that count from their publication on."""

    def __init__(self, source: news.SignalSource) -> None:
        self._source = source
        self.refresh, self.readable = source.refresh, source.readable
        self.entries, self.scored, self.holds = source.entries, source.scored, source.holds

    def signals(self, pair: str) -> pd.DataFrame:
        signals = self._source.signals(pair)
        return signals.assign(available_at=signals["published"])


class DatedByItsNews(LLMSentimentStrategy):
    """A signal counts from when its news was published, though it was not there before it was scored."""

    def bot_start(self, **_kwargs: object) -> None:
        super().bot_start()
        self._cryptoboy.source = _Redated(self._cryptoboy.source)


class ForwardJoin(LLMSentimentStrategy):
    """A candle takes the next signal after it instead of the last one before."""

    def sentiment_columns(self, pair: str, opens: "pd.Series[pd.Timestamp]") -> pd.DataFrame:
        columns = super().sentiment_columns(pair, opens)
        signals = self._cryptoboy.source.signals(pair).sort_values("available_at")
        joined = pd.merge_asof(
            opens.dt.as_unit("us").to_frame("available_at"),
            signals[["available_at", "score"]],
            on="available_at",
            direction="forward",
        )
        return columns.assign(sentiment=joined["score"].to_numpy())


class ShiftedColumn(LLMSentimentStrategy):
    """A column is shifted the wrong way round."""

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: Metadata) -> pd.DataFrame:
        frame = super().populate_indicators(dataframe, metadata)
        return frame.assign(macd=frame["macd"].shift(-1))


class FullPeriodNormalisation(LLMSentimentStrategy):
    """A column is scaled by what the whole period had."""

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: Metadata) -> pd.DataFrame:
        frame = super().populate_indicators(dataframe, metadata)
        spread = (frame["close"] - frame["close"].mean()) / frame["close"].std()
        return frame.assign(rsi=50 + 10 * spread)


class EarlyExit(UrgentExits):
    """An exit within a candle knows the news of the candle after it."""

    def custom_exit(self, pair: str, trade: object, current_time: datetime, **_kwargs: object) -> str | None:
        return super().custom_exit(pair, trade, current_time + timedelta(minutes=15))


LEAKS: tuple[type[IStrategy], ...] = (
    DatedByItsNews,
    ForwardJoin,
    ShiftedColumn,
    FullPeriodNormalisation,
    EarlyExit,
)
