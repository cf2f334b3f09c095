"""The news sources, read from a TOML file that the operator may edit."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.common.errors import StopProgram
from services.common.files import read_small
from services.common.messages import OwnerName, SourceName, Weight
from services.data_ingestor.news.urls import check_url

MAX_SOURCES = 50


class NewsSource(BaseModel):
    """One feed. `weight` and `owner` go with its articles and their signals.

    `owner` is whoever publishes it, if it is not alone his: the poller gives turns, and later parts their trust, to
    owners.

    With `own_network` the host of `url` may have an address that is not public, though its name does not say so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: SourceName
    url: Annotated[str, AfterValidator(check_url), Field(repr=False)]
    weight: Weight = 1.0
    owner: OwnerName = ""
    enabled: bool = True
    own_network: bool = False


class _SourcesFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[tuple[NewsSource, ...], Field(min_length=1, max_length=MAX_SOURCES)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [source.name.casefold() for source in self.source]
        twice = sorted({source.name for source in self.source if names.count(source.name.casefold()) > 1})
        if twice:
            raise ValueError(
                f"a name must be given once only, in whatever case; more than once: {', '.join(twice)}"
            )
        return self


def load_sources(path: Path) -> tuple[NewsSource, ...]:
    """The enabled sources of the file, in its order.

    Raises:
        StopProgram: the file cannot be read, has a mistake, or enables no source. Names file, entry and
            field, never an address, which may hold a key.
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
