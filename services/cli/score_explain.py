"""What `score --explain` shows: the receipts of an article, and the story that it tells."""

from __future__ import annotations

import json
import re
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.answers import answer_console
from services.common.errors import StopProgram
from services.common.settings import Settings
from services.sentiment_analyzer.receipts import FILE_NAME as RECEIPTS_FILE
from services.sentiment_analyzer.receipts import Receipt, Receipts
from services.sentiment_analyzer.stories import Stories
from services.sentiment_analyzer.story_file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.story_keeper import Row

# As `signals.signal_id` writes it: article, pair, model, revision.
_SIGNAL_ID = re.compile(r"(?P<article>.+?):[A-Z0-9]+/[A-Z0-9]+(?::[A-Z0-9]+)?:.+:\d+")


def explain_article(settings: Settings, given: str, *, json_output: bool) -> None:
    """Print the receipts and the story of an article, or of the article that a signal came from.

    Raises:
        StopProgram: nothing is known of it.
    """
    found = _SIGNAL_ID.fullmatch(given)
    article_id = found["article"] if found else given
    folder = settings.state_dir
    tellings: list[Row] = []
    receipts: list[Receipt] = []
    # Asking must not make a file that is not there.
    if (folder / STORIES_FILE).is_file():
        stories = Stories(folder / STORIES_FILE)
        tellings = stories.tellings(article_id)
        stories.close()
    if (folder / RECEIPTS_FILE).is_file():
        kept = Receipts(folder / RECEIPTS_FILE)
        asked = [article_id, *(row.article_id for row in tellings if row.article_id != article_id)]
        receipts = next((there for each in asked if (there := kept.of_article(each))), [])
        kept.close()
    if not tellings and not receipts:
        raise StopProgram(
            f"nothing in {folder.resolve()} was scored under {given!r}; an ID is an article_id or the message id of "
            "a signal, and STATE_DIR names the folder in which the sentiment processor keeps its receipts"
        )
    if json_output:
        print(json.dumps(_as_json(article_id, tellings, receipts)))
    else:
        _print(article_id, tellings, receipts)


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
    console = answer_console()
    if tellings:
        table = Table(
            "article", "part", "source", "published", "title", title=f"The story of {tellings[0].story}"
        )
        for row in tellings:
            mark = "bold" if row.article_id == article_id else ""
            table.add_row(
                row.article_id, row.part, row.source, f"{row.published:%F %T}", Text(row.title), style=mark
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
