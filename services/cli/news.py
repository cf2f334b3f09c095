"""`cryptoboy news`: the stories of the news, newest first, and everything about one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.support.answers import print_json, say
from services.cli.support.options import Json, read_names, settings_for
from services.cli.views.news import show_stories, show_story
from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.settings.history import HISTORY_FIELDS
from services.common.times.moments import read_moment
from services.common.values import EventType
from services.operations.connections import connected_history
from services.operations.news.stories import StoryFilter, list_stories
from services.operations.news.story import open_story

LOOK_SECONDS = 2.0
_MOST = 500


def news(
    article: Annotated[
        str | None, typer.Argument(help="An article_id or its beginning: shows its story and receipts.")
    ] = None,
    pair: Annotated[str | None, typer.Option("--pair", "-p", help="Such as BTC/USDT, or an asset.")] = None,
    source: Annotated[str | None, typer.Option(help="Stories that this source told.")] = None,
    kind: Annotated[EventType | None, typer.Option(help="The kind of news.")] = None,
    score_from: Annotated[
        float | None, typer.Option("--score-from", min=-1, max=1, help="The lowest score.")
    ] = None,
    score_to: Annotated[
        float | None, typer.Option("--score-to", min=-1, max=1, help="The highest score.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="The oldest, such as 14:05 or '2d ago'; UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="The number of stories.")] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new stories as they come.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Show the stories of the news, newest first, with scores and sources; with an ID, all about one story.

    Times are in UTC. With --follow and --json each new story is a line of its own.

    Example: ./cryptoboy news --pair BTC/USDT --score-to -0.5
    """
    now = datetime.now(UTC)
    wanted = StoryFilter(
        pair=read_names([pair])[0] if pair else None,
        source=source,
        kind=kind.value if kind else None,
        score_from=score_from,
        score_to=score_to,
        since=read_moment(since, now) if since else None,
    )
    settings = settings_for(uses=HISTORY_FIELDS)
    with connected_history(settings) as history:
        if article:
            _show_one(history, article, now, json_output=json_output)
        elif follow:
            _follow(history, wanted, limit, json_output=json_output)
        else:
            _show(history, wanted, limit, json_output=json_output)


def _show(history: HistoryReader, wanted: StoryFilter, limit: int, *, json_output: bool) -> None:
    page = list_stories(history, wanted, limit=limit)
    if json_output:
        print_json(page.as_json())
    else:
        show_stories(page.stories)
        if page.next:
            print(f"There are older ones; --limit shows up to {_MOST}.")


def _show_one(history: HistoryReader, article: str, now: datetime, *, json_output: bool) -> None:
    story = open_story(history, article, now)
    if story is None:
        raise StopProgram(
            f"no article {article!r} is recorded; ./cryptoboy news lists the stories with their ids"
        )
    if json_output:
        print_json(story.as_json())
    else:
        show_story(story)


def _follow(history: HistoryReader, wanted: StoryFilter, limit: int, *, json_output: bool) -> None:
    """Show the newest stories, then each further one, until the user ends the command."""
    shown: set[tuple[str, int]] = set()
    seq = -1
    say("following the news; Ctrl-C ends it")
    while True:
        if (newest := history.seqs()[1]) != seq:
            seq = newest
            stories = list_stories(history, wanted, limit=limit).stories
            # A story is shown again when it gets scores, and not when one more source tells it.
            fresh = [story for story in reversed(stories) if (story.story, len(story.scores)) not in shown]
            shown.update((story.story, len(story.scores)) for story in fresh)
            if json_output:
                for story in fresh:
                    print_json(story.as_json())
            elif fresh:
                show_stories(fresh, newest_first=False)
        time.sleep(LOOK_SECONDS)
