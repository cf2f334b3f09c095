"""What is made of the answer about a strategy: each fault with its way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.operations.checks.check import Check
from services.operations.strategies.findings import findings
from services.operations.strategies.install import install

BLOCK = '"cryptoboy": {"source": "unix:///run/redis.sock", "use": ["veto"]}'


def pair(name: str, served_by: list[str] | None) -> dict[str, Any]:
    return {"pair": name, "signals": 1, "newest": None, "served_by": served_by, "now": "", "blocked": []}


def answer(**other: Any) -> dict[str, Any]:
    """A strategy that can trade with news, as probe.py says it."""
    good = {
        "python": "/bot/bin/python",
        "is_ours": False,
        "freqtrade": "2026.9",
        "strategy": {"file": "/bot/user_data/strategies/mine.py", "timeframe": "15m"},
        "package": {"version": "0.1.0", "folder": "/bot/user_data/strategies/cryptoboy_sentiment"},
        "has_mixin": True,
        "has_block": True,
        "settings": {"use": ["veto"], "source": "redis://cache:6379/0"},
        "pairs_method": ["StaticPairList"],
        "source": {"entries": "open", "holds": [], "unreadable": []},
        "pairs": [pair("BTC/USDT", ["BTC/USDT"])],
        "log": [],
    }
    return good | other


@pytest.fixture(scope="module")
def user_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("user_data")
    install(folder)
    return folder


def judged(user_data: Path, **other: Any) -> dict[str, Check]:
    found = findings(answer(**other), user_data, user_data / "strategies", "Mine", BLOCK)
    return {check.name: check for check in found}


def test_all_is_well(user_data: Path) -> None:
    found = judged(user_data)
    assert {check.state for check in found.values()} == {"ok"}
    assert found["pairs"].found == "all 1 are scored"


def test_a_freqtrade_that_is_too_old_is_a_warning_with_the_way_out(user_data: Path) -> None:
    check = judged(user_data, freqtrade="2025.9")["freqtrade"]
    assert (check.state, "older than 2025.12" in check.found) == ("warning", True)
    assert check.found.endswith("update Freqtrade")


def test_a_package_from_elsewhere_is_a_warning_because_the_bot_may_not_have_it(tmp_path: Path) -> None:
    check = judged(tmp_path, package={"version": "0.1.0", "folder": "/site/cryptoboy_sentiment"})
    found = check["package cryptoboy_sentiment"]
    assert (found.state, "/site/cryptoboy_sentiment was used" in found.found) == ("warning", True)
    assert found.remedy == f"./cryptoboy strategy install --user-data {tmp_path}"


def test_a_source_that_does_not_answer_fails_with_what_the_package_said(user_data: Path) -> None:
    away = {"entries": "unknown", "holds": [], "unreadable": ["BTC/USDT"]}
    found = judged(user_data, source=away, log=["The sentiment store cannot be read: refused"])
    assert (found["source"].state, found["source"].found) == (
        "failed",
        "The sentiment store cannot be read: refused",
    )
    assert "pairs" not in found


def test_a_hold_is_a_warning_with_its_owner(user_data: Path) -> None:
    paused = {"entries": "paused", "holds": ["operator", "risk"], "unreadable": []}
    check = judged(user_data, source=paused)["source"]
    assert (check.state, check.found) == ("warning", "answers, and entries are paused by operator, risk")


@pytest.mark.parametrize(
    ("pairs", "state", "said"),
    [
        ([], "unknown", "names no pairs (pairlists: StaticPairList)"),
        ([pair("BTC/USDT", None)], "unknown", "does not say which are scored"),
        ([pair("BTC/USDT", ["BTC/USDT"]), pair("DOGE/USDT", [])], "warning", "nobody scores DOGE/USDT"),
        ([pair("BTC/USDT:USDT", ["BTC/USDT"])], "ok", "all 1 are scored, BTC/USDT:USDT by BTC/USDT"),
    ],
)
def test_what_is_said_of_the_pairs(user_data: Path, pairs: list[Any], state: str, said: str) -> None:
    check = judged(user_data, pairs=pairs)["pairs"]
    assert check.state == state
    assert said in check.found


@pytest.mark.parametrize(
    ("step", "name"),
    [("configuration", "configuration"), ("settings", "settings"), ("source", "source"), ("rules", "source")],
)
def test_the_step_that_failed_is_the_last_that_is_said(user_data: Path, step: str, name: str) -> None:
    problem = {"step": step, "text": "ValueError: cryptoboy.use is wrong"}
    found = [*judged(user_data, problem=problem).values()]
    assert (found[-1].name, found[-1].state, found[-1].found) == (name, "failed", problem["text"])
    assert found[-1].remedy


def test_a_configuration_without_the_block_is_shown_the_block(user_data: Path) -> None:
    away = {"entries": "unknown", "holds": [], "unreadable": ["BTC/USDT"]}
    found = judged(user_data, has_block=False, source=away)
    assert (found["settings"].state, found["settings"].remedy) == (
        "warning",
        f"add to the configuration: {BLOCK}",
    )
    assert "no block `cryptoboy`" in found["settings"].found
    assert (found["source"].state, found["source"].remedy.split(";")[0]) == (
        "failed",
        "add the block `cryptoboy`",
    )


@pytest.mark.parametrize(
    ("source", "remedy"),
    [("unix:///run/redis.sock", "./cryptoboy doctor"), ("news.csv", "a sentiment CSV is for backtests")],
)
def test_a_day_without_any_signal_is_a_warning_with_the_next_step(
    user_data: Path, source: str, remedy: str
) -> None:
    quiet = pair("BTC/USDT", ["BTC/USDT"]) | {"signals": 0}
    told = {"use": ["veto"], "source": source}
    check = judged(user_data, settings=told, pairs=[quiet])["signals"]
    assert (check.state, check.remedy.startswith(remedy)) == ("warning", True)
    assert check.found.startswith("no signal of any pair in 24 h")
    assert "signals" not in judged(user_data, pairs=[quiet, pair("ETH/USDT", ["ETH/USDT"])])


def test_our_own_freqtrade_is_a_warning_because_the_bots_may_lack_a_package(user_data: Path) -> None:
    check = judged(user_data, is_ours=True)["freqtrade"]
    assert (check.state, "may lack one, such as redis" in check.found) == ("warning", True)
    assert check.remedy == "--freqtrade /path/to/your/venv/bin/freqtrade checks your bot's own"
