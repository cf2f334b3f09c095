"""The variable that says which parts the container of a program has no connection to."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field, field_validator


class Part(StrEnum):
    """A part of the system, or of the world outside, to which a container may have no connection."""

    EXCHANGE = "exchange"
    FEEDS = "feeds"
    FREQTRADE = "freqtrade"
    SCORER = "scorer"
    SERVICES = "services"


class ReachSettings(BaseModel):
    """The part of `Settings` for programs that run in a container with few connections."""

    out_of_reach: tuple[Part, ...] | None = Field(
        None,
        description="what this container has no connection to, by commas: exchange, feeds, freqtrade, scorer, services",
    )

    def reaches(self, part: Part) -> bool:
        """Whether programs may expect a connection to the part; it may be away all the same."""
        return part not in (self.out_of_reach or ())

    @field_validator("out_of_reach", mode="before")
    @classmethod
    def _split_parts(cls, value: object) -> object:
        return tuple(filter(None, value.replace(",", " ").split())) if isinstance(value, str) else value
