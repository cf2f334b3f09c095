"""Anybody's strategy with the mixin: it trades with news by what the configuration uses news for, or without."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
from cryptoboy_sentiment import Settings, SignalSource, signals_frame

from services.research.backtest.plan import Variant
from services.research.backtest.strategies.changes import FIELDS
from services.research.backtest.strategies.counts import Level, Row, count, reasons, signals_beyond
from services.research.backtest.strategies.memory import history_in_memory
from services.research.backtest.strategies.subject import Frames

_FEATURES = ("features",)
_BLOCK = "cryptoboy_block_"
_SAID = "news blocks: "


class MixinUses:
    """A `Subject` that takes news by `SentimentMixin`.

    Without news it has no signals at all, and uses none: rules that read the columns of news by themselves find them
    as they are where nobody has written about the pair.
    """

    fields: Collection[str] = FIELDS
    may_read_news = True

    def __init__(self, strategy: Any) -> None:  # noqa: ANN401 - Freqtrade publishes no types
        """Take the strategy that Freqtrade loaded and started."""
        self._strategy = strategy
        self.rules_alone = f"the rules of {type(strategy).__name__}"

    @property
    def source(self) -> SignalSource:
        """Where the strategy has its signals from."""
        source: SignalSource = self._strategy._cryptoboy.source  # noqa: SLF001 - the mixin lets studies replace it
        return source

    @source.setter
    def source(self, source: SignalSource) -> None:
        self._strategy._cryptoboy.source = source  # noqa: SLF001 - as above

    @property
    def settings(self) -> Settings:
        """The section `cryptoboy` of the configuration."""
        settings: Settings = self._strategy._cryptoboy.settings  # noqa: SLF001 - as above
        return settings

    @property
    def variants(self) -> Mapping[Variant, str]:
        """The variants, with what the configuration uses news for."""
        return {
            Variant.TECHNICAL: "The strategy's own rules alone: no news, and no use of it.",
            Variant.COMBINED: f"The strategy as it trades, with news for: {', '.join(self.settings.use)}.",
        }

    @property
    def levels(self) -> tuple[float, float]:
        """The scores above and below which a signal is shown as good or bad news."""
        return self.settings.confirm_above, self.settings.veto_below

    @contextmanager
    def trading(self, variant: Variant) -> Iterator[None]:
        """Take the news away for the rules alone."""
        settings, source = self.settings, self.source
        try:
            if variant is Variant.TECHNICAL:
                self._use(settings.model_copy(update={"use": _FEATURES}))
                self.source = history_in_memory(signals_frame([]))
            yield
        finally:
            self._use(settings)
            self.source = source

    def _use(self, settings: Settings) -> None:
        self._strategy._cryptoboy.settings = settings  # noqa: SLF001 - as above

    @contextmanager
    def asking(self) -> Iterator[Collection[str]]:
        """Collect the pairs for whose news the strategy's own code asks meanwhile."""
        asked: set[str] = set()
        answer = self._strategy.sentiment_columns

        def noting(pair: str, opens: pd.Series[Any]) -> pd.DataFrame:
            asked.add(pair)
            columns: pd.DataFrame = answer(pair, opens)
            return columns

        self._strategy.sentiment_columns = noting
        try:
            yield asked
        finally:
            del self._strategy.sentiment_columns

    def columns(self, pair: str, opens: pd.Series[Any]) -> pd.DataFrame:
        """Compute all columns that the mixin adds."""
        columns: pd.DataFrame = self._strategy._cryptoboy.columns(pair, opens)  # noqa: SLF001 - as above
        return columns

    def rules_fired(self, frames: Frames, trades: pd.DataFrame) -> Row:
        """Count the candles at which news blocks entries, by what it says, and the trades by their exit reason."""
        candles = sum(map(len, frames.values()))
        said = pd.concat([_blocked(frame) for frame in frames.values()])
        kinds = sorted(said[said != ""].unique())
        blocked = {str(kind): count(said == kind, candles) for kind in kinds}
        return {
            "candles": candles,
            "blocked": blocked | ({"any": count(said != "", candles)} if kinds else {}),
            "trades": len(trades),
            "exit_reasons": reasons(trades),
            "never": [],
        }

    def signals_beyond(self, signals: pd.DataFrame, frames: Frames) -> Row:
        """Count the signals beyond the thresholds that are used, and the candles whose sentiment lies beyond them."""
        name = "sentiment_aggregate" if self.settings.sentiment_from == "aggregate" else "sentiment"
        sentiment = pd.concat([frame[name] for frame in frames.values()])
        return signals_beyond(signals, frames, self._thresholds(sentiment))

    def _thresholds(self, sentiment: pd.Series[float]) -> list[Level]:
        settings = self.settings
        of_use = {
            "veto": Level("veto_below", settings.veto_below, "below", sentiment),
            "confirm": Level("confirm_above", settings.confirm_above, "above", sentiment),
            "exit": Level("exit_below", settings.exit_below, "below", sentiment),
            "size": Level("full_stake_above", settings.full_stake_above, "above", sentiment),
        }
        return [level for use, level in of_use.items() if use in settings.use]


def _blocked(frame: pd.DataFrame) -> pd.Series[str]:
    """Say for each candle what blocks entries of a side, without the score; empty where nothing does."""
    said = pd.Series("", index=frame.index)
    for name in (name for name in frame if str(name).startswith(_BLOCK)):
        texts = frame[name].astype("str").str.removeprefix(_SAID).str.replace(r" -?[0-9.]+$", "", regex=True)
        said = said.where(said != "", texts)
    return said
