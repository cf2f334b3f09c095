"""Cases that measure how fast news archives are scored, and how much memory the scoring takes."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devtools.bench.lab import Lab
from devtools.bench.results import Result, Rows, Target, at_least, at_most, compare
from devtools.bench.samples import PAIRS, article
from services.common.errors import TryLater

START = datetime(2024, 1, 1, tzinfo=UTC)
SPEED_ARTICLES = 20_000
FEWEST_A_SECOND = 2_000.0
FULL_TEXT_CHARS = 1_500
SHORT, LONG = 17_000, 500_000
MIB = 1024 * 1024


def lexicon_scoring(lab: Lab) -> Rows:
    """Articles per second of `history score` on one core; the time includes the program's start, reading and writing.

    In `lexicon_scoring` each article is only matched and scored. `lexicon_scoring.stories` and
    `lexicon_scoring.full_text` have no target: the former also groups the articles into stories, which is the default
    of the command; in the latter each article has 1,500 characters of content besides its summary.
    """
    count = lab.amount(SPEED_ARTICLES)
    archive = _archive(lab, count)
    yield _rates(lab, count, archive, "lexicon_scoring", "--no-stories", target=at_least(1))
    yield _rates(lab, count, archive, "lexicon_scoring.stories")
    full_text = _archive(lab, count, content_chars=FULL_TEXT_CHARS)
    yield _rates(lab, count, full_text, "lexicon_scoring.full_text", "--no-stories")


def _rates(
    lab: Lab, count: int, archive: Path, name: str, *options: str, target: Target | None = None
) -> Result:
    rates = [count / _score(lab, archive, *options)[0] for _run in lab.runs()]
    asked_for = [FEWEST_A_SECOND] * len(rates)
    return compare(name, "articles/s", rates, asked_for, target, note="the speed that is asked for")


def history_memory(lab: Lab) -> Rows:
    """Peak memory of `history score` with 500,000 articles, compared with its peak memory with 17,000 articles.

    Each of the two is measured only once, because the peak memory hardly varies between runs.
    """
    peaks = []
    for count in (lab.amount(LONG), lab.amount(SHORT)):
        lab.report(f"importing {count:,} articles")
        archive = _archive(lab, count)
        lab.report(f"scoring {count:,} articles")
        peaks.append(_score(lab, archive)[1] / MIB)
        archive.unlink()
    note = f"{lab.amount(SHORT):,} articles instead of {lab.amount(LONG):,}"
    yield compare("history_memory", "MiB", peaks[:1], peaks[1:], at_most(1.1), note=note)


def _archive(lab: Lab, count: int, *, content_chars: int = 0) -> Path:
    """Make an archive of generated articles, one every two minutes, with `history import`.

    Args:
        lab: the lab in whose folder the archive is written.
        count: the number of articles.
        content_chars: the number of characters of content that each article has besides its summary.
    """
    news, archive = lab.folder / "news.csv", lab.folder / f"archive-{count}-{content_chars}.sqlite"
    with news.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("published", "title", "source", "link", "summary", "content"))
        for number in range(count):
            each = article(number, START + timedelta(minutes=2 * number))
            content = (each.content * 3)[:content_chars]
            fields = (each.title, each.source, each.link, each.summary, content)
            writer.writerow((each.published.isoformat(), *fields))
    _run(lab, "history", "import", str(news), "--out", str(archive))
    news.unlink()
    return archive


def _score(lab: Lab, archive: Path, *more: str) -> tuple[float, int]:
    """Run `history score`; returns the run time (seconds) and the peak memory (bytes) of its process."""
    out = archive.with_suffix(".csv")
    options = ("--scorer", "lexicon", "--pairs", ",".join(PAIRS), "--out", str(out))
    found = _run(lab, "history", "score", str(archive), *options, *more)
    out.unlink()
    return found


def _run(lab: Lab, *arguments: str) -> tuple[float, int]:
    command = [sys.executable, "-P", "-m", "services.cli", *arguments]
    output = lab.folder / "history.out"
    begin = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, env=lab.environ(), stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
        try:
            _pid, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise TryLater(f"{' '.join(arguments[:2])} failed: {output.read_text(errors='replace')[-1000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, used.ru_maxrss * unit
