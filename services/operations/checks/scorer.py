"""Does the scorer answer?"""

from __future__ import annotations

from contextlib import closing
from functools import partial

from services.common.settings.settings import Fallback, ScorerKind, Settings
from services.operations.checks.check import Question
from services.sentiment_analyzer.scorers.build import build_scorer


def scorer_question(settings: Settings) -> Question:
    """For the scorer of the settings itself, whatever its fallback is."""
    kind = settings.sentiment_scorer
    ollama = (
        f"start Ollama (ollama serve), then: ollama pull {settings.ollama_model}; check OLLAMA_HOST and "
        "OLLAMA_MODEL"
    )
    openai = "start the server; check OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY"
    other = "or SENTIMENT_SCORER=lexicon, a baseline that needs no server"
    members = f"SENTIMENT_ENSEMBLE names the members. Ollama: {ollama}. Other servers: {openai}"
    remedies = {
        ScorerKind.OLLAMA: f"{ollama}; {other}",
        ScorerKind.OPENAI: f"{openai}; {other}",
        ScorerKind.ENSEMBLE: f"{members}; {other}",
        ScorerKind.LEXICON: "the files of this copy are damaged; get them again",
    }
    # With a fallback news is scored all the same.
    required = settings.sentiment_fallback is Fallback.WAIT
    asked = settings.changed(sentiment_fallback=Fallback.WAIT)
    return Question(f"scorer ({kind.value})", partial(_scorer, asked), remedies[kind], required)


def _scorer(settings: Settings) -> str:
    with closing(build_scorer(settings)) as scorer:
        scorer.check()
        return f"{scorer.name} answers"
