"""Downloads candles with Freqtrade, checks them, and moves them to their target directory.

Files are downloaded to a partial directory. After an interruption Freqtrade itself resumes the download.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram, TryLater
from services.common.files import write_whole
from services.common.freqtrade_variables import without_freqtrade_variables
from services.research.candles import CandleFile, Candles, list_candles, read_candles
from services.research.history.archive.archive import partial_path

REQUEST_FILE = "request.json"


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """The options of a download.

    Attributes:
        out: the directory for the files; existing files of the same pair and timeframe are replaced.
        start: opening time of the first candle (UTC).
        end: the time (UTC) before which the last requested candle opens; None means now.
    """

    out: Path
    pairs: tuple[str, ...]
    timeframes: tuple[str, ...]
    start: datetime
    end: datetime | None = None

    def request(self) -> dict[str, Any]:
        """Return the values that distinguish one download from another."""
        return {
            "pairs": list(self.pairs),
            "timeframes": list(self.timeframes),
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
        }


def fetch_candles(
    options: FetchOptions,
    config: Mapping[str, Any],
    environ: Mapping[str, str],
    program: Sequence[str] = (sys.executable, "-m", "freqtrade"),
) -> list[Candles]:
    """Run `freqtrade download-data`, whose log goes to stderr, and check the downloaded files.

    Args:
        options: the options of the download.
        config: Freqtrade's configuration, which names the exchange to use. It is written to a file that only its
            owner can read.
        environ: the environment for Freqtrade, from which Freqtrade's own variables, which would change `config`, are
            removed.
        program: the command that runs Freqtrade; its log can show values of `config`, which may include a proxy's
            password.

    Raises:
        TryLater: Freqtrade failed, or downloaded no candles of a pair; no file is moved to the target.
        StopProgram: a file is unusable, or the directory cannot be created.
    """
    partial = _begin(options)
    data = partial / "data"
    config_file = partial / "config.json"
    write_whole(config_file, json.dumps(config), mode=0o600)
    _run([*program, *_arguments(options, partial, data, config_file)], environ)
    files = {(file.pair, file.timeframe): file for file in list_candles(data)}
    wanted = [(pair, timeframe) for pair in options.pairs for timeframe in options.timeframes]
    if missing := [f"{pair} {timeframe}" for pair, timeframe in wanted if (pair, timeframe) not in files]:
        raise TryLater(
            f"freqtrade downloaded no candles of {', '.join(missing)}; its log is above. Check that the exchange "
            "offers these pairs and has candles of the period."
        )
    found = [read_candles(files[key]) for key in wanted]
    return _hand_over(options.out, partial, found)


def _begin(options: FetchOptions) -> Path:
    """Prepare and return the partial directory; the remains of a different download are deleted."""
    partial = partial_path(options.out)
    request = partial / REQUEST_FILE
    try:
        if partial.exists() and (
            not request.is_file() or json.loads(request.read_text()) != options.request()
        ):
            shutil.rmtree(partial)
        (partial / "data").mkdir(parents=True, exist_ok=True)
        request.write_text(json.dumps(options.request()))
    except OSError as error:
        raise StopProgram(f"{partial} cannot be written: {error.strerror or error}") from error
    return partial


def _arguments(options: FetchOptions, partial: Path, data: Path, config_file: Path) -> Sequence[str]:
    end = f"{options.end.timestamp():.0f}" if options.end else ""
    return [
        "download-data",
        *("--config", str(config_file), "--userdir", str(partial), "--datadir", str(data)),
        *("--pairs", *options.pairs),
        *("--timeframes", *options.timeframes),
        *("--timerange", f"{options.start.timestamp():.0f}-{end}"),
    ]


def _run(command: Sequence[str], environ: Mapping[str, str]) -> None:
    own = without_freqtrade_variables(environ)
    with subprocess.Popen(command, env=own, stdin=subprocess.DEVNULL, stdout=sys.stderr) as process:  # noqa: S603 - our own program, no shell
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            raise
    if status:
        raise TryLater(f"freqtrade download-data ended with status {status}; its log above says why")


def _hand_over(out: Path, partial: Path, found: Sequence[Candles]) -> list[Candles]:
    out.mkdir(parents=True, exist_ok=True)
    moved = []
    for candles in found:
        target = out / candles.path.name
        candles.path.replace(target)
        moved.append(read_candles(CandleFile(candles.pair, candles.timeframe, target)))
    shutil.rmtree(partial)
    return moved
