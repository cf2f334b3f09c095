"""The variables of scoring: which scorer, on which servers, how many articles at once, and the fallback."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from services.common.network.model_addresses import ollama_servers, openai_servers

Seconds = Annotated[float, Field(gt=0)]
MODEL_FIELDS = (
    *("ollama_host", "ollama_model", "ollama_timeout", "ollama_max_tokens", "ollama_ca_file"),
    *("openai_base_url", "openai_api_key", "openai_model", "openai_timeout", "openai_max_tokens"),
    *("openai_ca_file", "sentiment_ensemble"),
)
"""What only some scorers use. Whoever uses one says so: see `Settings.require`."""


class ScorerKind(StrEnum):
    """Who scores an article."""

    OLLAMA = "ollama"
    OPENAI = "openai"
    LEXICON = "lexicon"
    ENSEMBLE = "ensemble"


class Fallback(StrEnum):
    """What happens to news while no model server can be used."""

    WAIT = "wait"
    LEXICON = "lexicon"


def parse_ensemble(text: str) -> dict[ScorerKind, float]:
    """The members of an ensemble and their weights, from text such as `ollama:2, lexicon:1`.

    Raises:
        ValueError: says which part is wrong and what is allowed.
    """
    allowed = [kind.value for kind in ScorerKind if kind is not ScorerKind.ENSEMBLE]
    members: dict[ScorerKind, float] = {}
    for part in text.split(","):
        name, _, weight = (piece.strip() for piece in part.partition(":"))
        if name not in allowed:
            raise ValueError(f"{name!r} is no member; write some of {', '.join(allowed)} as name:weight")
        if ScorerKind(name) in members:
            raise ValueError(f"{name} is there twice")
        try:
            members[ScorerKind(name)] = float(weight or 1)
        except ValueError:
            raise ValueError(f"{weight!r} is not the weight of {name}; write a number above 0") from None
        if not 0 < members[ScorerKind(name)] <= 1000:  # noqa: PLR2004 - false for NaN as well; more is a slip
            raise ValueError(f"the weight of {name} must be above 0 and at most 1000")
    return members


def _checked(read: Callable[[str], object]) -> AfterValidator:
    """The text stays as it is, so that other processes read the same; what cannot be read is refused."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


MAX_TOKENS = "bound of one answer; raised by itself, up to 4096, for a model that spends it on reasoning"


class ScoringSettings(BaseSettings):
    """The part of `Settings` for the sentiment processor. Times are seconds."""

    sentiment_scorer: Annotated[
        ScorerKind,
        Field(
            description="ollama, openai (any compatible server), lexicon (a baseline without a server), ensemble"
        ),
    ] = ScorerKind.OLLAMA
    sentiment_fallback: Annotated[
        Fallback,
        Field(
            description="while no model server answers: wait keeps news in the queue, lexicon marks signals degraded"
        ),
    ] = Fallback.WAIT
    sentiment_concurrency: Annotated[
        int,
        Field(ge=1, le=256, description="articles scored at the same time; OLLAMA_NUM_PARALLEL should match"),
    ] = 2
    sentiment_ensemble: Annotated[
        str, _checked(parse_ensemble), Field(description="members of the ensemble and their weights")
    ] = "ollama:2,lexicon:1"
    news_max_age: Annotated[
        Seconds | None,
        Field(
            description="age by publication at which news is recorded as expired and not scored; unset: none"
        ),
    ] = None
    story_tellings_scored: Annotated[
        int,
        Field(
            ge=0,
            le=1000,
            description="sources of one story that are scored before further ones that deny nothing are not; 0: all",
        ),
    ] = 5

    ollama_host: Annotated[
        str,
        _checked(ollama_servers),
        Field(description="address of the Ollama server; several, by commas: a healthy one is asked"),
    ] = "http://localhost:11434"
    ollama_model: Annotated[str, Field(min_length=1, description="model that scores")] = "mistral:7b"
    ollama_timeout: Annotated[Seconds, Field(description="longest wait for one answer")] = 120.0
    ollama_max_tokens: Annotated[int, Field(ge=16, le=4096, description=MAX_TOKENS)] = 256
    ollama_ca_file: Annotated[
        Path | None,
        Field(
            description="CA that Ollama's certificate is checked against, with an https URL; unset: the usual ones"
        ),
    ] = None

    openai_base_url: Annotated[
        str,
        _checked(openai_servers),
        Field(description="URL of an OpenAI-compatible server, with /v1; several, by commas"),
    ] = "http://localhost:8000/v1"
    openai_api_key: Annotated[
        SecretStr | None, Field(description="its key; servers of one's own often need none")
    ] = None
    openai_model: Annotated[
        str | None, Field(min_length=1, description="model that scores; SENTIMENT_SCORER=openai needs it")
    ] = None
    openai_timeout: Annotated[Seconds, Field(description="longest wait for one answer")] = 120.0
    openai_max_tokens: Annotated[int, Field(ge=16, le=4096, description=MAX_TOKENS)] = 256
    openai_ca_file: Annotated[
        Path | None,
        Field(
            description="CA that the server's certificate is checked against, with an https URL; unset: the usual ones"
        ),
    ] = None
