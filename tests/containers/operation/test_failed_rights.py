"""The bot watches open trades whatever else of an upgrade fails.

Leaves production as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.support.containers.bot import Bot
from tests.support.containers.guide_shell import run
from tests.support.containers.stack import Stack, state_of
from tests.support.docs.guide import typed
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Failed:
    """An upgrade that ended with a one-shot container's failure.

    Attributes:
        said: what Compose printed.
        one_shot: the container that failed.
        trade: the number of the trade that was open before.
        bot: the id of the bot's container before.
        mend: brings the secret into order again.
    """

    system: Stack
    said: str
    one_shot: str
    trade: int
    bot: str
    mend: Callable[[], None]


def rights_has_a_password_that_redis_does_not_know(system: Stack) -> None:
    (system.folder / "secrets/redis_rights").unlink()
    system.cryptoboy("secrets", "init")


def a_secret_is_empty(system: Stack) -> None:
    (system.folder / "secrets/rabbitmq_news_poller").write_text("")


@pytest.fixture(
    scope="module",
    params=[
        (rights_has_a_password_that_redis_does_not_know, "redis_rights", "trading-redis-rights-1"),
        (a_secret_is_empty, "rabbitmq_news_poller", "trading-prepare-1"),
    ],
    ids=["redis-rights", "prepare"],
)
def failed(production: Stack, request: pytest.FixtureRequest) -> Iterator[Failed]:
    """Production after settings that recreate `prepare` and the bot, and a secret that has one of them fail."""
    spoil, secret, one_shot = request.param
    trade = Bot(production).wait_for_trade()["trade_id"]
    file, former = production.folder / "secrets" / secret, production.secret(secret)
    bot = production.running()["freqtrade"]["Id"]

    def mend() -> None:
        file.write_text(f"{former}\n")

    spoil(production)
    production.env(STAKE_AMOUNT="50", REDIS_HOST="elsewhere")
    said = production.compose("up", "-d", check=False)
    yield Failed(production, said, one_shot, trade, bot, mend)
    mend()
    production.env(STAKE_AMOUNT=None, REDIS_HOST=None)
    production.compose("up", "-d")
    production.wait_healthy()


def answers(bot: Bot) -> bool:
    try:
        return bool(bot.get("ping"))
    except OSError:
        return False


def trades_of(bot: Bot) -> set[int]:
    """The numbers of the trades that the bot knows, open and closed."""
    return {each["trade_id"] for each in [*bot.open_trades(), *bot.get("trades")["trades"]]}


def test_without_a_new_secret_up_ends_before_the_running_bot_is_removed(production: Stack) -> None:
    """The way out of the guide then works, and makes the secret."""
    bot = production.running()["freqtrade"]["Id"]
    (production.folder / "secrets/redis_rights").unlink()
    production.env(STAKE_AMOUNT="70", REDIS_HOST="another")
    assert "bind source path does not exist" in production.compose("up", "-d", check=False)
    assert production.running()["freqtrade"]["Id"] == bot
    production.env(STAKE_AMOUNT=None, REDIS_HOST=None)
    # Redis has not read the new password of `rights`.
    out = typed(
        "docker ps -aq --filter label=com.docker.compose.project=trading --filter status=created"
        " | xargs -r docker rm"
    )
    run(production, out, check=False)
    production.compose("restart", "redis")
    production.compose("up", "-d")
    production.wait_healthy()


def test_compose_says_which_container_failed(failed: Failed) -> None:
    states = {each["Name"].lstrip("/"): state_of(each) for each in failed.system.containers()}
    assert re.fullmatch(r"exited \([1-9]\d*\)", states[failed.one_shot])
    assert "didn't complete successfully" in failed.said


def test_the_new_bot_runs_and_knows_the_open_trade(failed: Failed) -> None:
    assert failed.system.running()["freqtrade"]["Id"] != failed.bot
    bot = Bot(failed.system)
    eventually(lambda: answers(bot), "the bot's API", seconds=120)
    eventually(lambda: bot.get("show_config")["state"] == "running", "the bot's loop", seconds=120)
    assert failed.trade in trades_of(bot)


def test_the_bot_reads_sentiment_again_without_a_restart_once_the_rights_are_in_force(failed: Failed) -> None:
    system = failed.system
    started = system.running()["freqtrade"]["State"]["StartedAt"]
    failed.mend()
    system.compose("up", "-d")
    system.wait_healthy()
    assert system.running()["freqtrade"]["State"]["StartedAt"] == started
    Bot(system).wait_for_fresh_sentiment()


def test_the_guides_line_starts_the_bot_alone(failed: Failed) -> None:
    failed.system.engine.docker("rm", "--force", "trading-freqtrade")
    run(failed.system, typed("compose up -d --no-deps freqtrade"))
    bot = Bot(failed.system)
    eventually(lambda: answers(bot), "the bot's API", seconds=120)
    assert failed.trade in trades_of(bot)
