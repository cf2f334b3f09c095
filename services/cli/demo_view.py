"""The live view of a demo: news, scores, candles, trades. On a terminal a screen, elsewhere lines on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.cli.demo_observer import Scene
from services.cli.demo_plan import DemoPlan

LINE_EVERY_SECONDS = 10.0
_COLOURS = {
    "very_bullish": "bold green", "bullish": "green", "neutral": "dim", "bearish": "red", "very_bearish": "bold red",
}  # fmt: skip


class View(Protocol):
    """Shows scenes while it is entered."""

    def show(self, scene: Scene) -> None:
        """Show what is happening now."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def watcher(plan: DemoPlan, *, live: bool) -> tuple[Callable[[str], None], View]:
    """A function that tells one line, and the view."""
    if live:
        console = Console()
        return (lambda text: console.print(Text(text, style="cyan")), _Screen(plan, console))
    return (_tell_stderr, _Lines())


def _tell_stderr(text: str) -> None:
    sys.stderr.write(f"cryptoboy: {text}\n")
    sys.stderr.flush()


class _Lines:
    """A line from time to time, for logs and pipes."""

    def __init__(self) -> None:
        self._last = 0.0

    def show(self, scene: Scene) -> None:
        if time.monotonic() - self._last < LINE_EVERY_SECONDS:
            return
        self._last = time.monotonic()
        books = scene.books
        scores = " ".join(
            f"{pair} {float(fields['score']):+.2f}" for pair, fields in scene.sentiment.items() if fields
        )
        _tell_stderr(
            f"{scene.elapsed:3.0f} of {scene.limit:.0f} s: {books.articles_published} articles, "
            f"{books.signals_cached} signals, {books.candles_published} candles, {len(scene.trades)} trades; {scores}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Screen:
    """A picture that is drawn over itself."""

    def __init__(self, plan: DemoPlan, console: Console) -> None:
        self._plan = plan
        self._live = Live(Text("starting the programs ..."), console=console, refresh_per_second=4)

    def show(self, scene: Scene) -> None:
        self._live.update(Group(self._head(scene), _pairs(scene), _news(scene), _trades(scene)))

    def _head(self, scene: Scene) -> Text:
        books = scene.books
        return Text(
            f"\n{scene.clock} UTC ({self._plan.speed:g}x)   {scene.elapsed:.0f} of {scene.limit:.0f} s   "
            f"articles {books.articles_published}   signals {books.signals_cached}   "
            f"candles {books.candles_published}   waiting {books.waiting}   dead {books.dead_lettered}",
            style="bold",
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, value, trace)


def _pairs(scene: Scene) -> Table:
    table = Table("pair", "price", "sentiment", "label", "newest headline", title="Sentiment", expand=True)
    for pair, fields in scene.sentiment.items():
        price = f"{scene.prices[pair]:,.2f}" if pair in scene.prices else ""
        if fields is None:
            table.add_row(pair, price, "none yet", "", "")
        else:
            label = Text(fields["label"], style=_COLOURS.get(fields["label"], ""))
            table.add_row(pair, price, f"{float(fields['score']):+.2f}", label, Text(fields["headline"]))
    return table


def _news(scene: Scene) -> Table:
    table = Table(
        "published", "source", "pair", "score", "headline", title="News as it was scored", expand=True
    )
    for signal in scene.headlines:
        score = Text(f"{signal.sentiment_score:+.2f}", style=_COLOURS.get(signal.sentiment_label, ""))
        table.add_row(
            f"{signal.published:%H:%M:%S}", signal.source, signal.pair, score, Text(signal.headline)
        )
    return table


def _trades(scene: Scene) -> Table:
    table = Table(
        "pair", "state", "in", "out", "profit", "why", title="Trades of Freqtrade (dry-run)", expand=True
    )
    for trade in scene.trades:
        why = trade.enter_tag if trade.is_open else f"{trade.enter_tag} -> {trade.exit_reason}"
        table.add_row(
            trade.pair,
            "open" if trade.is_open else "closed",
            f"{trade.open_rate:,.2f}",
            f"{trade.close_rate:,.2f}" if trade.close_rate else "",
            f"{trade.profit_ratio:+.2%}",
            Text(why),
        )
    return table
