"""Checks of Redis: whether it answers and evicts nothing, whether entries are allowed, whether pairs are scored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial

from services.common.errors import StopProgram, TryLater
from services.common.network.compose_names import explain_compose_name
from services.common.runtime.ports import is_free
from services.common.scored_pairs import unscored_of
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.common.store.redis.client import address_of
from services.common.store.redis.eviction import eviction_problem
from services.launch.freqtrade.api import FreqtradeApi
from services.operations.checks.check import Question
from services.operations.holds import read_entries

NOT_RUNNING = "the embedded Redis is not running"


def store_questions(settings: Settings) -> list[Question]:
    """The checks of the Redis that the settings name."""
    return [
        _redis_question(settings),
        Question(
            "redis memory",
            partial(_ask, settings, _memory),
            "set maxmemory-policy noeviction; more in docs/operating.md, Pause",
            required=False,
        ),
        Question(
            "entries",
            partial(_ask, settings, _entries),
            "./cryptoboy resume, when nothing is to keep the bot from trading",
            required=False,
        ),
    ]


def scored_pairs_question(settings: Settings) -> Question:
    """The check whether every pair that Freqtrade may trade is scored."""
    remedy = (
        "name the pair or its asset in TRADING_PAIRS of the services, or take it out of Freqtrade's whitelist"
    )
    return Question("scored pairs", partial(_scored_pairs, settings), remedy, required=False)


def _redis_question(settings: Settings) -> Question:
    if settings.broker is BrokerKind.EMBEDDED:
        remedy = f"something else uses port {settings.redis_port}: stop it, or set REDIS_PORT to a free port"
        return Question("redis (embedded)", partial(_embedded_redis, settings), remedy)
    remedy = explain_compose_name("REDIS_HOST", settings.redis_host) or (
        "docker compose up -d, or apt-get install redis-server; check REDIS_HOST, REDIS_PORT, REDIS_PASSWORD"
    )
    return Question("redis", partial(_redis, settings), remedy)


def _embedded_redis(settings: Settings) -> str:
    if is_free(settings.redis_port):
        return f"port {settings.redis_port} is free for it"
    return f"{_redis(settings)} (already running)"


def _redis(settings: Settings) -> str:
    with closing(open_store(settings)) as store:
        store.check()
        known = sum(fields is not None for fields in store.current(settings.trading_pairs).values())
    return f"{address_of(settings)} answers; sentiment for {known} pair(s)"


def _ask(settings: Settings, ask: Callable[[SentimentStore, Settings], str]) -> str:
    if settings.broker is BrokerKind.EMBEDDED and is_free(settings.redis_port):
        return NOT_RUNNING
    with closing(open_store(settings)) as store:
        return ask(store, settings)


def _memory(store: SentimentStore, settings: Settings) -> str:
    policy = store.eviction_policy()
    if problem := eviction_problem(policy, settings.signal_cache_ttl):
        raise StopProgram(problem)
    return f"maxmemory-policy {policy}: nothing is evicted"


def _entries(store: SentimentStore, _settings: Settings) -> str:
    found = read_entries(store)
    if found.why:
        raise StopProgram(f"new entries are refused: {found.why}")
    return "new entries are allowed"


def _scored_pairs(settings: Settings) -> str:
    with closing(open_store(settings)) as store:
        try:
            scored = store.scored_pairs()
        except TryLater:
            return "not known while Redis does not answer"
    if scored is None:
        return "not known: no signal_cacher has announced the scored pairs yet"
    whitelist, whose = _whitelist(settings)
    if unscored := unscored_of(whitelist, scored):
        raise StopProgram(
            f"nobody scores {', '.join(unscored)} of {whose}: there is never sentiment on such a pair, so no entry"
        )
    served = [pair for pair in whitelist if pair not in scored]
    by_asset = f"; {', '.join(served)} by the signals of their assets" if served else ""
    return f"all {len(whitelist)} pairs of {whose} are scored{by_asset}"


def _whitelist(settings: Settings) -> tuple[list[str], str]:
    """The pairs of Freqtrade if it runs here and answers, else those of the settings; and the name of this source."""
    for bot in _bots(settings):
        with closing(bot), suppress(TryLater):
            return bot.whitelist(), "Freqtrade's whitelist"
    return list(settings.trading_pairs), "TRADING_PAIRS"


def _bots(settings: Settings) -> Iterator[FreqtradeApi]:
    if settings.freqtrade_api_pass is not None:
        yield FreqtradeApi.of_settings(settings)
    for command in ("up", "trade"):  # which have made a password of their own
        path = settings.state_dir / command / "freqtrade.json"
        with suppress(OSError, ValueError, KeyError, TypeError):
            yield FreqtradeApi.of(json.loads(path.read_text())["api_server"])
