"""`cryptoboy history score`: scores an archive's articles into a sentiment CSV for backtests."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.support import options
from services.cli.support.answers import print_json, say
from services.cli.support.progress import progress_of
from services.common.errors import StopProgram
from services.common.settings.history import HISTORY_FIELDS
from services.common.settings.settings import Fallback, ScorerKind, Settings
from services.operations.scoring.connection import answering_scorer

if TYPE_CHECKING:
    from services.data_ingestor.news.port import SourceConfig
    from services.research.history.scoring.scoring import Record, ScoreOptions
    from services.research.history.scoring.tally import ScoreReport
    from services.sentiment_analyzer.scorers.port import Scorer

DELAY_SECONDS = 300.0


def score_history(
    archive: Annotated[Path, typer.Argument(help="Made by history import.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(help="The sentiment CSV; compressed if its name ends with .gz.", show_default=False),
    ],
    scorer: Annotated[ScorerKind | None, typer.Option(help="The scorer. Default: as `up`.")] = None,
    pairs: options.Pairs = None,
    delay: Annotated[
        float,
        typer.Option(
            "--scoring-delay",
            min=0,
            max=86_400,
            help="Seconds from an article being known to its signals being available: as long as a poll "
            "(NEWS_POLL_INTERVAL) and longer than a slow model's answer (OLLAMA_TIMEOUT).",
        ),
    ] = DELAY_SECONDS,
    start: options.From = None,
    end: options.To = None,
    receipts: Annotated[
        Path | None,
        typer.Option(
            help="Where answers of language models are kept. Default: receipts.sqlite in STATE_DIR.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Articles that a language model scores at once, with --no-stories. Default: SENTIMENT_CONCURRENCY.",
            show_default=False,
        ),
    ] = None,
    stories: Annotated[
        bool,
        typer.Option(
            "--stories/--no-stories",
            help="As live, an article that tells a story again makes a revision of the first telling's signals, "
            "with more confidence, and is not scored. Without, each article is scored by itself.",
        ),
    ] = True,
    record: Annotated[
        bool,
        typer.Option(
            "--record/--no-record",
            help="Also write articles, results and signals to the history (HISTORY_URL), which must not be that of a "
            "running system.",
        ),
    ] = False,
    json_output: options.Json = False,
) -> None:
    """Score an archive with the matching and the scorer of the live pipeline.

    A signal's available_at is the later of first_seen and published, plus the scoring delay; its age counts from
    published. A source has the weight of the source with the same name in NEWS_SOURCES_FILE. --from and --to select
    articles by the time at which the articles became known. Answers of language models are kept as receipts, by
    content, model and prompt version, so a second run repeats no request. (Answers of the lexicon are not kept,
    because that would take longer than scoring again.) Articles that the scorer refused or abstained from are counted
    by reason, with the first article of each reason. The file appears when it is complete: after Ctrl-C the same
    command continues the run.

    Example: ./cryptoboy history score archive.sqlite --scorer lexicon --out sentiment.csv
    """
    from services.research.history.archive.archive import Archive
    from services.research.history.scoring.scoring import ScoreOptions, score_archive
    from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION
    from services.sentiment_analyzer.scorers.receipts.scorer import ReceiptScorer

    settings = options.settings_for(uses=options.OF_SCORING | HISTORY_FIELDS | {"news_sources_file"})
    first, last = options.read_period(start, end)
    # Scoring an archive can wait for an unreachable server, so there is no fallback scorer.
    settings = settings.changed(
        sentiment_scorer=scorer or settings.sentiment_scorer, sentiment_fallback=Fallback.WAIT
    )
    if math.isnan(delay):
        raise StopProgram("--scoring-delay nan: expected seconds, such as 300")
    sources = _sources(settings)
    request = ScoreOptions(
        pairs=options.read_names(pairs) or settings.trading_pairs,
        delay=timedelta(seconds=delay),
        known_from=first,
        known_until=last,
        stories=stories,
        weights=tuple((name, source.weight) for name, source in sources if source.weight != 1),
        owners=tuple((name, source.owner) for name, source in sources if source.owner),
        tellings_scored=settings.story_tellings_scored,
    )
    began = time.monotonic()
    with (
        Archive.open(archive) as news,
        _scorer(settings, receipts) as chosen,
        _recording(settings, chosen.model, request, wanted=record) as write,
        progress_of("scoring") as progress,
    ):
        report = score_archive(
            news,
            out,
            chosen,
            request,
            scored_by=(chosen.digest(), str(PROMPT_VERSION)) if isinstance(chosen, ReceiptScorer) else (),
            workers=workers or (settings.sentiment_concurrency if isinstance(chosen, ReceiptScorer) else 1),
            progress=progress,
            waiting=lambda reason: say(f"waiting for the scorer: {reason}"),
            record=write,
        )
    figures = {**report.as_json(), "seconds": round(time.monotonic() - began, 3)}
    if isinstance(chosen, ReceiptScorer):
        figures |= {"asked": chosen.asked, "answered_from_receipts": chosen.answered_from_receipts}
    if json_output:
        print_json(figures)
    else:
        _print(report, figures)


def _sources(settings: Settings) -> list[tuple[str, SourceConfig]]:
    """The polled sources, sorted by their names in lower case."""
    from services.data_ingestor.news.sources import load_sources

    sources = load_sources(settings.news_sources_file)
    return sorted(((each.name.casefold(), each) for each in sources), key=lambda each: each[0])


@contextmanager
def _scorer(settings: Settings, receipts: Path | None) -> Iterator[Scorer]:
    """Yield the scorer of the settings once it has answered; a scorer that uses a model keeps receipts."""
    from services.common.clock import SystemClock
    from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION
    from services.sentiment_analyzer.scorers.receipts.receipts import FILE_NAME, Receipts
    from services.sentiment_analyzer.scorers.receipts.scorer import ReceiptScorer

    with answering_scorer(settings) as scorer:
        if settings.sentiment_scorer is ScorerKind.LEXICON:
            yield scorer
            return
        with closing(Receipts(receipts or settings.state_dir / FILE_NAME)) as kept:
            yield ReceiptScorer(scorer, kept, prompt_version=PROMPT_VERSION, clock=SystemClock())


@contextmanager
def _recording(settings: Settings, model: str, request: ScoreOptions, *, wanted: bool) -> Iterator[Record]:
    """Yield what writes results to the history, or nothing unless `wanted`."""
    from services.common.history.writing import open_history
    from services.research.history.recorded.scores import ScoredHistory

    if not wanted:
        yield lambda _results: None
        return
    with closing(open_history(settings, scored=True)) as writer:
        writer.check()
        yield ScoredHistory(writer, model, request, datetime.now(UTC)).write


def _print(report: ScoreReport, figures: dict[str, Any]) -> None:
    tally = report.tally
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in tally.outcomes.most_common())
    signals = ", ".join(f"{pair} {count}" for pair, count in sorted(tally.signals.items()))
    labels = ", ".join(f"{count} {label}" for label, count in tally.labels.most_common())
    if report.restarted:
        print("What an interrupted run with other options had left was deleted.")
    if report.resumed_after:
        print(f"Continued after {report.resumed_after} articles that were scored before.")
    print(f"{tally.articles} articles in {figures['seconds']:.1f} s by {report.model}: {outcomes}.")
    for reason in tally.reasons:
        print(f"  {reason}")
    if "asked" in figures:
        print(f"Answers: {figures['asked']} asked for, {figures['answered_from_receipts']} from receipts.")
    print(f"Signals: {signals}; {labels}.")
    print(f"{report.sentiment}: available {report.delay.total_seconds():g} s after an article was known.")
