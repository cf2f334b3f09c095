"""`cryptoboy history import`, `score`, `validate` and `fetch` as their users run them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import read_signals_csv

from services.common.settings.settings import PROJECT_ROOT, Settings
from services.replay_exchange.ccxt_config import ccxt_config
from services.research.candles import load_candles
from tests.support.commands import printed, refusal
from tests.support.processes import Program
from tests.support.research.history_samples import news_row, write_news
from tests.support.scoring.scripted_ollama import MODEL, ScriptedOllama, chat_reply

pytestmark = pytest.mark.e2e

COMMAND = (sys.executable, "-m", "services.cli", "history")
MANY = 6_000
NONE: Mapping[str, str] = {}


def start(*arguments: object, variables: Mapping[str, str] = NONE) -> Program:
    return Program(
        [*COMMAND, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        env={**os.environ, "CRYPTOBOY_ENV_FILE": "", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: object, status: int = 0, variables: Mapping[str, str] = NONE) -> tuple[str, str]:
    with start(*arguments, variables=variables) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == status, (process.returncode, out, err)
    return out, err


def answer(*arguments: object, status: int = 0, variables: Mapping[str, str] = NONE) -> dict[str, Any]:
    found = json.loads(run(*arguments, "--json", status=status, variables=variables)[0].splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("news")
    news = write_news(folder / "news.csv.gz", (news_row(number) for number in range(MANY)))
    report = answer("import", news, "--out", folder / "archive.sqlite")
    assert (report["rows"], report["new"]) == (MANY, MANY)
    return folder / "archive.sqlite"


def wait_for_the_first_step(process: Program, notes: Path) -> None:
    give_up_at = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < give_up_at:
        if notes.exists() and json.loads(notes.read_text())["state"]:
            return
        time.sleep(0.01)
    raise AssertionError("it ended before its first step")


def test_from_an_archive_to_sentiment_that_is_interrupted_resumed_and_valid(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sentiment.csv"
    score = ("score", archive, "--scorer", "lexicon", "--out")
    with start(*score, out) as process:
        wait_for_the_first_step(process, tmp_path / "sentiment.csv.partial.json")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert not out.exists()

    report = answer(*score, out)
    assert 0 < report["resumed_after_articles"] < MANY
    whole = answer(*score, tmp_path / "whole.csv")
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert report["signals"] == whole["signals"]
    assert len(read_signals_csv(out)) == sum(whole["signals"].values())

    found = answer("validate", "--sentiment", out)
    assert (found["ok"], found["errors"], found["sentiment"]["rows"]) == (
        True,
        [],
        sum(whole["signals"].values()),
    )
    script = [sys.executable, str(PROJECT_ROOT / "scripts" / "validate_history.py"), "--sentiment", out.name]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Fit for a backtest; no warnings.\n")


def test_what_a_model_was_asked_once_is_not_asked_again(tmp_path: Path) -> None:
    news = write_news(
        tmp_path / "news.jsonl", [news_row(number * 5, text="", source="wire") for number in range(4)]
    )
    archive = tmp_path / "archive.sqlite"
    run("import", news, "--out", archive)
    entry = {"reason": "funds buy", "event_type": "adoption", "score": 4, "confidence": 6}
    with ScriptedOllama() as server:
        server.usually("/api/chat", chat_reply(json.dumps({"BTC": entry})))
        variables = {"OLLAMA_HOST": server.url, "OLLAMA_MODEL": MODEL, "STATE_DIR": str(tmp_path / "state")}
        score = ("score", archive, "--scorer", "ollama", "--pairs", "BTC/USDT", "--out")
        first = answer(*score, tmp_path / "first.csv", variables=variables)
        chats = len(server.chats())
        second = answer(*score, tmp_path / "second.csv", variables=variables)
        asked_again = len(server.chats()) - chats
    assert (first["asked"], first["answered_from_receipts"]) == (4, 0)
    assert (second["asked"], second["answered_from_receipts"]) == (0, 4)
    assert (chats, asked_again) == (1 + 4, 1), "the check, each time, and four articles once"
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()
    frame = read_signals_csv(tmp_path / "second.csv")
    assert set(frame["score"]) == {0.4}
    assert set(frame["model"]) == {MODEL}


def test_unset_the_scorer_is_the_one_that_up_takes_and_one_that_is_away_is_told_with_a_way_out(
    archive: Path, tmp_path: Path
) -> None:
    score = ("score", archive, "--from", "2025-05-05", "--out", tmp_path / "none.csv")
    assert answer(*score)["model"].startswith("lexicon")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = {"OLLAMA_HOST": f"http://127.0.0.1:{nobody.getsockname()[1]}", "STATE_DIR": str(tmp_path)}
        _, said = run(*score, "--scorer", "ollama", status=1, variables=away)
    assert "cannot be reached" in said
    assert "--scorer lexicon needs no server" in said


def test_errors_end_with_a_status_a_message_and_no_output(archive: Path, tmp_path: Path) -> None:
    naive = write_news(tmp_path / "naive.csv", [news_row(1, published="2025-05-01 12:00:00")])
    out = tmp_path / "out.sqlite"
    _, said = run("import", naive, "--out", out, status=78)
    assert f"{naive}, line 2: published '2025-05-01 12:00:00' has no offset" in said
    words = ("history", "import", str(naive), "--out", str(out), "--timezone", "UTC")
    assert printed(Settings(), *words)

    bad = tmp_path / "bad.csv"
    bad.write_text("available_at,score\n2025-05-01T12:00:00+00:00,0.5\n")
    found = answer("validate", "--sentiment", bad, status=1)
    assert (found["ok"], found["errors"][0]["kind"]) == (False, "unreadable")

    nothing = ("--out", str(tmp_path / "s.csv"))
    absent = ("history", "score", str(tmp_path / "absent.sqlite"), *nothing)
    assert "make it with ./cryptoboy history import" in refusal(Settings(), *absent)
    empty = ("--from", "2030-01-01", "--to", "2030-02-01", "--scorer", "lexicon", *nothing)
    said = refusal(Settings(), "history", "score", str(archive), *empty)
    assert "no article known from 2030-01-01" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "naive.csv", "out.sqlite"]


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    command = [sys.executable, "-m", "services.replay_exchange.replay_exchange"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


def test_candles_come_through_freqtrades_own_download(exchange: str, tmp_path: Path) -> None:
    first = (datetime.now(UTC) - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    variables = {"EXCHANGE": "binance", "EXCHANGE_CONFIG": json.dumps(ccxt_config(exchange))}
    fetch = ("fetch", "--from", first.isoformat(), "--timeframe", "1h")
    out = tmp_path / "candles"
    report = answer(*fetch, "--pairs", "BTC/USDT,ETH/USDT", "--out", out, variables=variables)
    candles = load_candles(out, "1h", ["BTC/USDT", "ETH/USDT"])
    assert {pair: each.start for pair, each in candles.items()} == dict.fromkeys(candles, first)
    assert [each["candles"] for each in report["files"]] == [len(each.frame) for each in candles.values()]
    assert not (tmp_path / "candles.partial").exists()

    _, said = run(*fetch, "--pairs", "DOGE/USDT", "--out", tmp_path / "none", status=1, variables=variables)
    assert "downloaded no candles of DOGE/USDT 1h" in said
    assert not (tmp_path / "none").exists()
