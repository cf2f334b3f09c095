"""All checks of `doctor`: of what `up` would use with the same settings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from services.common.errors import CryptoBoyError, StopProgram
from services.common.settings.settings import Settings
from services.data_ingestor.news.sources import load_sources
from services.launch.addresses import ports_taken
from services.operations.checks.broker import broker_question
from services.operations.checks.check import Check, Question
from services.operations.checks.feeds import feed_question
from services.operations.checks.scorer import scorer_question
from services.operations.checks.store import scored_pairs_question, store_questions
from services.operations.checks.trading import trading_questions

OLDEST_PYTHON = (3, 11)


def check_configuration(load: Callable[[], Settings]) -> tuple[Check, Settings | None]:
    """Whether every variable can be used, and the settings, if those that are needed can."""
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
    """The questions; nothing is asked yet."""
    return [
        Question("python", _python, "install Python 3.11 or newer, remove .venv, run ./cryptoboy again"),
        broker_question(settings),
        *store_questions(settings),
        Question(
            "ports", partial(_ports, settings), "stop what has them, unless it is `up` itself", required=False
        ),
        scorer_question(settings),
        *trading_questions(settings),
        scored_pairs_question(settings),
        *_feed_questions(settings),
    ]


def _feed_questions(settings: Settings) -> list[Question]:
    try:
        sources = load_sources(settings.news_sources_file)
    except CryptoBoyError as error:
        return [Question("news sources", partial(_fail, error), f"correct {settings.news_sources_file}")]
    return [feed_question(settings, source) for source in sources if source.enabled]


def _fail(error: CryptoBoyError) -> str:
    raise error


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise RuntimeError(f"Python {sys.version.split()[0]} is too old")
    return f"Python {sys.version.split()[0]} in {sys.prefix}"


def _ports(settings: Settings) -> str:
    # The embedded Redis has a line of its own.
    if taken := [line for line in ports_taken(settings) if "embedded Redis" not in line]:
        raise StopProgram(" ".join(taken))
    return f"those of Freqtrade's API ({settings.freqtrade_api_port}) and of each /health are free"
