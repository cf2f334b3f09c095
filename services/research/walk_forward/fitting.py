"""Fits parameters once: runs the real `freqtrade hyperopt` in its own folder, on a copy of the strategy."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from services.common.errors import StopProgram
from services.common.freqtrade_variables import without_freqtrade_variables
from services.common.settings.folders import STRATEGIES
from services.research.backtest.plan import STRATEGY

_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 5.0
_SHOWN_LINES = 12
_SPACES_OF_THE_STRATEGY = ("buy", "sell", "indicators")

Progress = Callable[[int], None]
"""A function that is called with the number of epochs that are done."""


@dataclass(frozen=True)
class Search:
    """The options of a fit.

    Attributes:
        epochs: the number of parameter sets that hyperopt tries.
        spaces: hyperopt's names of the parameter spaces that it may change.
        loss: the class name of the loss function that hyperopt minimises.
        seed: hyperopt's random state. With one process, the same seed tries the same parameters.
    """

    epochs: int = 50
    spaces: tuple[str, ...] = _SPACES_OF_THE_STRATEGY
    loss: str = "SharpeHyperOptLossDaily"
    seed: int = 1


def copy_strategy(folder: Path) -> Path:
    """Copy the strategy without any parameters fitted earlier, and return the folder of the copy."""
    copy = folder / "strategies"
    shutil.copytree(STRATEGIES, copy, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    return copy


def fit(
    config: Mapping[str, Any], candles: Path, search: Search, folder: Path, progress: Progress
) -> Mapping[str, Any] | None:
    """Run hyperopt in `folder`, which must be empty, and leave the strategy with the best parameters there.

    Args:
        config: Freqtrade's configuration; its timerange is the period of the fit.
        candles: the directory of Freqtrade's feather files.
        search: the options of the fit.
        folder: the folder that becomes Freqtrade's user directory; `folder`/strategies then has the fitted strategy.
        progress: called after every epoch.

    Returns:
        The best parameters by space, or None if no set of parameters made a trade; the copy then has the default
        parameters.

    Raises:
        StopProgram: hyperopt failed; the message has the end of its output.
    """
    strategies = copy_strategy(folder)
    file = folder / "config.json"
    file.write_text(json.dumps(dict(config) | {"strategy_path": str(strategies)}), encoding="utf-8")
    command = [
        *(sys.executable, "-m", "freqtrade", "hyperopt", "--no-color"),
        *("--config", str(file), "--userdir", str(folder), "--datadir", str(candles.absolute())),
        *("--epochs", str(search.epochs), "--spaces", *search.spaces, "--hyperopt-loss", search.loss),
        # Indicators depend on parameters too, and one process alone tries the same sets with the same seed.
        *("--random-state", str(search.seed), "--analyze-per-epoch", "-j", "1"),
    ]
    log = folder / "hyperopt.log"
    with log.open("wb") as output:
        status = _run(command, folder, output, progress)
    if status != 0:
        raise StopProgram(f"freqtrade hyperopt ended with status {status}: {_last_words(log)}")
    return _parameters(strategies / f"{STRATEGY}.json")


def _run(command: list[str], folder: Path, output: IO[bytes], progress: Progress) -> int:
    process = subprocess.Popen(  # noqa: S603 - our own Python and options
        command,
        env=without_freqtrade_variables(os.environ),
        cwd=folder,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        while process.poll() is None:
            progress(_epochs_done(folder))
            time.sleep(_LOOK_SECONDS)
    finally:
        _end(process)
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """End hyperopt and its child processes if they still run because the user stopped this program."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, sign)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _epochs_done(folder: Path) -> int:
    """Return the number of epochs done, which is the number of lines that hyperopt has written."""
    found = next((folder / "hyperopt_results").glob("*.fthypt"), None)
    return 0 if found is None else found.read_bytes().count(b"\n")


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_SHOWN_LINES:]) or "it said nothing"


def _parameters(file: Path) -> Mapping[str, Any] | None:
    if not file.exists():
        return None
    written = json.loads(file.read_text(encoding="utf-8"))
    parameters: Mapping[str, Any] = written["params"]
    return parameters
