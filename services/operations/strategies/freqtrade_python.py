"""Finds the Python environment of the user's Freqtrade."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from services.common.errors import StopProgram


def python_of_freqtrade(given: Path | None) -> Path:
    """The Python that runs Freqtrade.

    Args:
        given: the program `freqtrade`, the folder of its virtual environment, or its Python. None: `freqtrade` of the
            PATH or, if there is none, the Freqtrade of this installation.

    Raises:
        StopProgram: there is no Freqtrade.
    """
    if given is not None:
        if not given.exists():
            raise StopProgram(
                f"--freqtrade {given}: there is nothing; name the program freqtrade of your bot, or the folder of its "
                "virtual environment"
            )
        return _python_beside(given)
    if found := shutil.which("freqtrade"):
        return _python_beside(Path(found))
    if find_spec("freqtrade"):
        return Path(sys.executable)
    raise StopProgram(
        "there is no Freqtrade here to load the strategy. Name the one of your bot (--freqtrade PATH), or install one "
        "here: ./cryptoboy trade --help"
    )


def _python_beside(path: Path) -> Path:
    if path.is_dir():
        return path / "bin" / "python"
    if path.name.startswith("python"):
        return path
    program = path.resolve()  # pipx and uv link to the program in an environment of its own
    beside = program.with_name("python")
    interpreter = _interpreter(program)
    return beside if beside.exists() or interpreter is None else interpreter


def _interpreter(program: Path) -> Path | None:
    """The Python in the first line of a program."""
    with program.open("rb") as file:
        first = file.readline(1_000).decode(errors="replace").strip()
    found = first.removeprefix("#!").split(" ")[0]
    return Path(found) if first.startswith("#!") and "python" in Path(found).name else None
