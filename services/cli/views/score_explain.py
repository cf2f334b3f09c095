"""What `score --explain` shows: the receipts of an article, and the story that it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.support.answers import answer_console, whole
from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.sentiment_analyzer.scorers.receipts.receipts import FILE_NAME as RECEIPTS_FILE
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, Receipts
from services.sentiment_analyzer.stories.file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.stories.port import Row
from services.sentiment_analyzer.stories.stories import Stories

SHOWN_OF_SEVERAL = 20
_ROOM_BESIDE_IDS = 60
# As `signals.signal_id` writes it: article, pair, model, revision.
_SIGNAL_ID = re.compile(r"(?P<article>.+?):[A-Z0-9]+/[A-Z0-9]+(?::[A-Z0-9]+)?:.+:\d+")


def explain_article(settings: Settings, given: str, *, json_output: bool) -> None:
    """Print the receipts and the story of an article, or of the article that a signal came from.

    `given` is its article_id or the beginning of it, or the message id of a signal.

    Raises:
        StopProgram: nothing is known of it, or more than one article begins so.
    """
    folder = settings.state_dir
    with ExitStack() as opened:
        # Asking must not make a file that is not there.
        stories = Stories(folder / STORIES_FILE) if (folder / STORIES_FILE).is_file() else None
        receipts = Receipts(folder / RECEIPTS_FILE) if (folder / RECEIPTS_FILE).is_file() else None
        known = [each for each in (stories, receipts) if each]
        for each in known:
            opened.callback(each.close)
        article_id = _article_of(given, known)
        if article_id is None:
            raise StopProgram(
                f"nothing in {folder.resolve()} was scored under {given!r}; an ID is an article_id or its beginning, "
                "or the message id of a signal, and STATE_DIR names the folder in which the sentiment processor "
                "keeps its receipts"
            )
        tellings = stories.tellings(article_id) if stories else []
        asked = [article_id, *(row.article_id for row in tellings if row.article_id != article_id)]
        found = next((there for name in asked if receipts and (there := receipts.of_article(name))), [])
    if json_output:
        print(json.dumps(_as_json(article_id, tellings, found)))
    else:
        _print(article_id, tellings, found)


def _article_of(given: str, known: Sequence[Stories | Receipts]) -> str | None:
    """The one article that is meant, or None. Raises StopProgram if it may be one of several."""
    signal = _SIGNAL_ID.fullmatch(given)
    prefix = signal["article"] if signal else given
    if not prefix:
        return None
    beginning = {each for kept in known for each in kept.articles_beginning(prefix, SHOWN_OF_SEVERAL + 1)}
    if prefix in beginning:
        return prefix
    if len(beginning) > 1:
        shown = sorted(beginning)[:SHOWN_OF_SEVERAL]
        more = "" if len(beginning) <= SHOWN_OF_SEVERAL else "\n  ... and more"
        raise StopProgram(
            f"several articles begin with {prefix!r}; give more of the id:\n  " + "\n  ".join(shown) + more
        )
    return next(iter(beginning), None)


def _as_json(article_id: str, tellings: list[Row], receipts: list[Receipt]) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "story": tellings[0].story if tellings else None,
        "tellings": [
            {
                "article_id": row.article_id,
                "part": row.part,
                "source": row.source,
                "title": row.title,
                "published": row.published.isoformat(),
                "signals": [json.loads(signal) for signal in json.loads(row.signals)],
            }
            for row in tellings
        ],
        "receipts": [
            {
                **receipt.key._asdict(),
                "made_at": receipt.made_at.isoformat(),
                "abstained": receipt.abstained,
                "scores": {
                    ticker: {
                        "score": score.score,
                        "confidence": score.confidence,
                        "event_type": score.event_type.value,
                        "rationale": score.rationale,
                    }
                    for ticker, score in receipt.scores.items()
                },
                "usage": [
                    {
                        "digest": usage.digest,
                        "answer": usage.answer,
                        "requests": usage.requests,
                        "prompt_tokens": usage.prompt_tokens,
                        "answer_tokens": usage.answer_tokens,
                        "seconds": usage.seconds,
                    }
                    for usage in receipt.usage
                ],
            }
            for receipt in receipts
        ],
    }


def _print(article_id: str, tellings: list[Row], receipts: list[Receipt]) -> None:
    console = answer_console(
        room=_ROOM_BESIDE_IDS + max((cell_len(row.article_id) for row in tellings), default=0)
    )
    if tellings:
        print(f"The story of {tellings[0].story}")
        articles = whole("article", (row.article_id for row in tellings))
        table = Table(articles, "part", "source", "published", "title")
        for row in tellings:
            mark = "bold" if row.article_id == article_id else ""
            table.add_row(
                Text(row.article_id),
                row.part,
                Text(row.source),
                f"{row.published:%F %T}",
                Text(row.title),
                style=mark,
            )
        console.print(table)
    for receipt in receipts:
        _print_receipt(console, receipt)


def _print_receipt(console: Console, receipt: Receipt) -> None:
    table = Table(
        "asset", "score", "confidence", "kind", "why", title=f"Receipt of {receipt.made_at:%F %T} UTC"
    )
    for ticker, score in receipt.scores.items():
        table.add_row(
            ticker,
            f"{score.score:+.2f}",
            f"{score.confidence:.2f}",
            score.event_type.value,
            Text(score.rationale),
        )
    console.print(table)
    if receipt.abstained:
        console.print(Text(f"It abstained: {receipt.abstained}"))
    key = receipt.key
    console.print(
        Text(
            f"model {key.model}, digest {key.digest or 'unknown'}, prompt {key.prompt}, content {key.content}"
        )
    )
    for usage in receipt.usage:
        console.print(
            Text(
                f"{usage.requests} request(s), {usage.prompt_tokens} + {usage.answer_tokens} tokens, "
                f"{usage.seconds:.1f} s; the answer: {usage.answer}"
            )
        )
