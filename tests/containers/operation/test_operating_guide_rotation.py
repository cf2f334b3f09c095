"""Every password of the operating guide's table is rotated by its lines: the old one is refused, the new one works."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.error import HTTPError

import pytest

from services.operations.secrets.files import BROKER_SECRETS, GIVEN, MADE, STORE_SECRETS
from tests.support.containers.bot import API, Bot
from tests.support.containers.guide_shell import run
from tests.support.containers.stack import Stack
from tests.support.docs.guide import GUIDE, typed

BLOCK = typed("rm -f secrets/rabbitmq_news_poller").splitlines()
RECREATED = "news-poller market-streamer sentiment-processor signal-cacher api"
"""The services of the first two rows, which are recreated at once."""
READ_BY_REDIS = ("redis_reader", "redis_rights")
"""Redis reads these when it starts, so they are rotated after the others."""
GRAFANA = typed(
    "docker exec -i trading-grafana grafana cli admin reset-admin-password --password-from-stdin"
    " < secrets/grafana_admin"
)
OF_OTHERS = {
    "tls_*": "test_tls_overlay.py",
    "binance_*, exchange_*, telegram_*, notify_telegram_*, notify_urls, openai_api_key": "others issue them",
}
UNAUTHORISED = 401
Passwords = dict[str, str]


def files_of_the_table() -> set[str]:
    """The names of the secrets that the rows of the table name."""
    rows = re.findall(r"^\| ([a-z_*, ]+) \| .*", section("Rotate credentials"), re.MULTILINE)
    return {name for row in rows if row not in OF_OTHERS for name in row.split(", ")} - {"file"}


def section(heading: str) -> str:
    return GUIDE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_table_has_every_password_that_is_made() -> None:
    assert files_of_the_table() == set(MADE)
    assert set(GIVEN) - {"alert_notes_url", "alert_pages_url"} == {
        name
        for name in GIVEN
        if re.match("binance_|exchange_|telegram_|openai_api_key|history_url|notify_", name)
    }


@pytest.fixture(scope="module")
def rotated(production: Stack) -> tuple[Stack, Passwords, Passwords]:
    """The system after the rotation, with all passwords before and after."""
    before = {name: production.secret(name) for name in MADE}
    assert broker_lets_in(production, before) == dict.fromkeys(BROKER_SECRETS, True)
    assert store_lets_in(production, before) == dict.fromkeys(STORE_SECRETS, True)
    servers = started(production)
    make_anew(production, [name for name in MADE if name not in READ_BY_REDIS])
    run(production, typed("compose up -d rabbitmq-rights redis-rights"))
    run(production, typed("compose up -d redis-rights"))
    run(production, f"{typed('compose up -d --force-recreate freqtrade history-recorder')} {RECREATED}")
    run(production, typed("compose up -d --force-recreate grafana"))
    make_anew(production, READ_BY_REDIS)
    run(production, typed("compose up prepare"))
    run(production, typed("compose restart redis"))
    production.wait_healthy()
    run(production, GRAFANA)
    assert started(production)["trading-rabbitmq"] == servers["trading-rabbitmq"]
    return production, before, {name: production.secret(name) for name in MADE}


def make_anew(stack: Stack, names: Iterable[str]) -> None:
    """The first two lines of the block, for these files instead of the one that the guide names."""
    remove, make, _ = BLOCK
    run(stack, remove.replace("secrets/rabbitmq_news_poller", " ".join(f"secrets/{name}" for name in names)))
    run(stack, make)


def started(stack: Stack) -> Mapping[str, str]:
    """Container -> when it was started."""
    return {each["Name"].lstrip("/"): each["State"]["StartedAt"] for each in stack.containers()}


def broker_lets_in(stack: Stack, passwords: Passwords) -> dict[str, bool]:
    """User -> whether RabbitMQ accepts the password, by one program: each takes seconds to start."""
    pairs = ", ".join(f'{{<<"{user}">>, <<"{passwords[name]}">>}}' for user, name in BROKER_SECRETS.items())
    asked = '[io:format("~s ~s~n", [U, element(1, rabbit_access_control:check_user_pass_login(U, P))])'
    said = stack.exec("trading-rabbitmq", "rabbitmqctl", "eval", f"{asked} || {{U, P}} <- [{pairs}]].")
    answers = dict(re.findall(r"^(\w+) (ok|refused)$", said, re.MULTILINE))
    return {user: answers[user] == "ok" for user in BROKER_SECRETS}


def store_lets_in(stack: Stack, passwords: Passwords) -> dict[str, bool]:
    """User -> whether Redis accepts the password."""
    commands = "".join(f"AUTH {user} {passwords[name]}\n" for user, name in STORE_SECRETS.items())
    client = ("redis-cli", "--no-auth-warning", "--user", "health", "--pass", "any")
    answers = stack.exec("trading-redis-prod", *client, stdin=commands).split("\n")
    found = [answer for answer in answers if answer.startswith(("OK", "WRONGPASS"))]
    return {user: answer == "OK" for user, answer in zip(STORE_SECRETS, found, strict=True)}


def page_lets_in(stack: Stack, page: str, user: str, password: str) -> bool:
    try:
        stack.http(page, user=user, password=password)
    except HTTPError as error:
        return error.code != UNAUTHORISED
    return True


def test_every_password_is_another_one(rotated: tuple[Stack, Passwords, Passwords]) -> None:
    _, before, after = rotated
    assert all(after[name] and after[name] != before[name] for name in MADE)


def test_rabbitmq_refuses_every_old_password_and_accepts_every_new_one(
    rotated: tuple[Stack, Passwords, Passwords],
) -> None:
    stack, before, after = rotated
    assert broker_lets_in(stack, before) == dict.fromkeys(BROKER_SECRETS, False)
    assert broker_lets_in(stack, after) == dict.fromkeys(BROKER_SECRETS, True)


def test_redis_refuses_every_old_password_and_accepts_every_new_one(
    rotated: tuple[Stack, Passwords, Passwords],
) -> None:
    stack, before, after = rotated
    assert store_lets_in(stack, before) == dict.fromkeys(STORE_SECRETS, False)
    assert store_lets_in(stack, after) == dict.fromkeys(STORE_SECRETS, True)


@pytest.mark.parametrize(
    ("page", "user", "name"),
    [
        (f"{API}/count", "cryptoboy", "freqtrade_api"),
        ("http://localhost:3000/api/user", "operator", "grafana_admin"),
    ],
)
def test_a_page_refuses_the_old_password_and_accepts_the_new_one(
    rotated: tuple[Stack, Passwords, Passwords], page: str, user: str, name: str
) -> None:
    stack, before, after = rotated
    assert not page_lets_in(stack, page, user, before[name])
    assert page_lets_in(stack, page, user, after[name])


def test_all_are_healthy_and_the_bot_trades_on_with_news_that_came_after(
    rotated: tuple[Stack, Passwords, Passwords],
) -> None:
    stack, *_ = rotated
    assert stack.unhealthy() == {}
    Bot(stack).wait_for_fresh_sentiment()
    Bot(stack).wait_for_trade()
