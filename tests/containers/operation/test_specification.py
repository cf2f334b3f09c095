"""What the specification tells an operator to type, typed at a terminal on the production system."""

from __future__ import annotations

import json

import pytest

from tests.support.containers.news import headlines, next_signal
from tests.support.containers.stack import Stack
from tests.support.containers.terminal import AtTerminal, type_line
from tests.support.docs.specification import SPECIFIED

PRODUCTION = "docker-compose -f docker-compose.production.yml"
PROCESSOR = "trading-sentiment-processor-1"
"""The specification names no number; the processor is the part that is scaled."""
REDIS_PROMPT = ":6379> "
FIELDS = ("score", "label", "timestamp", "headline", "source", "article_id")


@pytest.fixture(scope="module")
def scored(production: Stack) -> Stack:
    """The production system with sentiment."""
    if not headlines(production):
        next_signal(production)
    return production


def test_its_env_file_changes_no_service_but_freqtrades_chat_and_says_what_is_not_used(
    production: Stack,
) -> None:
    env_file = production.folder / ".env"
    before, environs = env_file.read_text(), environments(production)
    env_file.write_text(SPECIFIED + before)
    try:
        production.compose("up", "-d")
        production.wait_healthy()
        changed = {name for name, environ in environments(production).items() if environ != environs[name]}
        assert changed == {"freqtrade"}  # which gets TELEGRAM_CHAT_ID
        said = production.compose("logs", "--no-log-prefix", "prepare")
        assert "production does not use" in said
        assert all(name in said for name in ("OLLAMA_HOST", "RABBITMQ_USER", "REDIS_HOST", "BINANCE_API_KEY"))
    finally:
        env_file.write_text(before)
        production.compose("up", "-d")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"{PRODUCTION} logs -f", "trading-news-poller"),
        (f"{PRODUCTION} logs -f sentiment-processor", "service_ready"),
        ("docker logs -f trading-news-poller", "service_ready"),
        ("docker logs -f trading-market-streamer", "service_ready"),
        ("docker logs -f trading-signal-cacher", "service_ready"),
        (f"docker logs -f {PROCESSOR}", "service_ready"),
    ],
)
def test_logs_can_be_followed(scored: Stack, line: str, shown: str) -> None:
    with AtTerminal(scored, line) as terminal:
        terminal.wait_for(shown)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("docker logs trading-rabbitmq", "Server startup complete"),
        ("docker logs trading-signal-cacher", "service_ready"),
        ("docker ps | grep rabbitmq", "trading-rabbitmq"),
        ("docker ps | grep sentiment-processor", PROCESSOR),
        ("docker exec -it trading-redis-prod redis-cli ping", "PONG"),
        ("docker exec -it trading-redis-prod redis-cli HGETALL sentiment:BTC/USDT", "very_bullish"),
        ("docker exec -it trading-bot-ollama-prod ollama pull mistral:7b", ""),
        ("docker exec -it trading-bot-ollama-prod ollama list", "mistral:7b"),
    ],
)
def test_what_is_looked_at_is_shown(scored: Stack, line: str, shown: str) -> None:
    assert shown in type_line(scored, line)


def test_the_cache_is_looked_at_at_the_prompt_of_redis(scored: Stack) -> None:
    with AtTerminal(scored, "docker exec -it trading-redis-prod redis-cli") as terminal:
        terminal.type("HGETALL sentiment:BTC/USDT", REDIS_PROMPT)
        for field in FIELDS:
            terminal.wait_for(f'"{field}"')
        terminal.type("KEYS sentiment:*", REDIS_PROMPT)
        terminal.wait_for('"sentiment:ETH/USDT"')
        terminal.type("TTL sentiment:BTC/USDT", REDIS_PROMPT)
        terminal.wait_for("(integer) -1")
        terminal.type("LRANGE sentiment_history:BTC/USDT 0 9", REDIS_PROMPT)
        terminal.wait_for("sentiment_signal")
        terminal.type("exit", REDIS_PROMPT)
        terminal.result()


@pytest.mark.parametrize(
    ("container", "module"),
    [
        ("trading-news-poller", "services.data_ingestor.news_poller"),
        (PROCESSOR, "services.sentiment_analyzer.sentiment_processor"),
    ],
)
def test_a_service_can_be_tried_beside_the_one_that_runs(scored: Stack, container: str, module: str) -> None:
    with AtTerminal(scored, f"docker exec -it {container} python -m {module}") as terminal:
        terminal.wait_for("service_ready")
        terminal.press_ctrl_c()


def test_rabbitmqs_page_shows_queues_with_their_rates_and_the_connections(scored: Stack) -> None:
    password = scored.secret("rabbitmq_operator")

    def page(path: str) -> list[dict[str, object]]:
        return list(
            json.loads(scored.http(f"http://localhost:15672/api/{path}", user="operator", password=password))
        )

    queues = {str(queue["name"]): queue for queue in page("queues")}
    assert {"raw_market_data", "raw_news_data", "sentiment_signals_queue"} <= queues.keys()
    assert queues["raw_news_data"]["durable"] is True
    assert page("connections")


def test_it_stops_and_starts_again_with_what_it_had(scored: Stack) -> None:
    before = headlines(scored)
    scored.compose("rm", "--stop", "--force", "world")  # of the test's own file; its networks are to go
    try:
        type_line(scored, f"{PRODUCTION} down")
        assert scored.containers() == []
        type_line(scored, f"{PRODUCTION} up -d")
    finally:
        scored.compose("up", "-d")
    scored.wait_healthy()
    assert set(before) <= set(headlines(scored))


def environments(stack: Stack) -> dict[str, list[str]]:
    """Service -> the variables of its container, of those that keep running."""
    return {name: sorted(each["Config"]["Env"]) for name, each in stack.running().items()}
