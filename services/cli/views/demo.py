"""The live view of a demo: news, scores, candles and trades, as a screen on a terminal or as lines on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from services.cli.support.answers import say
from services.cli.support.console import PlainConsole
from services.common.messages import SentimentSignal
from services.demo.observer import Scene
from services.demo.plan import DemoPlan
from services.demo.run import DemoResult

LINE_EVERY_SECONDS = 10.0
ARTICLES_SHOWN = 8
# The title of the table, its head and the line below the head.
_LINES_ABOVE_NEWS = 3
_COLOURS = {
    "very_bullish": "bold green", "bullish": "green", "neutral": "dim", "bearish": "red", "very_bearish": "bold red",
}  # fmt: skip


@contextmanager
def watching(
    plan: DemoPlan, *, live: bool
) -> Iterator[tuple[Callable[[str], None], Callable[[Scene], None]]]:
    """Yield a function that shows a message and a function that shows a scene, on a screen or as occasional lines."""
    if not live:
        yield say, _lines()
        return
    console = PlainConsole()
    waiting = Text("starting the programs; the live view begins when Freqtrade is ready ...")
    with Live(waiting, console=console, refresh_per_second=4) as screen:
        yield (
            lambda text: console.print(Text(text, style="cyan")),
            lambda scene: screen.update(picture(plan, scene, console)),
        )


def _lines() -> Callable[[Scene], None]:
    last = 0.0

    def show(scene: Scene) -> None:
        nonlocal last
        if time.monotonic() - last < LINE_EVERY_SECONDS:
            return
        last = time.monotonic()
        counts = scene.counts
        scores = " ".join(
            f"{pair} {float(fields['score']):+.2f}" for pair, fields in scene.sentiment.items() if fields
        )
        say(
            f"{scene.elapsed:3.0f} of {scene.limit:.0f} s: {counts.articles_published} articles, "
            f"{counts.signals_cached} signals, {counts.candles_published} candles, {len(scene.trades)} trades; {scores}"
        )

    return show


def picture(plan: DemoPlan, scene: Scene, console: Console) -> Group:
    """The screen for a scene; older news that does not fit the height of `console` is left out."""
    above: list[RenderableType] = [_head(plan, scene), _pairs(scene), _trades(scene)]
    lines = 1 + sum(len(console.render_lines(part)) + 1 for part in above)
    most = max(console.height - lines - _LINES_ABOVE_NEWS, 1)
    shown: list[RenderableType] = []
    for part in (*above, _news(scene, most)):
        shown += [Text(), part]
    return Group(*shown)


def _head(plan: DemoPlan, scene: Scene) -> Text:
    counts = scene.counts
    return Text(
        f"Freqtrade's clock: {scene.clock} UTC ({plan.speed:g}x)   {scene.elapsed:.0f} of {scene.limit:.0f} s\n"
        f"articles {counts.articles_published}   signals {counts.signals_cached}   "
        f"candles {counts.candles_published}   waiting {counts.waiting}   dead letters {counts.dead_lettered}",
        style="bold",
    )


def _table(title: str, *columns: Column | str) -> Table:
    """A table as wide as the screen, whose last column gets the remaining width."""
    return Table(
        *columns, title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False
    )  # fmt: skip


def _narrow(name: str) -> Column:
    return Column(name, no_wrap=True)


def _pairs(scene: Scene) -> Table:
    table = _table(
        "Newest score of each pair",
        *map(_narrow, ("pair", "price", "score", "label")),
        _one_line("newest headline"),
    )
    for pair, fields in scene.sentiment.items():
        price = f"{scene.prices[pair]:,.2f}" if pair in scene.prices else ""
        if fields is None:
            table.add_row(pair, price, "none", "", "")
        else:
            label = Text(fields["label"], style=_COLOURS.get(fields["label"], ""))
            table.add_row(pair, price, f"{float(fields['score']):+.2f}", label, Text(fields["headline"]))
    return table


def _one_line(name: str) -> Column:
    return Column(name, no_wrap=True, overflow="ellipsis", ratio=1)


def _news(scene: Scene, most: int) -> Table:
    """A table of the newest articles; each has one row with the coins that it is about."""
    table = _table(
        "News as it was scored", *map(_narrow, ("time", "source", "coins", "score")), _one_line("headline")
    )
    by_article: dict[tuple[str, float], list[SentimentSignal]] = {}
    for signal in scene.headlines:
        by_article.setdefault((signal.article_id, signal.sentiment_score), []).append(signal)
    for signals in list(by_article.values())[: min(most, ARTICLES_SHOWN)]:
        first = signals[0]
        score = Text(f"{first.sentiment_score:+.2f}", style=_COLOURS.get(first.sentiment_label, ""))
        coins = ",".join(signal.pair.split("/")[0] for signal in signals)
        table.add_row(f"{first.published:%H:%M}", Text(first.source), coins, score, Text(first.headline))
    return table


def _trades(scene: Scene) -> Table:
    title = "Trades of Freqtrade (dry-run)"
    table = _table(title, *map(_narrow, ("pair", "state", "in", "out", "profit")), Column("why", ratio=1))
    for trade in scene.trades:
        why = trade.enter_tag if trade.is_open else f"{trade.enter_tag} -> {trade.exit_reason}"
        table.add_row(
            trade.pair,
            "open" if trade.is_open else "closed",
            f"{trade.open_rate:,.2f}",
            f"{trade.close_rate:,.2f}" if trade.close_rate and not trade.is_open else "",
            f"{trade.profit_ratio:+.2%}",
            Text(why),
        )
    if not scene.trades:
        table.add_row("none yet", "", "", "", "", "")
    return table


def summary_text(plan: DemoPlan, result: DemoResult, problem: str | None) -> str:
    """The text of a demo's summary for people."""
    counts = result.counts
    lines = [
        "",
        f"The demo ended: {result.reason}." if problem is None else f"The demo failed: {problem}.",
        f"  articles published   {counts.articles_published}",
        f"  signals cached       {counts.signals_cached}",
        f"  candles published    {counts.candles_published}",
        f"  messages lost        {counts.messages_lost}   dead-lettered {counts.dead_lettered}",
    ]
    lines += [
        f"  newest score {pair:<10} {float(fields['score']):+.2f} {fields['label']}"
        for pair, fields in result.sentiment.items()
        if fields
    ]
    lines.append("  (the page's word beside a pair is its aggregate: all signals in force together)")
    for trade in result.trades:
        lines.append(f"  trade {trade.pair}: in at {trade.open_rate:g} because of [{trade.enter_tag}]")
        if not trade.is_open:
            lines.append(
                f"    out at {trade.close_rate or 0:g} because of [{trade.exit_reason}], {trade.profit_ratio:+.2%}"
            )
    lines.append(
        f"  {result.duration_seconds:.0f} s in all, ready after {result.ready_seconds:.0f} s. "
        + ("The headlines were written for this demo." if plan.expects_trade else "")
    )
    return "\n".join(lines)
