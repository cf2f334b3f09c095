"""Types of values that several groups of settings use."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field


def _check_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:  # not found; a path; a folder
        raise ValueError(f"{text!r} is no time zone such as Europe/Berlin") from error
    return text


Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
ZoneName = Annotated[str, AfterValidator(_check_zone)]
"""The name of a time zone, such as Europe/Berlin."""
