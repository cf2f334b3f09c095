"""The checks of `cryptoboy doctor`: each looks at one thing and never raises."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from services.common.clock import SystemClock
from services.common.errors import CryptoBoyError, StopProgram
from services.common.network.compose_names import explain_compose_name
from services.common.secrets.redaction import Redact
from services.common.settings.settings import BrokerKind, Fallback, ScorerKind, Settings
from services.operations.checks.exchange import freqtrade_accepts, live_trading, markets_found
from services.operations.checks.scored_pairs import unscored_pairs
from services.operations.checks.store import entries_allowed, redis_memory

if TYPE_CHECKING:
    from services.data_ingestor.news.sources import NewsSource

OLDEST_PYTHON = (3, 11)
_LONGEST = 1_000
"""Characters of a finding; a library's error may be a whole page."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. `failed` keeps the system from working, a `warning` only limits it."""

    name: str
    state: Literal["ok", "warning", "failed"]
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One check to make: `ask` returns what was found or raises what is wrong."""

    name: str
    ask: Callable[[], str]
    remedy: str
    required: bool = True


def run_check(question: Question, redact: Redact = str) -> Check:
    """Ask, and turn whatever happens into a finding, from which `redact` takes what libraries quote of secrets."""
    try:
        return Check(question.name, "ok", redact(question.ask()))
    except CryptoBoyError as error:
        found = str(error)
    except Exception as error:  # noqa: BLE001 - a library may fail in any way; that is a finding, not a crash
        found = f"{type(error).__name__}: {error}"
    return Check(
        question.name, "failed" if question.required else "warning", redact(found)[:_LONGEST], question.remedy
    )


def all_checks(settings: Settings) -> list[Question]:
    """The checks for these settings, what `up` would use."""
    from services.data_ingestor.news.sources import load_sources

    questions = [
        Question("python", _python, "install Python 3.11 or newer, remove .venv, run ./cryptoboy again"),
        _broker_question(settings),
        _redis_question(settings),
        Question(
            "redis memory",
            partial(redis_memory, settings),
            "set maxmemory-policy noeviction; more in docs/operating.md, Pause",
            required=False,
        ),
        Question(
            "entries",
            partial(entries_allowed, settings),
            "./cryptoboy resume, when nothing is to keep the bot from trading",
            required=False,
        ),
        Question(
            "ports", partial(_ports, settings), "stop what has them, unless it is `up` itself", required=False
        ),
        *_scorer_questions(settings),
        Question(
            f"exchange {settings.exchange}",
            partial(markets_found, settings),
            "check the network; EXCHANGE, EXCHANGE_CONFIG and TRADING_PAIRS say what is asked for",
        ),
        Question(
            "freqtrade configuration",
            partial(freqtrade_accepts, settings),
            "correct the variables that it names",
        ),
        *_live_questions(settings),
        Question(
            "scored pairs",
            partial(unscored_pairs, settings),
            "name the pair in TRADING_PAIRS of the services as well, or take it out of Freqtrade's whitelist",
            required=False,
        ),
    ]
    try:
        sources = load_sources(settings.news_sources_file)
    except CryptoBoyError as error:
        return [
            *questions,
            Question("news sources", partial(_fail, error), f"correct {settings.news_sources_file}"),
        ]
    remedy = (
        "check the network and the proxy, if it names one; look at its page, if it has nothing new or is late; or, "
        "where it is this feed alone, set enabled = false "
        f"for it in {settings.news_sources_file}"
    )
    feeds = [
        Question(f"feed {source.name}", partial(_feed, settings, source), remedy, required=False)
        for source in sources
        if source.enabled
    ]
    return [*questions, *feeds]


def _fail(error: CryptoBoyError) -> str:
    raise error


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise RuntimeError(f"Python {sys.version.split()[0]} is too old")
    return f"Python {sys.version.split()[0]} in {sys.prefix}"


def _broker_question(settings: Settings) -> Question:
    if settings.broker is BrokerKind.EMBEDDED:
        remedy = f"make {settings.state_dir} writable (STATE_DIR), or free some space on its disk"
    else:
        remedy = (
            "docker compose up -d, or apt-get install rabbitmq-server; check RABBITMQ_HOST, RABBITMQ_PORT, "
            "RABBITMQ_USER, RABBITMQ_PASS, RABBITMQ_VHOST; or use the embedded broker: --broker embedded"
        )
        remedy = explain_compose_name("RABBITMQ_HOST", settings.rabbitmq_host) or remedy
    return Question(f"broker ({settings.broker.value})", partial(_broker, settings), remedy)


def _broker(settings: Settings) -> str:
    from services.common.broker.open import open_broker

    broker = open_broker(settings, SystemClock())
    try:
        broker.start()
        states = broker.queues()
    finally:
        broker.close()
    return f"{len(states)} queues, {sum(state.ready for state in states)} messages ready"


def _redis_question(settings: Settings) -> Question:
    if settings.broker is BrokerKind.EMBEDDED:
        remedy = f"something else uses port {settings.redis_port}: stop it, or set REDIS_PORT to a free port"
        return Question("redis (embedded)", partial(_redis_port, settings), remedy)
    remedy = (
        "docker compose up -d, or apt-get install redis-server; check REDIS_HOST, REDIS_PORT, REDIS_PASSWORD"
    )
    remedy = explain_compose_name("REDIS_HOST", settings.redis_host) or remedy
    return Question("redis", partial(_redis, settings), remedy)


def _redis(settings: Settings) -> str:
    from services.common.store.open import open_store
    from services.common.store.redis.client import address_of

    store = open_store(settings)
    try:
        store.check()
        known = sum(fields is not None for fields in store.current(settings.trading_pairs).values())
    finally:
        store.close()
    return f"{address_of(settings)} answers; sentiment for {known} pair(s)"


def _redis_port(settings: Settings) -> str:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.redis_port))
        except OSError:
            return _redis(settings) + " (already running)"
    return f"port {settings.redis_port} is free for it"


def _ports(settings: Settings) -> str:
    from services.launch.addresses import ports_taken

    # The embedded Redis has a line of its own.
    if taken := [line for line in ports_taken(settings) if "embedded Redis" not in line]:
        raise StopProgram(" ".join(taken))
    return f"those of Freqtrade's API ({settings.freqtrade_api_port}) and of each /health are free"


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
    # With a stand-in news is scored all the same; what is asked about is the scorer itself.
    required = settings.sentiment_fallback is Fallback.WAIT
    asked = settings.changed(sentiment_fallback=Fallback.WAIT)
    return [Question(f"scorer ({kind.value})", partial(_scorer, asked), remedies[kind], required)]


def _scorer(settings: Settings) -> str:
    from services.sentiment_analyzer.scorers.build import build_scorer

    scorer = build_scorer(settings)
    try:
        scorer.check()
    finally:
        scorer.close()
    return f"{scorer.name} answers"


def _live_questions(settings: Settings) -> list[Question]:
    if settings.dry_run:
        return []
    from services.launch.live.gate import live_checks

    return [
        Question(f"live trading: {check.name}", partial(live_trading, check), "")
        for check in live_checks(settings, os.environ)
    ]


def _feed(settings: Settings, source: NewsSource) -> str:
    from services.operations.checks.feeds import check_feed

    return check_feed(settings, source)
