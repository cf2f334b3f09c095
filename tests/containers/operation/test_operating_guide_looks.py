"""What the operating guide says to look at, on the running system. Changes nothing but a pause that is lifted again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from urllib.error import HTTPError

import pytest

from tests.support.containers.guide_shell import run
from tests.support.containers.stack import Stack
from tests.support.docs.guide import GUIDE, typed, without_comment
from tests.support.waiting import eventually

LOOKS = (
    (typed("compose ps"), "trading-freqtrade"),
    (typed("compose ps alertmanager"), "healthy"),
    (typed("compose ps ollama"), "healthy"),
    (typed("compose ps rabbitmq"), "healthy"),
    (typed("compose ps history-recorder"), "healthy"),
    (typed("compose ps redis"), "healthy"),
    (typed("compose logs rabbitmq"), "trading-rabbitmq"),
    (typed("compose logs prepare"), ""),
    (typed("compose logs prepare rabbitmq-rights redis-rights"), ""),
    (typed("compose logs --tail 50 NAME").replace("NAME", "signal-cacher"), "trading-signal-cacher"),
    (typed("docker exec trading-bot-ollama-prod ollama ps"), "NAME"),
    (typed("docker exec trading-signal-cacher python -m services.common.probe"), '"holds"'),
    (typed("docker exec trading-history-recorder python -m services.common.probe"), '"history"'),
    (typed("docker exec trading-market-streamer python -m services.common.probe"), "pairs work"),
    (typed("docker inspect -f '{{.RestartCount}}' trading-freqtrade"), "0"),
    (typed("docker logs --tail 50 trading-freqtrade"), ""),
    (typed("compose run --rm operator queues"), "raw_news_data"),
    (typed("./cryptoboy sentiment"), "BTC/USDT"),
    (typed("compose restart alertmanager"), ""),
    (typed("compose up ollama-model"), ""),
)
ADDRESSES = {
    "Grafana": "/api/user",
    "Prometheus, Alertmanager": "/-/ready",
    "RabbitMQ": "/api/whoami",
    "Freqtrade's API": "/api/v1/count",
    "the page and the API": "/live",  # the rest needs a key: tests/containers/test_api.py
}
"""Row of the guide's table -> a page behind the credentials that the row names."""


@pytest.mark.parametrize(("command", "shown"), LOOKS, ids=[command for command, _ in LOOKS])
def test_the_command_shows_what_the_guide_has_it_for(production: Stack, command: str, shown: str) -> None:
    assert shown in run(production, command)


def table_of_addresses() -> dict[str, tuple[list[str], str, str]]:
    """Row -> origins of its addresses, user, name of the secret."""
    rows = re.findall(r"^\| (.+?) \| (http.+?) \| (.+?) \|$", GUIDE.read_text(), re.MULTILINE)
    found: dict[str, tuple[list[str], str, str]] = {}
    for row, addresses, credentials in rows:
        origins = re.findall(r"http://localhost:\d+", addresses)
        named = re.fullmatch(r"(\w+), `secrets/(\w+)`", credentials)
        found[row] = (origins, named[1], named[2]) if named else (origins, "", "")
    return found


def test_every_address_of_the_table_has_a_page_to_try() -> None:
    assert table_of_addresses().keys() == ADDRESSES.keys()


@pytest.mark.parametrize("row", ADDRESSES)
def test_an_address_lets_in_whoever_has_the_credentials_of_the_table_and_nobody_else(
    production: Stack, row: str
) -> None:
    origins, user, secret = table_of_addresses()[row]
    for origin in origins:
        page = origin + ADDRESSES[row]
        password = production.secret(secret) if secret else ""
        assert production.http(page, user=user, password=password)
        for wrong_user, wrong in ((user, password + "x"), ("", "")) if secret else ():
            with pytest.raises(HTTPError) as refused:
                production.http(page, user=wrong_user, password=wrong)
            assert refused.value.code == 401


def test_a_pause_reaches_the_bot_and_each_owner_lifts_his_own(production: Stack) -> None:
    block = typed('./cryptoboy pause --reason "rate decision" --for 2h')
    pause, resume, resume_risk = map(without_comment, block.splitlines())
    run(production, pause)
    assert "rate decision" in run(production, typed("./cryptoboy sentiment"))
    eventually(lambda: held(production, "operator"), "the bot's metric shows the hold", look=1)
    risk = {"reason": "drawdown", "since": datetime.now(UTC).isoformat(), "until": None}
    production.redis("hset", "trading:holds", "risk", json.dumps(risk))
    assert "drawdown" in run(production, resume)
    eventually(lambda: held(production, "risk") and not held(production, "operator"), look=1)
    run(production, resume_risk)
    eventually(
        lambda: not held(production, "operator") and not held(production, "risk"),
        "the bot's metric shows that all holds were lifted",
        look=1,
    )


def held(stack: Stack, owner: str) -> bool:
    """Whether the bot obeys a hold of this owner."""
    metrics = stack.exec("trading-freqtrade", "python", "-m", "services.common.probe", "8105", "/metrics")
    found = re.search(rf'^cryptoboy_strategy_hold\{{.*owner="{owner}".*\}} (\S+)$', metrics, re.MULTILINE)
    return found is not None and float(found[1]) > 0
