"""`cryptoboy history score`: an archive's articles into the sentiment that a backtest reads."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import Json
from services.cli.progress import progress_of
from services.common.errors import StopProgram
from services.common.settings import ScorerKind, Settings
from services.common.values import check_pair

if TYPE_CHECKING:
    from services.research.history.scoring import ScoreReport

DELAY_SECONDS = 300.0


def score_history(
    archive: Annotated[Path, typer.Argument(help="Made by history import.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(help="The sentiment CSV; compressed if its name ends with .gz.", show_default=False),
    ],
    scorer: Annotated[
        ScorerKind | None, typer.Option(help="Who scores: lexicon or ollama. Default: SENTIMENT_SCORER.")
    ] = None,
    pairs: Annotated[
        list[str] | None, typer.Option("--pair", help="May be repeated. Default: TRADING_PAIRS.")
    ] = None,
    delay: Annotated[
        float,
        typer.Option(
            "--scoring-delay",
            min=0,
            help="Seconds from an article being known to its signals being available: as long as a poll "
            "(NEWS_POLL_INTERVAL) and longer than a slow model's answer (OLLAMA_TIMEOUT).",
        ),
    ] = DELAY_SECONDS,
    known_from: Annotated[
        str, typer.Option("--from", help="Leave out articles known before this day or time (UTC).")
    ] = "",
    known_until: Annotated[
        str, typer.Option("--to", help="Leave out articles known at this day or time (UTC), or later.")
    ] = "",
    json_output: Json = False,
) -> None:
    """Score an archive with the matching and the scorer of the live pipeline.

    A signal's available_at is the later of first_seen and published, plus the scoring delay; its age counts from
    published. The file appears when it is whole: after Ctrl-C the same command goes on where it was.

    Example: ./cryptoboy history score archive.sqlite --scorer lexicon --out sentiment.csv
    """
    from services.research.history.archive import Archive
    from services.research.history.scoring import ScoreOptions, score_archive
    from services.sentiment_analyzer.scorers import build_scorer

    settings = Settings.load()
    if scorer is not None:
        settings = settings.changed(sentiment_scorer=scorer)
    options = ScoreOptions(
        pairs=_checked(pairs) or settings.trading_pairs,
        delay=timedelta(seconds=delay),
        known_from=read_moment("--from", known_from),
        known_until=read_moment("--to", known_until),
    )
    began = time.monotonic()
    with Archive.open(archive) as news, progress_of("scoring") as progress:
        chosen = build_scorer(settings)
        try:
            chosen.check()
            report = score_archive(news, out, chosen, options, progress=progress)
        finally:
            chosen.close()
    seconds = time.monotonic() - began
    if json_output:
        print(json.dumps({**report.as_json(), "seconds": round(seconds, 3)}))
    else:
        _print(report, seconds)


def _checked(pairs: list[str] | None) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(check_pair(pair) for pair in pairs or ()))
    except ValueError as error:
        raise StopProgram(str(error)) from None


def read_moment(option: str, text: str) -> datetime | None:
    """A day or a time of the command line, in UTC unless it has an offset. Raises StopProgram."""
    from datetime import UTC

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StopProgram(
            f"{option} {text}: expected a day or a time in UTC, such as 2025-05-01 or 2025-05-01T12:00"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _print(report: ScoreReport, seconds: float) -> None:
    tally = report.tally
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in tally.outcomes.most_common())
    signals = ", ".join(f"{pair} {count}" for pair, count in sorted(tally.signals.items()))
    labels = ", ".join(f"{count} {label}" for label, count in tally.labels.most_common())
    if report.restarted:
        print("What an interrupted run with other options had left was thrown away.")
    if report.resumed_after:
        print(f"Went on after {report.resumed_after} articles that were scored before.")
    print(f"{tally.articles} articles in {seconds:.1f} s by {report.model}: {outcomes}.")
    print(f"Signals: {signals}; {labels}.")
    print(f"{report.sentiment}: available {report.delay.total_seconds():g} s after an article was known.")
