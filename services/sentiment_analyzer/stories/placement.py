"""Where an article belongs among the tellings of its story, and what is to be published for it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.common.messages import SentimentSignal
from services.sentiment_analyzer.stories import sides as story_sides
from services.sentiment_analyzer.stories.denials import claim_of, one_denies
from services.sentiment_analyzer.stories.port import REPOST, Row
from services.sentiment_analyzer.stories.sides import Stand, Stands


class Part(StrEnum):
    """What an article is to its story.

    TOLD and SUSPECT are to be scored. A telling that was scored is FIRST, RETOLD (it agrees with a signal and made
    none), CONTRADICTS, AGAIN (its owner told the story before) or WIDER (it has signals that agree with none);
    SUSPECT stays what it is. REPOSTED and UNSCORED are not scored; nothing came of SILENT.
    """

    TOLD = "told"
    FIRST = "first"
    RETOLD = "retold"
    CONTRADICTS = "contradicts"
    AGAIN = "again"
    WIDER = "wider"
    SUSPECT = "suspect"
    REPOSTED = REPOST
    UNSCORED = "unscored"
    SILENT = "silent"


TO_BE_SCORED = frozenset({Part.TOLD, Part.SUSPECT})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article belongs.

    Attributes:
        story: the article that told it first.
        part: what the article is to the story.
        signals: what to publish for it, as far as it was scored: its own signals and the latest revisions of those
            of which it made one.
        sources: how many owners corroborate those that it agrees with, by now.
        like: of REPOSTED the article that had the same text, of CONTRADICTS those that it contradicts, of others those
            that it corroborates.
        is_crowded: so many owners were scored of the story that this one may be needless: see `Stories.is_needless`.
    """

    story: str
    part: Part
    signals: tuple[SentimentSignal, ...] = ()
    sources: int = 0
    like: tuple[str, ...] = ()
    is_crowded: bool = False

    @property
    def is_to_be_scored(self) -> bool:
        """Whether nothing is known yet of what comes of it."""
        return self.part in TO_BE_SCORED and not self.signals


def place_of(row: Row, rows: Mapping[str, Row], now: datetime) -> Place:
    """The place of a telling; where it was scored, with all that is to be published of it as things stand."""
    part = Part(row.part)
    own = story_sides.decode_signals(row.signals)
    if not row.turn or part is Part.SUSPECT:
        return Place(row.story, part, tuple(own))
    turns = story_sides.in_turn(rows.values())
    stands = story_sides.decode_stands(row.stands)
    published = [signal for signal in own if stands[signal.pair].is_own]
    sources, joined, contradicted = 0, dict[str, None](), dict[str, None]()
    for pair, stand in stands.items():
        for article_id in (*stand.joins, *stand.against):
            # One that changed nothing has nothing to publish: the revision that there is was, by who made it.
            if row.article_id not in dict(story_sides.revisions_of(article_id, pair, turns)):
                continue
            published += [
                signal
                for signal in (
                    story_sides.decode_signals(rows[article_id].signals) if article_id in rows else ()
                )
                if signal.pair == pair
            ]
        sources = max([sources, *(story_sides.support_of(each, pair, turns).sources for each in stand.joins)])
        joined |= dict.fromkeys(stand.joins)
        contradicted |= dict.fromkeys(stand.against)
    signals = (
        story_sides.corroborate(signal, story_sides.support_of(signal.article_id, signal.pair, turns), now)
        for signal in published
    )
    mine = [signal for signal in signals if signal.article_id == row.article_id or signal.revision]
    return Place(row.story, part, tuple(mine), sources, tuple(contradicted or joined))


def scored(row: Row, signals: Sequence[SentimentSignal], before: Sequence[Row]) -> Row:
    """A telling with what came of it."""
    turn = 1 + max((each.turn for each in before), default=0)
    if row.part == Part.SUSPECT:
        return row._replace(signals=_encode(signals), turn=turn)
    stands = story_sides.take_stand(row, signals, before)
    known = {each.article_id: each for each in before}
    kept = [
        _saying_so(row, signal, stands[signal.pair], known) for signal in signals if signal.pair in stands
    ]
    return row._replace(
        part=_part_of(row, stands, before),
        signals=_encode(kept),
        turn=turn,
        stands=story_sides.encode_stands(stands),
    )


def _saying_so(row: Row, signal: SentimentSignal, stand: Stand, known: Mapping[str, Row]) -> SentimentSignal:
    if not stand.against:
        return signal
    denied = [known[each] for each in stand.against]
    names = ", ".join(dict.fromkeys(each.source for each in denied))
    rationale = f"[contradicts {names}] {signal.rationale}"[: story_sides.MAX_RATIONALE_CHARS]
    # Where a hope and its denial read alike, the scorer did not see which is which: neither is a reason to buy.
    claim = claim_of(row.title, row.lead)
    is_doubted = signal.sentiment_score > 0 and any(
        story_sides.decode_stands(each.stands)[signal.pair].score > 0
        and one_denies(claim, claim_of(each.title, each.lead))
        for each in denied
    )
    update = {"rationale": rationale, "degraded": signal.degraded or is_doubted}
    return signal.model_copy(update=update)


def _part_of(row: Row, stands: Stands, before: Sequence[Row]) -> Part:
    if any(stand.against for stand in stands.values()):
        return Part.CONTRADICTS
    if story_sides.has_spoken(row.owner, before):
        return Part.AGAIN
    if not any(stand.is_own for stand in stands.values()):
        return Part.RETOLD
    return Part.WIDER if any(each.stands != story_sides.NO_STANDS for each in before) else Part.FIRST


def _encode(signals: Sequence[SentimentSignal]) -> str:
    return json.dumps([signal.encode().decode() for signal in signals])
