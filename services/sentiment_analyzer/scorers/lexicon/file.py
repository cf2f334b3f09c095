"""The structure of `lexicon.toml`. Terms are kept in the spelling of the file; `data` turns them into tokens."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Group(BaseModel):
    """Terms with the same meaning, and the valence of that meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sense: str
    valence: Annotated[float, Field(ge=-4, le=4)]
    direction: bool = False
    adoption: bool = False
    settles: bool = False
    terms: tuple[str, ...]


class ComparisonTerms(BaseModel):
    """Terms that compare one coin with another; see `comparisons`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adverbs: tuple[str, ...] = ()
    better: tuple[str, ...] = ()
    better_against: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    worse_against: tuple[str, ...] = ()


class ReversalTerms(BaseModel):
    """Terms that end a move of prices, and terms that name such a move; see `reversals`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    enders: tuple[str, ...] = ()
    rebounders: tuple[str, ...] = ()
    faders: tuple[str, ...] = ()
    failers: tuple[str, ...] = ()
    losers: tuple[str, ...] = ()
    smaller: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    joints: tuple[str, ...] = ()
    prepositions: tuple[str, ...] = ()


class LexiconFile(BaseModel):
    """The whole lexicon file. The names under `rules` are fields of `data.Lexicon`, which refuses other names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    ignored: tuple[str, ...]
    asking: tuple[str, ...]
    group: tuple[Group, ...]
    rules: dict[str, tuple[str, ...]] = {}
    comparisons: ComparisonTerms = ComparisonTerms()
    reversals: ReversalTerms = ReversalTerms()
