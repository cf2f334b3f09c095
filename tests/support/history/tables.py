"""Makes the tables of a history on SQLite by copying those of another: their migration takes longer than most tests."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from services.common.history.writing import open_history
from services.common.settings.history import FILE_NAME
from services.common.settings.settings import Settings


def with_tables(settings: Settings) -> Settings:
    """Make the tables in the folder of the settings, and return the settings.

    Nothing is done where there is a history already, or for PostgreSQL, whose tables are made when they are used.
    """
    file = settings.state_dir / FILE_NAME
    if settings.history_url is None and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(_tables())
    return settings


@cache
def _tables() -> bytes:
    with TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder))
        with closing(open_history(settings)) as writer:
            writer.check()
        return (Path(folder) / FILE_NAME).read_bytes()
