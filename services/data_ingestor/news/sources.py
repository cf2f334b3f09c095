"""Loads the news sources from a TOML file that the operator may edit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from services.common.errors import StopProgram
from services.common.files import read_small
from services.data_ingestor.news.port import SourceConfig
from services.data_ingestor.news.rss.source import FeedConfig

KINDS: Mapping[str, type[SourceConfig]] = {"rss": FeedConfig}
USUAL_KIND = "rss"
"""The kind of source that is assumed if a table does not name a kind."""
MAX_SOURCES = 50


def _of_its_kind(table: object) -> SourceConfig:
    kind = table.get("kind", USUAL_KIND) if isinstance(table, dict) else USUAL_KIND
    config = KINDS.get(kind) if isinstance(kind, str) else None
    if config is None:
        raise PydanticCustomError("kind", "kind must be one of: {kinds}", {"kinds": ", ".join(KINDS)})
    return config.model_validate(table)


class _SourcesFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[
        tuple[Annotated[SourceConfig, PlainValidator(_of_its_kind)], ...],
        Field(min_length=1, max_length=MAX_SOURCES),
    ]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [source.name.casefold() for source in self.source]
        twice = sorted({source.name for source in self.source if names.count(source.name.casefold()) > 1})
        if twice:
            raise ValueError(
                f"each name may be used only once, ignoring case; used more than once: {', '.join(twice)}"
            )
        return self


def load_sources(path: Path) -> tuple[SourceConfig, ...]:
    """Return the enabled sources of the file, in the order of the file.

    Raises:
        StopProgram: the file cannot be read, contains an error, or enables no source. The message names file, entry
            and field, but never an address, because an address may contain a key.
    """
    try:
        content = tomllib.loads(read_small(path))
    except OSError as error:
        raise StopProgram(
            f"the news sources {path} cannot be read ({error.strerror}). Set NEWS_SOURCES_FILE to a file that is there."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StopProgram(f"the news sources {path} are not valid TOML: {error}") from None
    try:
        sources = _SourcesFile.model_validate(content).source
    except ValidationError as error:
        mistakes = "\n".join(f"  {line}" for line in _describe(error, content))
        raise StopProgram(f"the news sources {path} cannot be used:\n{mistakes}") from None
    enabled = tuple(source for source in sources if source.enabled)
    if not enabled:
        raise StopProgram(f"the news sources {path} have no entry with enabled = true; enable one.")
    return enabled


def _describe(error: ValidationError, content: dict[str, Any]) -> list[str]:
    lines = []
    for mistake in error.errors(include_url=False, include_input=False, include_context=False):
        match mistake["loc"]:
            case ("source", int(index), *field):
                where = f"entry {index + 1}{_name_of(content, index)}"
                if field:
                    where += f", field {'.'.join(map(str, field))}"
            case place:
                where = ".".join(map(str, place)) or "file"
        lines.append(f"{where}: {mistake['msg']}")
    return lines


def _name_of(content: dict[str, Any], index: int) -> str:
    try:
        return f" ({str(content['source'][index]['name'])[:64]})"
    except (KeyError, TypeError):
        return ""
