"""The daily brief in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.common.values import STRONG, asset_of
from services.operations.briefs.blocked import Blocked, HoldChange
from services.operations.briefs.daily import DailyBrief, OpenTrade
from services.operations.briefs.document import Document, Line, Section, Span, line, quoted, strong
from services.operations.briefs.moods import Moods, PairMood
from services.operations.briefs.phrases import (
    clock,
    count,
    headline,
    profits,
    scores_of,
    sources_of,
    time_of_day,
)
from services.operations.briefs.stories import ToldStory
from services.operations.briefs.strong_scores import StrongMoves, StrongScores
from services.operations.holds import Hold
from services.operations.news.grouping import PairScore
from services.operations.why.sentences import holder
from services.operations.words import amount, mood, percent, plain_name, price, score, written_instant

MOST_BLOCKED = 8
_STRONG = f"at least {score(STRONG)} or at most {score(-STRONG)}"
FOOT = (
    f"A score is what a model says about news, from {score(-1)} to {score(1)}; it may be wrong, and it is no advice. "
    "The figures are those of the page at the same instant. Gains of open trades are those of the price alone, before "
    "fees."
)


def daily_document(brief: DailyBrief) -> Document:
    """The daily brief in words."""
    begun, ended = clock(brief.since, brief.zone), clock(brief.at, brief.zone)
    sections = [
        _section("Mood of the pairs", _moods(brief.moods), "No pair is scored: TRADING_PAIRS names none."),
        _section(
            "The stories that most sources told",
            (_story(each, brief.zone) for each in brief.stories),
            "No story about a pair was told.",
        ),
        _section("Open trades", _trades(brief), "No trade is open."),
        *([_section("News of what is held", _held(brief))] if brief.trades else []),
        _section("Closed trades", profits(brief.closed), "No trade was closed."),
        _section(
            "Blocked, and why",
            _blocked(brief),
            "No entry was blocked, and no hold was set, lifted or in force.",
        ),
        _section(
            "Silent sources", _silent(brief), "Every source that usually tells something every day did."
        ),
        _section("How the strong scores did", _strong(brief.strong)),
    ]
    if brief.is_empty:
        sections = [_nothing(), *(each for each in sections if each.title in _ALSO_WITHOUT_DATA)]
    return Document("Daily brief", f"From {begun} to {ended}.", tuple(sections), FOOT)


_ALSO_WITHOUT_DATA = frozenset({"Open trades", "Blocked, and why"})
"""What matters even if nothing was recorded; the others would only repeat that."""


def _nothing() -> Section:
    return Section(
        "Nothing was recorded",
        (
            line(
                "No article and no candle of this period is in the history, so nothing is known of it: not that it was "
                "quiet. The services or the recorder did not run, or the network was away; ./cryptoboy doctor says "
                "what is missing."
            ),
        ),
    )


def _section(title: str, lines: Iterable[Line], otherwise: str = "") -> Section:
    return Section(title, tuple(lines) or (line(otherwise),))


def _moods(found: Moods) -> Iterator[Line]:
    yield from map(_mood, found.pairs)
    if found.pairs and not found.of_store:
        yield line(
            "Redis was not read, so these are the moods of the recorded signals; the page may show others."
        )


def _mood(found: PairMood) -> Line:
    before = "none before" if found.before is None else f"{score(found.before)} before"
    if found.mood is None:
        return line(strong(found.pair), f": no sentiment that the strategy would use ({before}).")
    change = "" if found.change is None else f", a change of {score(found.change)}"
    return line(
        strong(found.pair),
        f": {score(found.mood)}, {mood(found.mood)}, from {count(found.signals, 'signal')}; {before}{change}.",
    )


def _story(told: ToldStory, zone: str) -> Line:
    story = told.story
    kind = f"{plain_name(story.kind)}; " if story.kind else ""
    warned = f"; suspicious: {', '.join(map(plain_name, story.suspicions))}" if story.suspicions else ""
    first = time_of_day(story.first_seen, zone)
    scored = f", first at {first}; {scores_of(story.scores)}{warned}."
    return line(headline(story), f": {kind}", *sources_of(story), scored)


def _trades(brief: DailyBrief) -> list[Line]:
    lines = [row for each in brief.trades for row in _trade(each, brief.zone)]
    if brief.trades_open > len(brief.trades):
        older = count(brief.trades_open - len(brief.trades), "older trade")
        lines.append(line(f"{older} more: the page Trades shows them."))
    return lines


def _trade(found: OpenTrade, zone: str) -> list[Line]:
    position = found.position
    trade = position.trade
    stake = "" if trade.stake is None else f" with a stake of {trade.stake:,.2f} {position.currency}"
    rate = "" if trade.open_rate is None else f" at {price(trade.open_rate)}"
    if position.change is None:
        now = "no price of the last day is recorded"
    else:
        gain = "" if position.gain is None else f" ({amount(position.gain)} {position.currency})"
        now = f"the price is {price(position.price)}, {percent(position.change)}{gain}"
    return [
        line(
            strong(f"{trade.pair} {trade.side}"),
            f", trade {trade.trade_id}, opened {clock(trade.opened, zone)}{rate}{stake}; {now}.",
        ),
        line(*_why(found)),
    ]


def _why(found: OpenTrade) -> list[str | Span]:
    why = found.why
    if why is None or (why.story is None and why.score is None):
        return ["Why: what the bot saw when it opened it is not recorded."]
    seen = (
        "no score is recorded" if why.score is None else f"the candle saw a sentiment of {score(why.score)}"
    )
    if why.story is None:
        return [f"Why: {seen}; the article behind it is not recorded."]
    return [f"Why: {seen}, from ", headline(why.story), " (", *sources_of(why.story), ")."]


def _held(brief: DailyBrief) -> list[Line]:
    lines: list[Line] = []
    told: set[str] = set()
    for each in brief.trades:
        pair = each.position.trade.pair
        if pair in told:
            continue
        told.add(pair)
        if not each.news:
            lines.append(line(strong(pair), ": no story about it since the period or the trade began."))
        lines += [
            line(
                strong(pair),
                ": ",
                headline(story),
                " (",
                *sources_of(story),
                f"; {scores_of(_own(story.scores, pair))}).",
            )
            for story in each.news
        ]
    return lines


def _own(scores: Iterable[PairScore], pair: str) -> list[PairScore]:
    """The scores for the pair and the other names of its asset."""
    return [each for each in scores if asset_of(each.pair) == asset_of(pair)]


def _blocked(brief: DailyBrief) -> list[Line]:
    lines = [_entry(each, brief.zone) for each in brief.blocked[:MOST_BLOCKED]]
    if len(brief.blocked) > MOST_BLOCKED:
        lines.append(line(f"{len(brief.blocked) - MOST_BLOCKED} more reasons."))
    lines += [_change(each, brief.zone) for each in brief.hold_changes]
    return [*lines, *map(_in_force, brief.holds)]


def _entry(found: Blocked, zone: str) -> Line:
    at = time_of_day(found.first, zone)
    last = "" if found.candles == 1 else f" to {time_of_day(found.last, zone)}"
    return line(
        strong(found.pair), f": an entry was asked for at {count(found.candles, 'candle')} ({at}{last}) and blocked: ",
        quoted(found.reason), ".",
    )  # fmt: skip


def _change(found: HoldChange, zone: str) -> Line:
    done = "set" if found.is_set else "lifted"
    until = f", until {clock(found.until, zone)}" if found.is_set and found.until else ""
    reason: list[str | Span] = [" (", quoted(found.reason), ")"] if found.reason else []
    return line(
        f"{clock(found.at, zone)}: the hold of ", quoted(found.owner), f" was {done}", *reason, f"{until}."
    )


def _in_force(hold: Hold) -> Line:
    until = f" until {written_instant(hold.until)}" if hold.until else " until it is lifted"
    reason: list[str | Span] = [" (", quoted(hold.reason), ")"] if hold.reason else []
    return line("Entries are held by ", quoted(holder(hold).rstrip(",")), *reason, f"{until}.")


def _silent(brief: DailyBrief) -> list[Line]:
    return [
        line(
            quoted(each.source),
            f": nothing since {clock(each.last_seen, brief.zone)}"
            f"{'' if each.articles_per_day is None else f'; usually {each.articles_per_day:.1f} articles a day'}"
            f"{', and its last poll failed' if each.is_failing else ''}.",
        )
        for each in brief.silent
    ]


def _strong(found: StrongScores) -> list[Line]:
    if not found.scores:
        return [line(f"No score was {_STRONG}.")]
    told = "1 score was" if found.scores == 1 else f"{found.scores:,} scores were"
    return [
        line(f"{told} {_STRONG}."),
        *map(_moves, found.moves),
        line("One day has too few scores to tell this from chance; the page Scores shows longer periods."),
    ]


def _moves(found: StrongMoves) -> Line:
    if not found.measured:
        return line(f"After {found.horizon}: nothing is known yet.")
    control = (
        "how the pairs move anyway at that time of day is not known yet"
        if found.beside_control is None
        else f"{percent(found.beside_control)} when compared with the same time of day on earlier days"
    )
    return line(
        f"After {found.horizon}: {found.right:,} of {found.measured:,} times the price had moved in the direction of "
        f"the score. The average move in that direction is {percent(found.mean)}; {control}."
    )
