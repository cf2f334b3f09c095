"""What is said about a story of the news."""

from __future__ import annotations

from services.common.text.harmless import harmless, harmless_url
from services.notifier.message import Link, Message
from services.operations.news.grouping import PairScore
from services.operations.news.stories import StoryRow
from services.operations.words import minute, mood, plain_name, score, share

MOST_PAIRS = 4
MOST_SOURCES = 4


def about_story(row: StoryRow, corroboration: int) -> Message:
    """A story as it is known now; `corroboration` as in `Happening`."""
    strongest = max(row.scores, key=lambda each: abs(each.score))
    return Message(
        title=harmless(row.headline),
        lines=(
            _scores(row.scores),
            _from_whom(row),
            _how_sure(strongest, corroboration, len(row.sources)),
            f"Receipt: ./cryptoboy news {harmless(row.article_id[:12])}; scored by {harmless(strongest.model, 60)}.",
        ),
        links=_links(row),
    )


def _scores(scores: tuple[PairScore, ...]) -> str:
    ordered = sorted(scores, key=lambda each: -abs(each.score))
    shown = [
        f"{harmless(each.pair, 40)}: {mood(each.score)} {score(each.score)}" for each in ordered[:MOST_PAIRS]
    ]
    more = f", and {len(ordered) - MOST_PAIRS} more" if len(ordered) > MOST_PAIRS else ""
    return ", ".join(shown) + more


def _from_whom(row: StoryRow) -> str:
    kinds = dict.fromkeys(each.kind for each in sorted(row.scores, key=lambda each: -abs(each.score)))
    said = " and ".join(map(plain_name, kinds)).capitalize()
    return f"{said}, told by {_sources(row.sources)}; first seen {minute(row.first_seen)}."


def _sources(sources: tuple[str, ...]) -> str:
    shown = ", ".join(harmless(each, 60) for each in sources[:MOST_SOURCES])
    return shown + (f" and {len(sources) - MOST_SOURCES} more" if len(sources) > MOST_SOURCES else "")


def _how_sure(each: PairScore, corroboration: int, sources: int) -> str:
    others = {0: "nobody else reports it yet", 1: "confirmed by 1 other publisher"}.get(
        corroboration, f"confirmed by {corroboration} other publishers"
    )
    if not corroboration and sources > 1:
        others = "no independent publisher confirms it yet"
    doubts = [
        *(["scored by the fallback, not by the model"] if each.degraded and not each.suspected else []),
        *(["the text seems to be meant to steer a model"] if each.suspected else []),
        *(["about the market as a whole"] if each.scope == "market" else []),
    ]
    return f"Confidence {share(each.confidence)}; {'; '.join([others, *doubts])}."


def _links(row: StoryRow) -> tuple[Link, ...]:
    url = harmless_url(row.link)
    return (Link(harmless(row.source, 60) or "article", url),) if url else ()
