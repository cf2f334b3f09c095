"""The options --from and --to: a period in UTC whose start counts and whose end does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, overload

import typer

from services.common.errors import StopProgram

From = Annotated[str | None, typer.Option("--from", help="First day or instant, UTC, such as 2025-05-01.")]
To = Annotated[str | None, typer.Option("--to", help="Day or instant to stop before, UTC.")]


@overload
def read_period(start: str, end: str) -> tuple[datetime, datetime]: ...


@overload
def read_period(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]: ...


def read_period(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """Both ends as instants in UTC, None where not given; a time without an offset is UTC.

    Raises:
        StopProgram: one is no date, or the period is empty.
    """
    first, last = read_instant("--from", start), read_instant("--to", end)
    if first is not None and last is not None and first >= last:
        raise StopProgram(
            f"--from {start} is not before --to {end}: the period is empty; expected an earlier start"
        )
    return first, last


def read_instant(option: str, text: str | None) -> datetime | None:
    """An instant in UTC, None where none is given; a time without an offset is UTC. Raises StopProgram."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StopProgram(
            f"{option} {text!r} is no date; write for example 2025-05-01 or 2025-05-01T12:00:00+00:00"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
