"""`doctor` says of which pairs of Freqtrade nobody scores the news."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.operations.checks.all import all_checks
from services.operations.checks.check import Check, run_check
from tests.support.servers.server_control import free_ports

PAIRS = ("BTC/USDT", "SOL/USDT")
WHITELIST = ["BTC/USDT", "ADA/USDT"]


@pytest.fixture
def settings(redis_settings: Settings) -> Settings:
    return redis_settings.changed(trading_pairs=PAIRS)


@pytest.fixture
def store(settings: Settings) -> Iterator[SentimentStore]:
    one = open_store(settings)
    yield one
    one.close()


@pytest.fixture
def bot() -> Iterator[int]:
    """The port of a Freqtrade whose pair list is not TRADING_PAIRS."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_asked = self.path == "/api/v1/whitelist" and self.headers["Authorization"] == "Basic bWU6cHc="
            self.send_response(200 if is_asked else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"whitelist": WHITELIST}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def asked(settings: Settings) -> Check:
    (question,) = [each for each in all_checks(settings) if each.name == "scored pairs"]
    return run_check(question)


def test_pairs_of_the_settings_that_nobody_scores_are_a_warning(
    settings: Settings, store: SentimentStore
) -> None:
    assert asked(settings).found == "not known: no signal_cacher has announced the scored pairs yet"
    store.announce_scored_pairs(dict.fromkeys(PAIRS))
    assert asked(settings).found == "all 2 pairs of TRADING_PAIRS are scored"
    store.announce_scored_pairs({"BTC/USDT": None})
    found = asked(settings)
    assert (found.state, found.found.partition(":")[0]) == (
        "warning",
        "nobody scores SOL/USDT of TRADING_PAIRS",
    )


@pytest.mark.parametrize("from_file", [False, True])
def test_the_pair_list_of_a_freqtrade_that_runs_here_counts(
    settings: Settings, store: SentimentStore, bot: int, from_file: object
) -> None:
    store.announce_scored_pairs(dict.fromkeys(PAIRS))
    if from_file:
        (folder := settings.state_dir / "up").mkdir(parents=True)
        api = {"listen_ip_address": "127.0.0.1", "listen_port": bot, "username": "me", "password": "pw"}
        (folder / "freqtrade.json").write_text(json.dumps({"api_server": api}))
    else:
        login = {"FREQTRADE_API_USER": "me", "FREQTRADE_API_PASS": "pw", "FREQTRADE_API_PORT": str(bot)}
        settings = Settings.load(settings.environment() | login)
    assert asked(settings).found.startswith("nobody scores ADA/USDT of Freqtrade's whitelist")


def test_a_redis_that_is_away_is_no_finding_of_this_check(tmp_path: Path) -> None:
    found = asked(Settings(redis_host="127.0.0.1", redis_port=free_ports(1)[0], state_dir=tmp_path))
    assert (found.state, found.found) == ("ok", "not known while Redis does not answer")
