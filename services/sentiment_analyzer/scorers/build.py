"""Chooses the scorer according to the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.common.errors import StopProgram
from services.common.network.model_addresses import ollama_servers, openai_servers
from services.common.settings.scoring import MODEL_FIELDS, parse_ensemble
from services.common.settings.settings import Fallback, ScorerKind, Settings
from services.sentiment_analyzer.scorers.port import Scorer

if TYPE_CHECKING:
    from services.sentiment_analyzer.scorers.model.server_pool import ServerPool

Keep = Callable[[Scorer], Scorer]
"""Wraps a scorer in another scorer that keeps receipts of the answers."""


def build_scorer(settings: Settings, keep: Keep = lambda scorer: scorer) -> Scorer:
    """Build the scorer of SENTIMENT_SCORER with the fallback of SENTIMENT_FALLBACK. Connects to nothing yet.

    Args:
        settings: the settings of the scorer, of its servers and of the fallback.
        keep: wraps the scorer and its fallback one by one, so that each receipt names the scorer that answered.

    Raises:
        StopProgram: the settings of the scorer are incomplete.
    """
    check_scorer_settings(settings)
    scorer = keep(_build(settings, settings.sentiment_scorer))
    if (
        settings.sentiment_fallback is Fallback.LEXICON
        and settings.sentiment_scorer is not ScorerKind.LEXICON
    ):
        from services.sentiment_analyzer.scorers.fallback import FallbackScorer

        return FallbackScorer(scorer, keep(_build(settings, ScorerKind.LEXICON)))
    return scorer


@dataclass(frozen=True, slots=True)
class Model:
    """A language model and the servers that run it."""

    name: str
    servers: ServerPool


def build_model(settings: Settings) -> Model | None:
    """Return the language model of SENTIMENT_SCORER, the first one of an ensemble. Connects to nothing yet.

    Returns:
        The model; None if the scorer is not a model. Whoever takes it closes its servers.

    Raises:
        StopProgram: the settings of the scorer are incomplete.
    """
    check_scorer_settings(settings)
    for kind in _kinds(settings):
        if kind is ScorerKind.OLLAMA:
            return Model(settings.ollama_model, _ollama_servers(settings))
        if kind is ScorerKind.OPENAI:
            return Model(_openai_model(settings), _openai_servers(settings))
    return None


def check_scorer_settings(settings: Settings) -> None:
    """Check the settings that the configured scorer uses, without building the scorer.

    Raises:
        StopProgram: a variable that the scorer uses is missing or has a value that cannot be used; the message names
            it.
    """
    if settings.sentiment_scorer is ScorerKind.ENSEMBLE:
        settings.require(("sentiment_ensemble",))
    for kind in _kinds(settings):
        settings.require([field for field in MODEL_FIELDS if field.startswith(f"{kind.value}_")])
        if kind is ScorerKind.OPENAI:
            _openai_model(settings)


def model_servers(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the URLs of the model servers that the scorer asks, keyed by the variables that name them."""
    servers = {}
    if ScorerKind.OLLAMA in _kinds(settings):
        servers["OLLAMA_HOST"] = ollama_servers(settings.ollama_host)
    if ScorerKind.OPENAI in _kinds(settings):
        servers["OPENAI_BASE_URL"] = openai_servers(settings.openai_base_url)
    return servers


def _kinds(settings: Settings) -> tuple[ScorerKind, ...]:
    """Return the kind of the configured scorer, or the kinds of the members if the scorer is an ensemble."""
    if settings.sentiment_scorer is ScorerKind.ENSEMBLE:
        return tuple(parse_ensemble(settings.sentiment_ensemble))
    return (settings.sentiment_scorer,)


def _build(settings: Settings, kind: ScorerKind) -> Scorer:
    # The scorers are imported here, because each imports libraries that the others do not need.
    match kind:
        case ScorerKind.OLLAMA:
            return _ollama(settings)
        case ScorerKind.OPENAI:
            return _openai(settings)
        case ScorerKind.LEXICON:
            from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

            return LexiconScorer()
        case ScorerKind.ENSEMBLE:
            from services.sentiment_analyzer.scorers.ensemble import EnsembleScorer

            members = parse_ensemble(settings.sentiment_ensemble)
            return EnsembleScorer([(_build(settings, member), weight) for member, weight in members.items()])


def _ollama(settings: Settings) -> Scorer:
    from services.sentiment_analyzer.scorers.model.scorer import ModelScorer

    return ModelScorer(
        "ollama",
        settings.ollama_model,
        _ollama_servers(settings),
        max_tokens=settings.ollama_max_tokens,
    )


def _ollama_servers(settings: Settings) -> ServerPool:
    from services.sentiment_analyzer.scorers.model.ollama import OllamaServer
    from services.sentiment_analyzer.scorers.model.server_pool import ServerPool

    return ServerPool(
        [
            OllamaServer(
                url,
                settings.ollama_model,
                timeout=settings.ollama_timeout,
                ca_file=settings.ollama_ca_file,
            )
            for url in ollama_servers(settings.ollama_host)
        ]
    )


def _openai_model(settings: Settings) -> str:
    if settings.openai_model is None:
        raise StopProgram("the scorer openai needs a model: set OPENAI_MODEL to one that OPENAI_BASE_URL has")
    return settings.openai_model


def _openai(settings: Settings) -> Scorer:
    from services.sentiment_analyzer.scorers.model.scorer import ModelScorer

    return ModelScorer(
        "openai",
        _openai_model(settings),
        _openai_servers(settings),
        max_tokens=settings.openai_max_tokens,
    )


def _openai_servers(settings: Settings) -> ServerPool:
    from services.sentiment_analyzer.scorers.model.openai import OpenAiServer
    from services.sentiment_analyzer.scorers.model.server_pool import ServerPool

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    return ServerPool(
        [
            OpenAiServer(
                url,
                _openai_model(settings),
                key=key,
                timeout=settings.openai_timeout,
                ca_file=settings.openai_ca_file,
            )
            for url in openai_servers(settings.openai_base_url)
        ]
    )
