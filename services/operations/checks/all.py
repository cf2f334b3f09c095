"""All checks of `doctor`, for what `up` would use with the same settings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial

from services.common.broker.open import open_broker
from services.common.clock import SystemClock
from services.common.errors import CryptoBoyError, StopProgram
from services.common.network.compose_names import explain_compose_name
from services.common.settings.reach import Part
from services.common.settings.settings import BrokerKind, Fallback, ScorerKind, Settings
from services.data_ingestor.news.sources import load_sources
from services.launch.addresses import ports_taken
from services.operations.checks.check import Check, Question
from services.operations.checks.elsewhere import unless_out_of_reach
from services.operations.checks.feeds import feed_question
from services.operations.checks.installation import installation_questions
from services.operations.checks.store import scored_pairs_question, store_questions
from services.operations.checks.telegram import telegram_questions
from services.operations.checks.trading import exchange_questions, freqtrade_questions
from services.sentiment_analyzer.scorers.build import build_scorer

OLDEST_PYTHON = (3, 11)


def check_configuration(load: Callable[[], Settings]) -> tuple[Check, Settings | None]:
    """The result of checking the configuration, and the settings, which are None if they cannot be loaded."""
    name = "configuration"
    try:
        settings = load()
    except StopProgram as error:
        return Check(name, "failed", str(error), "correct these in .env or in the environment"), None
    if settings.unusable:
        lines = "\n".join(mistake.line for mistake in settings.unusable)
        return Check(name, "warning", lines, "correct these, or unset them"), settings
    return Check(name, "ok", "every variable is known and has an allowed value"), settings


def all_checks(settings: Settings) -> list[Question]:
    """Return all checks as questions; no check is made yet."""
    return [
        Question("python", _python, "install Python 3.11 or newer, remove .venv, run ./cryptoboy again"),
        *installation_questions(settings),
        _broker_question(settings),
        *store_questions(settings),
        *unless_out_of_reach(settings, Part.SCORER, _scorer_questions),
        *unless_out_of_reach(settings, Part.EXCHANGE, exchange_questions),
        *unless_out_of_reach(settings, Part.FREQTRADE, _freqtrade_questions),
        scored_pairs_question(settings),
        *telegram_questions(settings),
        *unless_out_of_reach(settings, Part.FEEDS, _feed_questions),
    ]


def _freqtrade_questions(settings: Settings) -> list[Question]:
    remedy = "stop what has them, unless it is `up` itself"
    return [
        *freqtrade_questions(settings),
        Question("ports", partial(_ports, settings), remedy, required=False),
    ]


def _feed_questions(settings: Settings) -> list[Question]:
    try:
        sources = load_sources(settings.news_sources_file)
    except CryptoBoyError:
        file = settings.news_sources_file
        return [Question("news sources", lambda: str(load_sources(file)), f"correct {file}")]
    return [feed_question(settings, source) for source in sources if source.enabled]


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise RuntimeError(f"Python {sys.version.split()[0]} is too old")
    return f"Python {sys.version.split()[0]} in {sys.prefix}"


def _ports(settings: Settings) -> str:
    # The embedded Redis has a check of its own.
    if taken := [line for line in ports_taken(settings) if "embedded Redis" not in line]:
        raise StopProgram(" ".join(taken))
    return f"those of Freqtrade's API ({settings.freqtrade_api_port}) and of each /health are free"


def _broker_question(settings: Settings) -> Question:
    if settings.broker is BrokerKind.EMBEDDED:
        remedy = f"make {settings.state_dir} writable (STATE_DIR), or free some space on its disk"
    else:
        remedy = explain_compose_name("RABBITMQ_HOST", settings.rabbitmq_host) or (
            "docker compose up -d, or apt-get install rabbitmq-server; check RABBITMQ_HOST, RABBITMQ_PORT, "
            "RABBITMQ_USER, RABBITMQ_PASS, RABBITMQ_VHOST; or use the embedded broker: --broker embedded"
        )
    return Question(f"broker ({settings.broker.value})", partial(_queues, settings), remedy)


def _queues(settings: Settings) -> str:
    with closing(open_broker(settings, SystemClock())) as broker:
        broker.start()
        states = broker.queues()
    return f"{len(states)} queues, {sum(state.ready for state in states)} messages ready"


def _scorer_questions(settings: Settings) -> list[Question]:
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
    # With a fallback, articles are scored even if this scorer is away.
    required = settings.sentiment_fallback is Fallback.WAIT
    asked = settings.changed(sentiment_fallback=Fallback.WAIT)
    return [Question(f"scorer ({kind.value})", partial(_scorer, asked), remedies[kind], required)]


def _scorer(settings: Settings) -> str:
    with closing(build_scorer(settings)) as scorer:
        scorer.check()
        return f"{scorer.name} answers"
