"""Runs each search in a process of its own and returns its result."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from devtools.bench.lab import environment_of
from devtools.fuzzing.targets import Target
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import PROJECT_ROOT, Settings

MEMORY_MB = 1_024
"""The resident memory in MB above which a search reports the current input as a find."""
LOOK_SECONDS = 0.5
END_SECONDS = 60.0
_PROGRESS = re.compile(r"^#(\d+)\s.*?cov: (\d+)", re.MULTILINE)
_DONE = re.compile(r"^stat::number_of_executed_units:\s*(\d+)", re.MULTILINE)
_PEAK = re.compile(r"^stat::peak_rss_mb:\s*(\d+)", re.MULTILINE)
_FOUND = ("crash-", "timeout-", "oom-", "leak-", "slow-unit-")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a search.

    Attributes:
        executions: the number of inputs tried.
        coverage: the number of branches that inputs reached, in our code and in the libraries that it uses.
        peak_mb: the peak resident memory in MB.
        finds: files with inputs that fail the check, or take too much time or memory.
        log: the file with the output of the search.
    """

    target: str
    seconds: float
    executions: int
    coverage: int
    peak_mb: int
    finds: tuple[Path, ...]
    log: Path


def check_that_it_can_search() -> None:
    """Raise StopProgram if atheris is not installed."""
    if importlib.util.find_spec("atheris") is None:
        raise StopProgram(
            "atheris is not installed. It exists for Linux on x86-64 only; there, ./cryptoboy test --only-install "
            "installs it. Elsewhere the same checks run with pytest: tests/unit/devtools/fuzzing/test_fuzzing_checks.py"
        )


def search(
    target: Target,
    seconds: int,
    folder: Path,
    *,
    seeds: Path | None = None,
    memory_mb: int = MEMORY_MB,
    report: Report = lambda _text: None,
) -> Outcome:
    """Search one target.

    Args:
        target: the parser to search.
        seconds: the duration of the search.
        folder: the folder that stores the finds, and the inputs that reached new branches; the next search begins
            with these inputs.
        seeds: a folder of files to begin from, in addition to our own samples.
        memory_mb: the resident memory in MB above which an input counts as a find.
        report: called with the progress as a text for people.

    Raises:
        TryLater: the search failed without a find, or did not end in time.
    """
    corpus, finds = folder / target.name / "corpus", folder / target.name / "finds"
    for each in (corpus, finds):
        each.mkdir(parents=True, exist_ok=True)
    _plant(corpus, target, seeds)
    words = folder / target.name / "words"
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in target.words))
    before = set(finds.iterdir())
    log = folder / target.name / "log"
    begin = time.monotonic()
    status = _run(target, seconds, (corpus, words, finds, log), memory_mb, report)
    found = tuple(
        sorted(each for each in finds.iterdir() if each not in before and each.name.startswith(_FOUND))
    )
    said = log.read_text(errors="replace")
    if status and not found:
        raise TryLater(f"the search of {target.name} ended with status {status}; it said:\n{said[-1500:]}")
    executions, coverage = _last(said)
    peak = _PEAK.search(said)
    return Outcome(
        target.name, time.monotonic() - begin, executions, coverage, int(peak[1]) if peak else 0, found, log
    )


def _run(
    target: Target, seconds: int, files: tuple[Path, Path, Path, Path], memory_mb: int, report: Report
) -> int:
    corpus, words, finds, log = files
    command = [
        *(sys.executable, "-P", "-m", "devtools.fuzzing.child", target.name),
        f"-max_total_time={seconds}",
        f"-timeout={target.seconds}",
        f"-rss_limit_mb={memory_mb}",
        f"-max_len={target.max_length}",
        f"-dict={words}",
        f"-artifact_prefix={finds}/",
        "-report_slow_units=1000000",
        "-print_final_stats=1",
        str(corpus),
    ]
    environ = environment_of(Settings())
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, env=environ, cwd=PROJECT_ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            deadline = time.monotonic() + seconds + target.seconds + END_SECONDS
            while (status := process.poll()) is None:
                if time.monotonic() > deadline:
                    raise TryLater(f"the search of {target.name} does not end; see {log}")
                executions, coverage = _last(log.read_text(errors="replace"))
                report(f"{executions:,} inputs, {coverage} branches")
                time.sleep(LOOK_SECONDS)
        finally:
            process.kill()
            process.wait()
    return status


def _plant(corpus: Path, target: Target, seeds: Path | None) -> None:
    """Write the inputs to begin from, each to a file that is named by the hash of its content."""
    given: Iterable[Path] = sorted(seeds.rglob("*")) if seeds is not None else ()
    read = (file.read_bytes() for file in given if file.is_file())
    for data in (*target.seeds(), *read):
        (corpus / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def _quoted(word: str) -> str:
    return "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\' else f"\\x{ord(char):02x}"
        for char in word
    )


def _last(said: str) -> tuple[int, int]:
    """The last number of executions and the last coverage in libFuzzer's output."""
    lines = _PROGRESS.findall(said)
    executions, coverage = map(int, lines[-1]) if lines else (0, 0)
    done = _DONE.search(said)
    return (int(done[1]) if done else executions), coverage
