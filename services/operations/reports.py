"""The pages that backtests, studies and evaluations wrote: each is kept in a folder, where the API finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.common.errors import NeverWorks
from services.common.files import write_whole
from services.common.settings.settings import Settings

FOLDER = "reports"
MOST_REPORTS = 50
MOST_BYTES = 30_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.html")


@dataclass(frozen=True, slots=True)
class Report:
    """A page that was kept.

    Attributes:
        name: the file's name, which begins with the command that made it.
        made: when it was written.
        bytes: its size.
    """

    name: str
    kind: str
    made: datetime
    bytes: int

    def as_json(self) -> dict[str, Any]:
        """A dictionary of JSON values."""
        return {**asdict(self), "made": self.made.isoformat()}


def reports_folder(settings: Settings) -> Path:
    """The folder of the reports."""
    return settings.state_dir / FOLDER


def list_reports(folder: Path) -> tuple[Report, ...]:
    """The reports in a folder, newest first; none if there is no folder."""
    return tuple(sorted(_reports(folder), key=lambda report: report.made, reverse=True))


def read_report(folder: Path, name: str) -> bytes:
    """The page of a report.

    Raises:
        NeverWorks: there is no such report, or it is too large to be shown.
    """
    if _NAME.fullmatch(name):
        with suppress(OSError):
            if (folder / name).stat().st_size > MOST_BYTES:
                raise NeverWorks(
                    f"{name} is larger than {MOST_BYTES:,} bytes; open {folder / name} in a browser"
                )
            return (folder / name).read_bytes()
    raise NeverWorks(f"there is no report {name!r}")


def keep_report(folder: Path, kind: str, page: str, now: datetime) -> Path:
    """Keep a page, and remove the oldest of more than 50. Raises OSError if it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}.html"
    write_whole(path, page)
    for report in list_reports(folder)[MOST_REPORTS:]:
        (folder / report.name).unlink(missing_ok=True)
    return path


def _reports(folder: Path) -> Iterator[Report]:
    with suppress(FileNotFoundError, NotADirectoryError):
        for file in folder.iterdir():
            if _NAME.fullmatch(file.name):
                with suppress(OSError):  # it was removed meanwhile
                    found = file.stat()
                    made = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Report(file.name, file.name.partition("-")[0], made, found.st_size)
