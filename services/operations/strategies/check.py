"""Checks whether Freqtrade can run a user's strategy with news, and what the news did in the last day."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.operations.checks.check import Check
from services.operations.strategies.copies import strategies_of
from services.operations.strategies.findings import findings
from services.operations.strategies.freqtrade_python import python_of_freqtrade

SECONDS = 300.0
_PROBE = Path(__file__).with_name("probe.py")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Blocked:
    """A time in which entries were blocked: `why` is the last reason, `start` in ISO 8601, UTC."""

    side: str
    start: str
    minutes: float
    why: str


@dataclass(frozen=True, slots=True)
class PairNews:
    """The news of a pair in the last day.

    Attributes:
        pair: the pair.
        signals: the number of signals that became available.
        newest: when the newest of them did, in ISO 8601, UTC; None if there was none.
        now: why entries are blocked at this moment; empty if they are not.
        blocked: the times in which entries were blocked, up to the last candle that has closed.
    """

    pair: str
    signals: int
    newest: str | None
    now: str
    blocked: tuple[Blocked, ...]


@dataclass(frozen=True, slots=True)
class StrategyReport:
    """What was found; `ok` is False if the strategy cannot trade with news."""

    checks: tuple[Check, ...]
    pairs: tuple[PairNews, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(check.state != "failed" for check in self.checks)


def check_strategy(
    user_data: Path,
    strategy: str,
    block: str,
    *,
    config: Sequence[Path] = (),
    pairs: Sequence[str] = (),
    freqtrade: Path | None = None,
    seconds: float = SECONDS,
) -> StrategyReport:
    """Let Freqtrade load the strategy in a process of its own, and look at its news.

    Args:
        user_data: Freqtrade's user directory.
        strategy: the name of the class.
        block: the line for a configuration that has no block `cryptoboy`.
        config: Freqtrade's configuration files; none: config.json in `user_data`, if it is there.
        pairs: the pairs to look at; none: those of the configuration.
        freqtrade: see `python_of_freqtrade`.
        seconds: how long this may take.

    Raises:
        StopProgram: there is no such directory, or no Freqtrade.
    """
    strategies = strategies_of(user_data)
    usual = user_data / "config.json"
    files = [*config] or ([usual] if usual.is_file() else [])
    question = {
        "user_data": str(user_data.resolve()),
        "strategy": strategy,
        "config": [str(file) for file in files],
        "pairs": [*pairs],
    }
    python = python_of_freqtrade(freqtrade)
    answer = _ask(python, question, seconds)
    answer["is_ours"] = freqtrade is None and python.parent.resolve() == Path(sys.executable).parent.resolve()
    checks = findings(answer, user_data, strategies, strategy, block)
    report = StrategyReport(tuple(checks))
    return replace(report, pairs=tuple(map(_pair_news, answer["pairs"]))) if report.ok else report


def _ask(python: Path, question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The answer of probe.py; `problem` says so if there is none."""
    with tempfile.TemporaryDirectory(prefix="cryptoboy-strategy-") as folder:
        asked, answered = Path(folder, "question.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(question), encoding="utf-8")
        # What is on the path of this program is not on that of the bot.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [str(python), "-P", str(_PROBE), str(asked), str(answered)]
        try:
            said = _run(command, environ, seconds)
        except subprocess.TimeoutExpired:
            return _no_answer(f"no answer within {seconds:.0f} s; does the strategy wait for anything?")
        except OSError as error:
            return _no_answer(f"{python} cannot be run: {error.strerror}")
        if not answered.is_file():
            return _no_answer(f"{python} ended without an answer: {said.strip()[-_LONGEST:]}")
        answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
        return answer


def _run(command: Sequence[str], environ: dict[str, str], seconds: float) -> str:
    """What a program says on standard error; it and its children are ended after `seconds`."""
    with subprocess.Popen(  # noqa: S603 - Freqtrade's Python, no shell # nosec B603
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(timeout=seconds)[1]
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _no_answer(text: str) -> dict[str, Any]:
    return {"problem": {"step": "freqtrade", "text": text}}


def _pair_news(found: dict[str, Any]) -> PairNews:
    blocked = tuple(
        Blocked(each["side"], each["from"], each["minutes"], each["why"]) for each in found["blocked"]
    )
    return PairNews(found["pair"], found["signals"], found["newest"], found["now"], blocked)
