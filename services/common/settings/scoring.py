"""The variables of scoring: which scorer, on which servers, how many articles at once, and the fallback."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from services.common.network.model_addresses import ollama_servers, openai_servers
from services.common.settings.types import Seconds

MOST_WEIGHT = 1000  # a larger weight is probably a typing error
MODEL_FIELDS = (
    *("ollama_host", "ollama_model", "ollama_timeout", "ollama_max_tokens", "ollama_ca_file"),
    *("openai_base_url", "openai_api_key", "openai_model", "openai_timeout", "openai_max_tokens"),
    *("openai_ca_file", "sentiment_ensemble"),
)
"""The settings that only some scorers use. Code that uses such a setting calls `Settings.require` first."""


class ScorerKind(StrEnum):
    """The kinds of scorers."""

    OLLAMA = "ollama"
    OPENAI = "openai"
    LEXICON = "lexicon"
    ENSEMBLE = "ensemble"


class Fallback(StrEnum):
    """The ways to handle news while no model server can be used."""

    WAIT = "wait"
    LEXICON = "lexicon"


def parse_ensemble(text: str) -> dict[ScorerKind, float]:
    """The members of an ensemble and their weights, from text such as `ollama:2, lexicon:1`.

    Raises:
        ValueError: a part is wrong. The message names the part and what is allowed.
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
        if not 0 < members[ScorerKind(name)] <= MOST_WEIGHT:  # NaN is refused as well
            raise ValueError(f"the weight of {name} must be above 0 and at most {MOST_WEIGHT}")
    return members


def _checked(read: Callable[[str], object]) -> AfterValidator:
    """Make a validator that refuses a text that `read` cannot parse, and otherwise keeps the text unchanged."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


MAX_TOKENS = "bound of one answer; raised by itself, up to 4096, for a model that spends it on reasoning"


class ScoringSettings(BaseModel):
    """The part of `Settings` for the sentiment processor. Times are seconds."""

    sentiment_scorer: ScorerKind = Field(
        ScorerKind.OLLAMA,
        description="ollama, openai (any compatible server), lexicon (a baseline without a server), ensemble",
    )
    sentiment_fallback: Fallback = Field(
        Fallback.WAIT,
        description="while no model server answers: wait keeps news in the queue, lexicon marks signals degraded",
    )
    sentiment_concurrency: int = Field(
        2, ge=1, le=256, description="articles scored at the same time; OLLAMA_NUM_PARALLEL should match"
    )
    sentiment_ensemble: Annotated[str, _checked(parse_ensemble)] = Field(
        "ollama:2,lexicon:1", description="members of the ensemble and their weights"
    )
    news_max_age: Seconds | None = Field(
        None,
        description="age by publication at which news is recorded as expired and not scored; unset: none",
    )
    story_tellings_scored: int = Field(
        5,
        ge=0,
        le=1000,
        description="sources of one story that are scored before further ones that deny nothing are not; 0: all",
    )

    ollama_host: Annotated[str, _checked(ollama_servers)] = Field(
        "http://localhost:11434",
        description="address of the Ollama server; several, by commas: a healthy one is asked",
    )
    ollama_model: str = Field("mistral:7b", min_length=1, description="model that scores")
    ollama_timeout: Seconds = Field(120.0, description="longest wait for one answer")
    ollama_max_tokens: int = Field(256, ge=16, le=4096, description=MAX_TOKENS)
    ollama_ca_file: Path | None = Field(
        None,
        description="CA that Ollama's certificate is checked against, with an https URL; unset: the usual ones",
    )

    openai_base_url: Annotated[str, _checked(openai_servers)] = Field(
        "http://localhost:8000/v1",
        description="URL of an OpenAI-compatible server, with /v1; several, by commas",
    )
    openai_api_key: SecretStr | None = Field(
        None, description="its key; servers of one's own often need none"
    )
    openai_model: str | None = Field(
        None, min_length=1, description="model that scores; SENTIMENT_SCORER=openai needs it"
    )
    openai_timeout: Seconds = Field(120.0, description="longest wait for one answer")
    openai_max_tokens: int = Field(256, ge=16, le=4096, description=MAX_TOKENS)
    openai_ca_file: Path | None = Field(
        None,
        description="CA that the server's certificate is checked against, with an https URL; unset: the usual ones",
    )
