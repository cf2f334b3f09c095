"""The guide's lines turn a system of a former version, with all that it holds, into one of this version, and back."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.common.broker.topology import RAW_NEWS_DATA, SENTIMENT_SIGNALS
from tests.support.containers.bot import Bot
from tests.support.containers.engine import Engine
from tests.support.containers.former import FORMER, FormerVersion
from tests.support.containers.guide_shell import run
from tests.support.containers.news import headlines, no_dead_letters, publish
from tests.support.containers.progress import Progress
from tests.support.containers.stack import PRODUCTION, Stack
from tests.support.containers.still_world import VARIABLES, still_world
from tests.support.docs.guide import typed, without_comment
from tests.support.waiting import eventually

WAITING = 500
SCORED_BEFORE = 20
SOURCES = 5
POLLS = "cryptoboy_source_polls_total"
PUBLISHED = "cryptoboy_articles_published_total"
TOLD_TO_BUY = {"services": {"freqtrade": {"environment": {"FREQTRADE__FORCE_ENTRY_ENABLE": "true"}}}}
"""The former version passes this on to Freqtrade; this one refuses to start with it."""
UPGRADE = typed("git pull --autostash")
GOING_BACK = typed("compose stop news-poller")
KEPT = ("trade_id", "pair", "open_timestamp", "open_rate", "amount", "stop_loss_abs", "is_open")
"""Of an open trade, as Freqtrade's API names it."""


@dataclass(frozen=True)
class Before:
    """What the former version held when the upgrade began."""

    titles: list[str]
    trade: dict[str, Any]


@pytest.fixture(scope="module")
def former(
    empty_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, FormerVersion]]:
    """The former version, installed and healthy. Prices stand still, so that an open trade stays open."""
    beside = tmp_path_factory.mktemp("upgrade")
    version = FormerVersion(beside, FORMER)
    still, buying = beside / "still.json", beside / "buying.json"
    still.write_text(json.dumps(still_world(beside)))
    buying.write_text(json.dumps(TOLD_TO_BUY))
    system = Stack(empty_engine, version.folder, (PRODUCTION, str(still), str(buying)))
    system.env(**VARIABLES)
    system.further_packages = (version.further_packages(empty_engine),)
    try:
        system.install()
        system.files = (PRODUCTION, str(still))
        yield system, version
    finally:
        system.down()


@pytest.fixture(scope="module")
def before(former: tuple[Stack, FormerVersion]) -> Before:
    """The former version with a trade, a pause, some signals, and 500 articles that wait for the model's server."""
    system, _ = former
    bot = Bot(system)
    eventually(lambda: state(bot) == "running", lambda: f"the bot of the former version is {state(bot)}")
    bot.post("forceenter", pair="BTC/USDT", side="long")
    (trade,) = bot.open_trades()
    system.operator("pause")
    titles = publish(system, SCORED_BEFORE)
    eventually(lambda: len(headlines(system)) == SCORED_BEFORE, "the first articles are scored")
    system.compose("stop", "ollama")
    titles += publish(system, WAITING)
    eventually(
        lambda: queues(system)[RAW_NEWS_DATA.name] == (WAITING, 0), lambda: f"articles wait: {queues(system)}"
    )
    return Before(titles, trade)


@pytest.fixture(scope="module")
def upgraded(former: tuple[Stack, FormerVersion], before: Before, progress: Progress) -> Stack:
    """The system after the guide's lines, when it has done what had waited."""
    system, version = former
    version.publish_tree_under_test()
    for command in UPGRADE.splitlines():
        run(system, command)
        progress.say(without_comment(command))
    system.wait_healthy()
    wait_until_idle(system)
    return system


@pytest.fixture(scope="module")
def former_again(former: tuple[Stack, FormerVersion], upgraded: Stack) -> Stack:
    """The system after the guide's lines for going back to the former version."""
    system, version = former
    system.operator("pause")
    for command in GOING_BACK.splitlines():
        run(system, command.replace("VERSION", version.commit))
    system.wait_healthy()
    return system


def test_each_article_is_scored_exactly_once(before: Before, upgraded: Stack, progress: Progress) -> None:
    scored = headlines(upgraded)
    progress.say(f"{len(before.titles)} articles, of which {WAITING} waited; {len(scored)} signals")
    assert Counter(scored) == Counter(before.titles)


def test_no_message_becomes_a_dead_letter(upgraded: Stack) -> None:
    assert no_dead_letters(upgraded)


def test_no_article_is_published_again(before: Before, upgraded: Stack) -> None:
    eventually(lambda: counted(upgraded, POLLS) >= 2 * SOURCES, "the poller has read every feed twice")
    assert counted(upgraded, PUBLISHED) == 0
    assert rows(upgraded, "news-poller", "news_seen.sqlite3", "articles") == len(before.titles)


def test_the_stories_are_taken_over(before: Before, upgraded: Stack) -> None:
    assert rows(upgraded, "sentiment-processor", "stories.sqlite", "told") == len(before.titles)


def test_the_open_trade_goes_on_with_its_stop(before: Before, upgraded: Stack, progress: Progress) -> None:
    bot = Bot(upgraded)
    eventually(bot.open_trades, "the bot of this version")
    trades = [kept(trade) for trade in bot.open_trades()]
    progress.say(f"before: {kept(before.trade)}; after: {trades}")
    assert trades == [kept(before.trade)]


def test_the_backup_before_the_upgrade_has_the_open_trade(
    before: Before, upgraded: Stack, tmp_path: Path
) -> None:
    with tarfile.open(upgraded.folder / "backup/freqtrade.tar") as copied:
        copied.extractall(tmp_path, filter="data")
    (database,) = tmp_path.glob("trades-*.sqlite")
    (trade,) = sqlite3.connect(database).execute("SELECT id, stop_loss FROM trades WHERE is_open")
    assert trade == (before.trade["trade_id"], before.trade["stop_loss_abs"])


def test_a_pause_is_in_force_until_it_is_lifted(upgraded: Stack) -> None:
    assert "New entries are refused: operator since" in upgraded.operator("sentiment")
    upgraded.operator("resume")
    assert "New entries are refused" not in upgraded.operator("sentiment")


def test_what_the_operator_changed_in_a_file_of_the_project_is_kept(upgraded: Stack) -> None:
    sources = (upgraded.folder / "services/data_ingestor/news_sources.toml").read_text()
    assert "http://world:8000/coindesk.xml" in sources
    assert "own_network" in sources  # of this version


def test_the_former_version_runs_again_with_the_open_trade(before: Before, former_again: Stack) -> None:
    bot = Bot(former_again)
    eventually(bot.open_trades, "the bot of the former version")
    assert [kept(trade) for trade in bot.open_trades()] == [kept(before.trade)]


def test_the_former_version_has_every_signal_of_this_one(before: Before, former_again: Stack) -> None:
    assert set(before.titles) <= set(headlines(former_again))


def test_the_former_version_obeys_a_pause_of_this_one(former_again: Stack) -> None:
    assert "New entries are paused" in former_again.operator("sentiment")


def test_the_former_version_scores_news_and_has_no_dead_letters(former_again: Stack) -> None:
    (title,) = publish(former_again, 1)
    eventually(lambda: title in headlines(former_again), "a new article is scored")
    assert no_dead_letters(former_again)


def kept(trade: dict[str, Any]) -> dict[str, Any]:
    """What no upgrade may change of an open trade."""
    return {name: trade[name] for name in KEPT}


def queues(system: Stack) -> dict[str, tuple[int, int]]:
    """Queue -> messages that are ready, and delivered without acknowledgement."""
    columns = ("name", "messages_ready", "messages_unacknowledged")
    listed = system.exec(
        "trading-rabbitmq", "rabbitmqctl", "--quiet", "list_queues", *columns, "--formatter=json"
    )
    return {each[columns[0]]: (each[columns[1]], each[columns[2]]) for each in json.loads(listed)}


def wait_until_idle(system: Stack) -> None:
    """Return when no article and no signal is in a queue or with a service."""
    names = (RAW_NEWS_DATA.name, SENTIMENT_SIGNALS.name)
    eventually(
        lambda: all(sum(queues(system)[name]) == 0 for name in names), lambda: f"idle: {queues(system)}"
    )


def rows(system: Stack, service: str, file: str, table: str) -> int:
    """How many rows a table of a service's state has."""
    path = f"file:/var/lib/cryptoboy/{file}?mode=ro"
    select = f"SELECT count(*) FROM {table}"  # noqa: S608 - a literal of this module # nosec B608
    program = f"import sqlite3; print(*sqlite3.connect({path!r}, uri=True).execute({select!r}).fetchone())"
    return int(system.compose("exec", "-T", service, "python", "-c", program))


def counted(system: Stack, metric: str) -> float:
    """The sum of a counter of the poller over its labels."""
    program = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8101/metrics').read().decode())"
    lines = system.compose("exec", "-T", "news-poller", "python", "-c", program).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(metric))


def state(bot: Bot) -> str:
    """Freqtrade's state; empty while it does not answer."""
    try:
        return str(bot.get("show_config")["state"])
    except OSError:
        return ""
