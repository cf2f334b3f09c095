"""The tables of `cryptoboy score` and of `score --explain`."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from services.cli.support.answers import answer_console, plain_table, whole
from services.operations.scoring.explain import Explanation
from services.sentiment_analyzer.pipeline.outcome import Judgement
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt

_ROOM_BESIDE_IDS = 60


def show_judgement(judgement: Judgement) -> None:
    """Print a row for each signal, then each reason once with the pairs that it applies to."""
    if not judgement.signals:
        print(f"No signal ({judgement.outcome.value}): {judgement.reason}.")
        return
    columns = ("pair", "score", "label", "confidence", "scope", "kind", Column("model", overflow="fold"))
    table = plain_table(*columns)
    pairs_by_reason: dict[str, list[str]] = {}
    for signal in judgement.signals:
        table.add_row(
            signal.pair,
            f"{signal.sentiment_score:+.2f}",
            signal.sentiment_label.value,
            f"{signal.confidence:.2f}",
            signal.scope.value,
            signal.event_type.value,
            Text(signal.model),
        )
        pairs_by_reason.setdefault(signal.rationale, []).append(signal.pair)
    console = answer_console()
    console.print(table)
    for reason, pairs in pairs_by_reason.items():
        console.print(Text(f" {', '.join(pairs)}: {reason}"))


def show_explanation(explanation: Explanation) -> None:
    """Print the story, with the requested article in bold, then the receipts; ids are not cut."""
    ids = [row.article_id for row in explanation.tellings]
    console = answer_console(room=_ROOM_BESIDE_IDS + max(map(cell_len, ids), default=0))
    if ids:
        print(f"The story of {explanation.story}")
        table = Table(whole("article", ids), "part", "source", "published", "title")
        for row in explanation.tellings:
            style = "bold" if row.article_id == explanation.article_id else ""
            texts = (
                Text(row.article_id),
                row.part,
                Text(row.source),
                f"{row.published:%F %T}",
                Text(row.title),
            )
            table.add_row(*texts, style=style)
        console.print(table)
    for receipt in explanation.receipts:
        _show_receipt(console, receipt)


def _show_receipt(console: Console, receipt: Receipt) -> None:
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
