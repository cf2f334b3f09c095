"""A running system is backed up, and restored on a new machine: nothing of it is there but the folder of the backup."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.common.broker.topology import QUEUES
from tests.support.containers.api import make_key, told
from tests.support.containers.bot import Bot
from tests.support.containers.checkout import copy_checkout
from tests.support.containers.guide_shell import line, run
from tests.support.containers.stack import Stack
from tests.support.docs.guide import typed, without_comment
from tests.support.waiting import eventually

HISTORY = "sentiment_history:BTC/USDT"
NEW_MACHINE = typed("deploy/restore.sh /PATH/backup freqtrade redis")
HISTORY_AGAIN = typed("deploy/restore_history.sh backup")
SAME_MACHINE = typed("compose run --rm operator pause")


@dataclass(frozen=True)
class Before:
    """What the system held when it was backed up, and where the backup is."""

    trade: dict[str, Any]
    signals: list[str]
    queues: set[str]
    backup: Path


@pytest.fixture(scope="module")
def before(production: Stack) -> Before:
    """The system with an open trade, signals and a hold, backed up."""
    trade = Bot(production).wait_for_trade()
    hold = {"reason": "drawdown", "since": datetime.now(UTC).isoformat(), "until": None}
    production.redis("hset", "trading:holds", "risk", json.dumps(hold))
    signals = history(production)
    assert signals
    with without_its_image(production):
        run(production, typed("deploy/backup.sh backup"))
    backup = production.folder.parent / "kept" / "backup"
    backup.parent.mkdir()
    shutil.move(production.folder / "backup", backup)
    return Before(trade, signals, queues(production), backup)


@pytest.fixture(scope="module")
def restored(production: Stack, before: Before) -> Iterator[Stack]:
    """The same system on a machine that has a clone of the project and the backup."""
    production.down()
    assert volumes(production) == []
    shutil.move(production.folder, production.folder.parent / "broken")
    copy_checkout(production.folder)
    for command in NEW_MACHINE.splitlines()[:2]:
        run(production, command.replace("/PATH/backup", str(before.backup)))
    production.wait_healthy()
    yield production
    run(production, line(NEW_MACHINE, "operator resume") + " --all")


@contextmanager
def without_its_image(stack: Stack) -> Iterator[None]:
    """As before an upgrade: the bot runs, and the image that Compose would start is still to be built."""
    bot = stack.running()["freqtrade"]
    name, image = bot["Config"]["Image"], bot["Image"]
    stack.engine.docker("rmi", name)
    yield
    built = stack.engine.docker("images", "--quiet", name)
    stack.engine.docker("tag", image, name)
    assert built == ""


def history(stack: Stack) -> list[str]:
    """The ids of the articles of the stored signals, newest first."""
    texts = stack.redis("lrange", HISTORY, "0", "-1").splitlines()
    return [json.loads(text)["article_id"] for text in texts]


def queues(stack: Stack) -> set[str]:
    said = stack.exec("trading-rabbitmq", "rabbitmqctl", "--quiet", "list_queues", "name")
    return {name for name in said.splitlines() if name != "name"}


def volumes(stack: Stack) -> list[str]:
    label = f"label=com.docker.compose.project={stack.project}"
    return stack.engine.docker("volume", "ls", "--quiet", "--filter", label).split()


def test_the_backup_is_closed_to_others_and_has_what_a_new_machine_needs(before: Before) -> None:
    assert before.backup.stat().st_mode & 0o077 == 0
    assert {path.name for path in before.backup.iterdir()} == {
        "definitions.json",
        "dump.rdb",
        "env",
        "freqtrade.tar",
        "history.sqlite",
        "news_sources.toml",
        "notify.toml",
        "secrets",
    }


def test_the_trade_is_there_again(restored: Stack, before: Before) -> None:
    bot = Bot(restored)
    eventually(lambda: bot.last_candle() != {}, "the bot runs", seconds=240, look=1)
    trade = bot.get(f"trade/{before.trade['trade_id']}")
    kept = ("trade_id", "pair", "open_timestamp", "open_rate", "amount", "stake_amount", "enter_tag")
    assert {name: trade[name] for name in kept} == {name: before.trade[name] for name in kept}


def test_the_signals_are_there_again_and_news_goes_on(restored: Stack, before: Before) -> None:
    assert set(before.signals) <= set(history(restored))
    eventually(lambda: set(history(restored)) - set(before.signals), "signals after the restoration", look=1)


def test_the_history_comes_back_by_itself(restored: Stack, before: Before) -> None:
    run(restored, HISTORY_AGAIN.replace("backup", str(before.backup)))
    restored.wait_healthy()
    key = make_key(restored, "history")
    oldest = before.signals[-1]
    # A story has receipts only of scorings that were recorded; its signals are in Redis too.
    eventually(
        lambda: (told(f"/v1/articles/{oldest}", key) or {}).get("receipts"), f"receipts of {oldest}", look=1
    )


def test_entries_stay_paused_by_the_restoration_and_by_the_hold_that_was_there(restored: Stack) -> None:
    said = run(restored, typed("./cryptoboy sentiment"))
    assert "drawdown" in said
    assert "restored from a backup" in said


def test_rabbitmq_has_its_queues_again(restored: Stack, before: Before) -> None:
    assert queues(restored) == before.queues
    assert {queue.name for queue in QUEUES} <= before.queues


def test_a_queue_that_somebody_removed_comes_back(restored: Stack) -> None:
    restored.exec("trading-rabbitmq", "rabbitmqctl", "--quiet", "delete_queue", "raw_market_data")
    assert "raw_market_data" not in queues(restored)
    run(restored, typed("compose up -d rabbitmq-rights"))
    eventually(lambda: "raw_market_data" in queues(restored), look=1)


def test_for_a_dump_that_is_no_dump_nothing_is_stopped(restored: Stack, before: Before) -> None:
    broken = before.backup.parent / "broken"
    shutil.copytree(before.backup, broken)
    (broken / "dump.rdb").write_bytes((broken / "dump.rdb").read_bytes()[:60])
    restored.wait_healthy()  # `rabbitmq-rights` may still run, since the test above
    running = {name: each["State"]["StartedAt"] for name, each in restored.running().items()}
    said = run(restored, f"deploy/restore.sh {broken} freqtrade redis", check=False)
    assert "nothing was stopped" in said
    assert {name: each["State"]["StartedAt"] for name, each in restored.running().items()} == running
    assert set(before.signals) <= set(history(restored))


def test_the_machine_that_was_backed_up_is_restored_as_well(restored: Stack, before: Before) -> None:
    pause, restore, start, resume = SAME_MACHINE.splitlines()
    run(restored, pause)
    run(restored, restore.replace("backup", str(before.backup), 1))
    run(restored, start)
    restored.wait_healthy()
    assert set(before.signals) <= set(history(restored))
    run(restored, f"{without_comment(resume)} --all")
    assert "drawdown" not in run(restored, typed("./cryptoboy sentiment"))


def test_what_was_replaced_is_kept(restored: Stack, before: Before) -> None:
    """After the restoration of the test above."""
    program = """if True:
        import glob, sqlite3
        for name in glob.glob("/var/lib/cryptoboy/trade/*.before-restore-*Z"):
            print([row[0] for row in sqlite3.connect(name).execute("SELECT id FROM trades")])
    """
    trades = restored.exec("trading-freqtrade", "python", "-c", program)
    assert before.trade["trade_id"] in json.loads(trades.splitlines()[-1])
    redis = restored.exec("trading-redis-prod", "sh", "-c", "ls /data/before-restore-*")
    assert "appendonlydir" in redis
