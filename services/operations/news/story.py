"""Everything about one story: its articles, scores and receipts, and what prices did since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.history.queries import ScoringFilter
from services.common.history.rows import ScoringRow
from services.operations.answer import Answer
from services.operations.news.grouping import Gathered, PairScore, gather
from services.operations.news.prices import PriceMove, price_moves
from services.operations.news.prompt import Prompt, prompt_of
from services.operations.news.stories import StoryRow, story_row

LISTED = 20
MOST_RECEIPTS = 200


@dataclass(frozen=True, slots=True)
class Telling(Answer):
    """An article of a story, and how its processing ended; `outcome` is empty while it waits."""

    article_id: str
    source: str
    owner: str
    title: str
    link: str
    summary: str
    published: datetime
    fetched: datetime
    outcome: str
    reason: str
    suspicions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt(Answer):
    """What a scorer was asked and answered for an article.

    Attributes:
        answer: the answer as it was received.
        prompt: with which it was asked; None if no language model was.
        tokens: of prompt and answer together; None if unknown.
    """

    article_id: str
    model: str
    digest: str
    prompt_version: int | None
    prompt: Prompt | None
    answer: str
    tokens: int | None
    latency_seconds: float | None
    scored_at: datetime


@dataclass(frozen=True, slots=True)
class Story(Answer):
    """A story with everything that is recorded about it.

    Attributes:
        tellings: its articles in the order in which they were fetched.
        receipts: of all its articles, oldest first.
        signals: every signal and revision, oldest first.
        moves: what the price of each pair did after the story's first signal for it.
    """

    row: StoryRow
    tellings: tuple[Telling, ...]
    receipts: tuple[Receipt, ...]
    signals: tuple[PairScore, ...]
    moves: tuple[PriceMove, ...]


def open_story(history: HistoryReader, given: str, now: datetime) -> Story | None:
    """Open the story of an article, which is named by its id or the beginning of it. None if there is none.

    Raises:
        StopProgram: the ids of several articles begin so; the message lists them.
        TryLater: the history is away.
    """
    article_id = _article(history, given)
    found = gather(history, [article_id]) if article_id else {}
    story = found.get(article_id)
    return None if story is None else _opened(history, story, now)


def _article(history: HistoryReader, given: str) -> str:
    if not given or history.articles_by_id([given], with_content=False):
        return given
    beginning = history.articles_beginning(given, limit=LISTED + 1)
    if len(beginning) > 1:
        listed = "\n  ".join(beginning[:LISTED])
        raise StopProgram(f"several articles begin with {given!r}; give more of the id:\n  {listed}")
    return beginning[0] if beginning else given


def _opened(history: HistoryReader, story: Gathered, now: datetime) -> Story:
    ids = [article.article_id for article in story.articles]
    scorings = history.scorings(ScoringFilter(articles=ids[:MOST_RECEIPTS]), limit=MOST_RECEIPTS).rows
    articles = {article.article_id: article for article in story.articles}
    articles |= history.articles_by_id([each.article_id for each in scorings if each.model])
    first = {signal.pair: signal.available_at for signal in reversed(story.signals)}
    return Story(
        row=story_row(story),
        tellings=tuple(_tellings(story)),
        receipts=tuple(
            _receipt(each, prompt_of(articles.get(each.article_id), each))
            for each in reversed(scorings)
            if each.model
        ),
        signals=tuple(map(PairScore.of, story.signals)),
        moves=price_moves(history, dict(sorted(first.items())), now),
    )


def _tellings(story: Gathered) -> list[Telling]:
    tellings = []
    for article in story.articles:
        scoring = story.scorings.get(article.article_id)
        tellings.append(
            Telling(
                article_id=article.article_id,
                source=article.source,
                owner=article.owner,
                title=article.title,
                link=article.link,
                summary=article.summary,
                published=article.published,
                fetched=article.fetched,
                outcome=scoring.outcome if scoring else "",
                reason=scoring.reason if scoring else "",
                suspicions=scoring.suspicions if scoring else (),
            )
        )
    return tellings


def _receipt(row: ScoringRow, prompt: Prompt | None) -> Receipt:
    return Receipt(
        article_id=row.article_id,
        model=row.model,
        digest=row.digest,
        prompt_version=row.prompt_version,
        prompt=prompt,
        answer=row.answer,
        tokens=row.tokens,
        latency_seconds=row.latency,
        scored_at=row.scored,
    )
