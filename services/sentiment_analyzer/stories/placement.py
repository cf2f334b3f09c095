"""Decides which part an article plays in its story, and what is published for it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.common.messages import SentimentSignal
from services.sentiment_analyzer.stories.agreement import stances_of
from services.sentiment_analyzer.stories.corroboration import (
    MAX_RATIONALE_CHARS,
    corroborate,
    revisions_of,
    support_of,
)
from services.sentiment_analyzer.stories.denials import claim_of, one_denies
from services.sentiment_analyzer.stories.rows import REPOST, Row
from services.sentiment_analyzer.stories.stances import (
    NO_STANCES,
    Stance,
    Stances,
    decode_signals,
    decode_stances,
    encode_stances,
    in_scoring_order,
    was_scored_before,
)


class StoryPart(StrEnum):
    """The part of an article in its story.

    TOLD and SUSPECT articles are to be scored; a suspect article stays SUSPECT afterwards. Any other scored article
    is FIRST, RETOLD (it agrees with a signal and has no signal of its own), CONTRADICTS, AGAIN (its owner has an
    earlier article in the story) or WIDER (it has signals that agree with no other). REPOSTED and UNSCORED articles
    are not scored. A SILENT article was scored and gave no signal.
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


TO_BE_SCORED = frozenset({StoryPart.TOLD, StoryPart.SUSPECT})


@dataclass(frozen=True, slots=True)
class Placement:
    """The placement of an article in its story.

    Attributes:
        story: the id of the first article of the story.
        part: the part that the article plays in the story.
        signals: the signals to publish, which are the article's own signals and the latest revisions of those signals
            of which the article made a revision. There are no such signals before the article is scored.
        sources: the number of owners that now corroborate the signals with which the article agrees.
        like: the article with the same text if `part` is REPOSTED, the contradicted articles if `part` is
            CONTRADICTS, and otherwise the corroborated articles.
        is_crowded: whether articles of so many owners were scored that this article may be needless (see
            `Stories.is_needless`).
    """

    story: str
    part: StoryPart
    signals: tuple[SentimentSignal, ...] = ()
    sources: int = 0
    like: tuple[str, ...] = ()
    is_crowded: bool = False

    @property
    def is_to_be_scored(self) -> bool:
        """Whether the article still has to be scored."""
        return self.part in TO_BE_SCORED and not self.signals


def placement_of(row: Row, rows: Mapping[str, Row], now: datetime) -> Placement:
    """Return the placement of an article. If the article was scored, the signals to publish now are included."""
    part = StoryPart(row.part)
    own = decode_signals(row.signals)
    if not row.turn or part is StoryPart.SUSPECT:
        return Placement(row.story, part, own)
    turns = in_scoring_order(rows.values())
    stances = decode_stances(row.stands)
    published = [signal for signal in own if stances[signal.pair].is_own]
    sources, joined, contradicted = 0, dict[str, None](), dict[str, None]()
    for pair, stance in stances.items():
        for article_id in (*stance.joins, *stance.against):
            # An article that made no revision publishes none: the article that made the latest one did.
            if row.article_id not in dict(revisions_of(article_id, pair, turns)):
                continue
            published += [
                signal
                for signal in (decode_signals(rows[article_id].signals) if article_id in rows else ())
                if signal.pair == pair
            ]
        sources = max([sources, *(support_of(each, pair, turns).sources for each in stance.joins)])
        joined |= dict.fromkeys(stance.joins)
        contradicted |= dict.fromkeys(stance.against)
    signals = (
        corroborate(signal, support_of(signal.article_id, signal.pair, turns), now) for signal in published
    )
    mine = [signal for signal in signals if signal.article_id == row.article_id or signal.revision]
    return Placement(row.story, part, tuple(mine), sources, tuple(contradicted or joined))


def scored(row: Row, signals: Sequence[SentimentSignal], before: Sequence[Row]) -> Row:
    """Return the row of an article after scoring, with its signals, stances and part."""
    turn = 1 + max((each.turn for each in before), default=0)
    if row.part == StoryPart.SUSPECT:
        return row._replace(signals=_encode(signals), turn=turn)
    stances = stances_of(row, signals, before)
    known = {each.article_id: each for each in before}
    kept = [
        _marked_as_contradicting(row, signal, stances[signal.pair], known)
        for signal in signals
        if signal.pair in stances
    ]
    return row._replace(
        part=_part_of(row, stances, before),
        signals=_encode(kept),
        turn=turn,
        stands=encode_stances(stances),
    )


def _marked_as_contradicting(
    row: Row, signal: SentimentSignal, stance: Stance, known: Mapping[str, Row]
) -> SentimentSignal:
    if not stance.against:
        return signal
    denied = [known[each] for each in stance.against]
    names = ", ".join(dict.fromkeys(each.source for each in denied))
    rationale = f"[contradicts {names}] {signal.rationale}"[:MAX_RATIONALE_CHARS]
    # A claim and its denial both scored as positive: the scorer did not tell them apart, so neither opens a trade.
    claim = claim_of(row.title, row.lead)
    is_doubted = signal.sentiment_score > 0 and any(
        decode_stances(each.stands)[signal.pair].score > 0
        and one_denies(claim, claim_of(each.title, each.lead))
        for each in denied
    )
    update = {"rationale": rationale, "degraded": signal.degraded or is_doubted}
    return signal.model_copy(update=update)


def _part_of(row: Row, stances: Stances, before: Sequence[Row]) -> StoryPart:
    if any(stance.against for stance in stances.values()):
        return StoryPart.CONTRADICTS
    if was_scored_before(row.owner, before):
        return StoryPart.AGAIN
    if not any(stance.is_own for stance in stances.values()):
        return StoryPart.RETOLD
    return StoryPart.WIDER if any(each.stands != NO_STANCES for each in before) else StoryPart.FIRST


def _encode(signals: Sequence[SentimentSignal]) -> str:
    return json.dumps([signal.encode().decode() for signal in signals])
