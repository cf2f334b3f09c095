"""The weekly brief in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC

from services.common.text.harmless import harmless
from services.history_recorder.performance.report import MIN_EVENTS, Cell
from services.operations.briefs.document import Document, Line, Section, Span, line, quoted, strong
from services.operations.briefs.phrases import clock, count, exposures, profits
from services.operations.briefs.weekly import GROUPS, HORIZON, WeeklyBrief
from services.operations.why.comparisons import Comparison
from services.operations.words import percent, plain_name, share

FOOT = (
    "Returns are measured from the open of the next candle after a score, and compared with the same pairs at the same "
    "time of day on earlier days; no fees are counted. The figures are those of the page Scores for the same period, "
    "and no advice."
)
_MOST_NAMED = 4
_MOST_DIFFERENCES = 5
_HEADINGS = {"source": "By source", "kind": "By kind of news", "model": "By model"}


def weekly_document(brief: WeeklyBrief) -> Document:
    """The weekly brief in words."""
    begun, ended = clock(brief.since, brief.zone), clock(brief.at, brief.zone)
    return Document(
        "Weekly brief",
        f"From {begun} to {ended}.",
        (_nothing(),) if brief.is_empty else tuple(_sections(brief)),
        FOOT,
    )


def _nothing() -> Section:
    return Section(
        "Nothing was recorded",
        (
            line(
                "No article, score or trade of this period is in the history, so nothing is known of it. The services "
                "or the recorder did not run; ./cryptoboy doctor says what is missing."
            ),
        ),
    )


def _sections(brief: WeeklyBrief) -> list[Section]:
    counts = ", ".join(f"{number:,} after {horizon}" for horizon, number in brief.signals.items())
    measured = f"{count(brief.articles, 'article')}; scores whose outcome is known: {counts}."
    sections = [
        Section(
            "How the scores did",
            (line(measured), *map(_overall, brief.scores), line(strong("Last 30 days: "), brief.month)),
        )
    ]
    for group in GROUPS:
        cells = [cell for cell in brief.groups if cell.group == group]
        title = f"{_HEADINGS[group]}, {HORIZON} after the score"
        sections.append(Section(title, tuple(_group(cells)) or (_one(group, brief.signals.get(HORIZON, 0)),)))
    traded = [line(f"{count(brief.opened, 'trade')} opened."), *profits(brief.closed)]
    if not brief.closed:
        traded.append(line("No trade was closed."))
    return [
        *sections,
        Section("Trades", tuple(traded)),
        Section("The bot and a backtest of the same week", tuple(_backtest(brief))),
        Section("Exposure by asset", tuple(exposures(brief.exposure)) or (line("No trade is open."),)),
    ]


def _backtest(brief: WeeklyBrief) -> Iterator[Line]:
    found = brief.compared
    if found is None:
        begun, ended = (f"{each.astimezone(UTC):%Y-%m-%dT%H:%M}" for each in (brief.since, brief.at))
        yield line(
            "No backtest of this week was compared with the trades of the bot. This command makes one:"
        )
        yield line(
            "./cryptoboy backtest --sentiment history --candles history "
            f"--timeframe {brief.timeframe} --from {begun} --to {ended}"
        )
        return
    own = found.own
    yield line(f"{_of_backtest(found, brief.zone)}.")
    yield line(
        f"The bot opened {count(own.trades, 'trade')} in that time. The backtest opened {own.repeated:,} of them too, "
        f"in the same candle and with the same tag; {own.ended_alike:,} of these ended alike or are open in both. "
        f"It opened {count(sum(each.trade_id is None for each in own.differences), 'trade')} that the bot did not."
    )
    for each in own.differences[:_MOST_DIFFERENCES]:
        what = f"{each.pair} {each.side}, {clock(each.entered, brief.zone)}"
        yield line(strong(what), ": ", Span(harmless(each.reason), is_quoted=True))
    if more := len(own.differences[_MOST_DIFFERENCES:]):
        yield line(f"{count(more, 'more difference')}, which the backtest lists.")


def _of_backtest(found: Comparison, zone: str) -> str:
    pairs = ", ".join(found.pairs[:_MOST_NAMED])
    more = len(found.pairs) - _MOST_NAMED
    return (
        f"A backtest of {found.strategy} with the recorded signals, made {clock(found.made, zone)}: {found.timeframe} "
        f"candles of {pairs}{f' and {more} more' if more > 0 else ''} from {clock(found.start, zone)} to "
        f"{clock(found.end, zone)}{f', with {found.options}' if found.options else ''}"
    )


def _overall(cell: Cell) -> Line:
    figures = _figures(cell, " in the direction of the score")
    return line(strong(f"After {cell.horizon}"), f": {figures}{_judged(cell)}.")


def _group(cells: Sequence[Cell]) -> Iterator[Line]:
    is_open = all(cell.p is None for cell in cells)
    if cells:
        chance = " Too few days to tell any of it from chance." if is_open else ""
        yield line(f"The average move of the price in the direction of the score.{chance}")
    for cell in cells:
        yield line(quoted(plain_name(cell.value)), f": {_figures(cell)}{'' if is_open else _judged(cell)}.")


def _one(group: str, signals: int) -> Line:
    """Why a group has no figures."""
    if not signals:
        return line("No outcome is known yet.")
    return line(f"All scores are of one {group}, so its figures are those above.")


def _figures(cell: Cell, direction: str = "") -> str:
    scores = count(cell.events, "score")
    if cell.mean is None:
        return f"{scores}, fewer than the {MIN_EVENTS} from which figures are shown"
    if cell.directed is None:
        return f"{scores}, the price moved by {percent(cell.mean)} on average; too few with a direction to tell more"
    return (
        f"{scores}, on average {percent(cell.directed)}{direction}, right {share(cell.hit_share)} of the time"
    )


def _judged(cell: Cell) -> str:
    """Whether the figures of a cell are more than chance."""
    if cell.directed is None:
        return ""
    if cell.p is None:
        return ": too few days to tell from chance"
    judged = "may be chance"
    if cell.stands:
        judged = "more than chance" if cell.directed > 0 else "against the score by more than chance"
    return f" (95 % interval {percent(cell.directed_low)} to {percent(cell.directed_high)}): {judged}"
