"""Runs a demo as a process and looks at it from outside while it runs; prints what it saw as JSON.

A program of its own so that it can be run where there is no network at all. It has a Bot API server for the demo's
notifier, and asks why in its chat.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from base64 import b64encode, urlsafe_b64decode
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.common.services import API, SERVICES
from services.common.settings.settings import PROJECT_ROOT
from tests.support.telegram.bot_api import BotApi, bot_api

PATIENCE_SECONDS = 280


def ask(url: str, credentials: str = "", method: str = "GET") -> Any:
    request = urllib.request.Request(url, method=method)
    if credentials:
        request.add_header("Authorization", "Basic " + b64encode(credentials.encode()).decode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def redis_cli(config: dict[str, Any], *command: str) -> list[str]:
    """Ask the Redis of the strategy: by its socket where it is the embedded one, else by its port."""
    where = (
        ["-s", config["redis_socket"]] if config.get("redis_socket") else ["-p", str(config["redis_port"])]
    )
    asked = subprocess.run(
        ["redis-cli", *where, *command], capture_output=True, text=True, timeout=20, check=True
    )
    return asked.stdout.splitlines()


def times_in_turn(run_dir: Path, exchange: str, bot: str, credentials: str) -> list[str]:
    """What each process says the time is, asked one after the other, twice round; in the middle the bot, in seconds.

    Args:
        run_dir: the demo's.
        exchange: where the exchange listens.
        bot: where the bot issues tokens.
        credentials: the bot's.
    """
    health = [f"{listening(run_dir, name)}/health" for name in SERVICES]
    return [
        *(ask(url)["time"] for url in health),
        ask(f"{exchange}/replay/status")["now"],
        issued_at(bot, credentials),
        *(ask(url)["time"] for url in health),
    ]


def listening(run_dir: Path, name: str) -> str:
    """The address at which a service listens, as its log says."""
    found = re.search(r"http://127\.0\.0\.1:\d+", (run_dir / "logs" / f"{name}.log").read_text())
    assert found is not None, f"{name} did not say where it listens"
    return found.group()


def issued_at(url: str, credentials: str) -> str:
    """By the bot's own clock, in whole seconds: it issues a token. The date of its answers is up to a second old."""
    token = str(ask(url, credentials, "POST")["access_token"])
    payload = token.split(".")[1]
    said = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return datetime.fromtimestamp(said["iat"], UTC).isoformat()


def traces(log: Path) -> list[str]:
    """The articles that a log names; of the bot's, those on which it entered. None of a program that never started."""
    if not log.exists():
        return []
    wanted = [line for line in log.read_text().splitlines() if log.stem != "freqtrade" or "Entry of " in line]
    return sorted(set(re.findall(r"\b[0-9a-f]{32}\b", "\n".join(wanted))))


def inspect(arguments: list[str], api: BotApi) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="demo-test-"))
    run_dir = folder / "run"
    command = [str(PROJECT_ROOT / "cryptoboy"), "demo", "--json", "--run-dir", str(run_dir), *arguments]
    seen: dict[str, Any] = {"rest_trades": [], "page_trades": [], "hash": [], "history": [], "times": []}
    environ = {**os.environ, **with_chat(api, folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as demo:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while demo.poll() is None and time.monotonic() < deadline:
            # What is not there yet, or gone already, is asked for again at the next look.
            with suppress(OSError, ValueError, AssertionError, subprocess.SubprocessError):
                look(run_dir, seen)
            ask_why(api, seen)
            time.sleep(0.2)  # the bot is not there for long after its trade was closed
        if demo.poll() is None:
            demo.terminate()
        out, err = demo.communicate(timeout=60)
    lines = out.strip().splitlines()
    return {
        **seen,
        "told": [each.text for each in api.chats.to(7)],
        "traces": {name: traces(run_dir / "logs" / f"{name}.log") for name in (*SERVICES, "freqtrade")},
        "status": demo.returncode,
        "open_to_others": [str(path) for path in run_dir.rglob("*") if path.stat().st_mode & 0o077],
        "summary": json.loads(lines[-1]) if lines else None,
        "log": err[-4000:],
    }


def with_chat(api: BotApi, folder: Path) -> dict[str, str]:
    """The variables with which everything that happens is told in the chat."""
    rules = folder / "notify.toml"
    rules.write_text("preset = 'everything'\n[channels.telegram]\nper_minute = 600\n")
    return {
        "NOTIFY_TELEGRAM_TOKEN": api.token,
        "NOTIFY_TELEGRAM_CHATS": "7",
        "NOTIFY_TELEGRAM_API": api.url,
        "NOTIFY_RULES_FILE": str(rules),
    }


def ask_why(api: BotApi, seen: dict[str, Any]) -> None:
    """Press the button Why of the first story that was told."""
    stories = (each for each in api.chats.to(7) if "Receipt: ./cryptoboy news " in each.text)
    alert = next((each for each in stories if "/why" in each.buttons.get("Why", "")), None)
    if alert is not None and "why" not in seen:
        seen["why"] = api.chats.press(alert, "Why")


def look(run_dir: Path, seen: dict[str, Any]) -> None:
    config = json.loads((run_dir / "freqtrade.json").read_text())
    api = config["api_server"]
    credentials = f"{api['username']}:{api['password']}"
    base = f"http://127.0.0.1:{api['listen_port']}/api/v1"
    closed = [trade for trade in ask(f"{base}/trades", credentials)["trades"] if not trade["is_open"]]
    seen["rest_trades"] = closed or seen["rest_trades"]
    if not seen["history"]:
        seen["hash"] = redis_cli(config["cryptoboy"], "HGETALL", "sentiment:BTC/USDT")
        seen["history"] = redis_cli(config["cryptoboy"], "LRANGE", "sentiment_history:BTC/USDT", "0", "9")
    if not seen["page_trades"]:
        seen["page_trades"] = ask(f"{listening(run_dir, API)}/v1/trades")["trades"]
    if not seen["times"]:
        exchange = config["exchange"]["ccxt_config"]["urls"]["api"]["public"].removesuffix("/api/v3")
        seen["times"] = times_in_turn(run_dir, exchange, f"{base}/token/login", credentials)


if __name__ == "__main__":
    with bot_api() as server:
        print(json.dumps(inspect(sys.argv[1:], server)))  # noqa: T201 - that is its answer
