"""Chooses the scorer by configuration."""

from __future__ import annotations

from services.common.settings import ScorerKind, Settings
from services.sentiment_analyzer.scorer import Scorer


def build_scorer(settings: Settings) -> Scorer:
    """The scorer that SENTIMENT_SCORER names. Connects to nothing yet."""
    # Imported here because each brings libraries that the other does not need.
    match settings.sentiment_scorer:
        case ScorerKind.OLLAMA:
            from services.sentiment_analyzer.ollama_scorer import OllamaScorer

            return OllamaScorer(
                host=settings.ollama_host,
                model=settings.ollama_model,
                timeout=settings.ollama_timeout,
                max_tokens=settings.ollama_max_tokens,
            )
        case ScorerKind.LEXICON:
            from services.sentiment_analyzer.lexicon import LexiconScorer

            return LexiconScorer()
