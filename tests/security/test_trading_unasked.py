"""Somebody's environment, in which Freqtrade's variables were exported for another bot, or DRY_RUN was emptied.

Freqtrade ranks FREQTRADE__* above its configuration file. Our settings say dry-run, and nobody typed the sentence. No
Freqtrade that trades with real money, with other keys or with other stakes may run then; and if one runs all the same,
for a reason that nobody thought of, it must end at once, before the programs around it, with a status that is not zero.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest

from services.cli import up as command
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.launch.freqtrade.config import freqtrade_config
from services.launch.freqtrade.trading_mode import beside_the_settings, mode_of
from services.launch.stack import Stack
from services.launch.supervisor import ProcessSpec, Role, Supervisor
from tests.support.servers.server_control import free_ports

SECRET = "planted-5a1f0c"
ABOUT_MONEY = [
    "FREQTRADE__DRY_RUN",
    "freqtrade__dry_run",
    "FREQTRADE__FREQTRADE__DRY_RUN",  # Freqtrade takes its prefix out wherever it stands
    "FREQTRADE__DRY_FREQTRADE__RUN",
    "FREQTRADE__DRY_RUN_WALLET",
    "FREQTRADE__EXCHANGE__KEY",
    "FREQTRADE__EXCHANGE__SECRET",
    "FREQTRADE__EXCHANGE__NAME",
    "FREQTRADE__EXCHANGE__CCXT_CONFIG__apiKey",
    "FREQTRADE__EXCHANGE__CCXT_ASYNC_CONFIG__secret",
    "FREQTRADE__STAKE_AMOUNT",
    "FREQTRADE__STAKE_CURRENCY",
    "FREQTRADE__MAX_OPEN_TRADES",
    "FREQTRADE__TRADABLE_BALANCE_RATIO",
    "FREQTRADE__AVAILABLE_CAPITAL",
    "FREQTRADE__TRADING_MODE",
    "FREQTRADE__POSITION_ADJUSTMENT_ENABLE",
]
OTHERS = {
    "FREQTRADE__STRATEGY": "SomebodyElse",
    "FREQTRADE__API_SERVER__ENABLED": "false",
    "FREQTRADE__API_SERVER__PASSWORD": SECRET,
    "FREQTRADE__TELEGRAM__TOKEN": SECRET,
    "FREQTRADE__PAIRLISTS": "[]",
    "Freqtrade__Stoploss": "-0.99",
    "FREQTRADE__DB_URL": "sqlite:///elsewhere.sqlite",
}


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    ours = Settings.variables()
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    paths = f"{PROJECT_ROOT}:{PROJECT_ROOT / 'user_data' / 'strategies'}"
    own = {"PYTHONPATH": paths, "CRYPTOBOY_ENV_FILE": "", "STATE_DIR": str(folder / "state")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "services.cli", *arguments],
        env=inherited | own | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("up",), ("trade",), ("demo", "--time-limit", "1")])
def test_every_command_that_starts_freqtrade_refuses_them_at_once_and_shows_no_value(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = run(tmp_path, *arguments, **dict.fromkeys(ABOUT_MONEY, SECRET), **OTHERS)
    assert done.returncode == os.EX_CONFIG, done.stderr
    for name in ABOUT_MONEY:
        assert name in done.stderr
    assert "Unset them: unset FREQTRADE__" in done.stderr
    assert "DRY_RUN, " in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert not (tmp_path / "state").exists(), "nothing was started, nor written for it"


@pytest.mark.parametrize("name", ABOUT_MONEY)
def test_each_of_them_alone_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv(name, "false")
    with pytest.raises(StopProgram, match=rf"^{name} in the environment .*Unset it: unset {name}"):
        command.up()


def test_no_program_gets_any_of_them_and_the_screen_names_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (OTHERS | dict.fromkeys(ABOUT_MONEY, "1")).items():
        monkeypatch.setenv(name, value)
    stack = Stack(Settings(state_dir=tmp_path), tmp_path)
    programs = [*stack.services(), *stack.watchers(), stack.store(), stack.freqtrade(throttle_seconds=5)]
    for spec in programs:
        assert not [name for name in spec.environ if name.upper().startswith("FREQTRADE__")], spec.name
    (said,) = beside_the_settings(os.environ)
    assert all(name in said for name in OTHERS)
    assert SECRET not in said


# --- a Freqtrade that trades otherwise all the same

IMPOSTOR = '''
import base64, http.server, json, os, signal, sys, threading

def main(arguments):
    """Like the real one: reads its file, serves its API, ends with 130 after SIGTERM."""
    with open(arguments[arguments.index("--config") + 1]) as file:
        config = json.load(file)
    server = config["api_server"]
    login = base64.b64encode(f"{server['username']}:{server['password']}".encode()).decode()
    shown = {
        "dry_run": config["dry_run"], "runmode": "dry_run" if config["dry_run"] else "live",
        "trading_mode": config["trading_mode"], "exchange": config["exchange"]["name"], "state": "running",
        "stake_currency": config["stake_currency"], "stake_amount": str(config["stake_amount"]),
        "max_open_trades": config["max_open_trades"], "strategy": config["strategy"],
        "timeframe": config["timeframe"], "position_adjustment_enable": False, "force_entry_enable": False,
    } | json.loads(os.environ["TEST_OTHERWISE"])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            allowed = self.headers.get("Authorization") == f"Basic {login}"
            self.send_response(200 if allowed else 401)
            self.end_headers()
            if allowed and self.path == "/api/v1/show_config":
                self.wfile.write(json.dumps(shown).encode())
        def log_message(self, *_):
            pass

    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    http_server = http.server.ThreadingHTTPServer(("127.0.0.1", server["listen_port"]), Handler)
    threading.Thread(target=http_server.serve_forever, daemon=True).start()
    print("trades", flush=True)
    ending.wait(60)
    with open(os.environ["TEST_ENDS"], "a") as ends:
        ends.write("freqtrade ")
    sys.exit(130 if ending.is_set() else 0)
'''
NEIGHBOUR = (
    "import os, signal, threading; ending = threading.Event();"
    "signal.signal(signal.SIGTERM, lambda *_: ending.set()); print('up', flush=True); ending.wait(60);"
    "open(os.environ['TEST_ENDS'], 'a').write('neighbour ')"
)
OTHERWISE = ['{"dry_run": false}', '{"exchange": "kraken"}', '{"stake_amount": "unlimited"}']


@pytest.fixture
def impostor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A `freqtrade` package in front of the real one; the file to which programs write that end."""
    package = tmp_path / "packages" / "freqtrade"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "main.py").write_text(IMPOSTOR)
    monkeypatch.setenv("PYTHONPATH", f"{package.parent}:{PROJECT_ROOT}")
    monkeypatch.setenv("TEST_ENDS", str(tmp_path / "ends"))
    monkeypatch.setenv("TEST_OTHERWISE", "{}")
    return tmp_path / "ends"


class SmallStack(Stack):
    """The bot, and one program beside it."""

    def services(self) -> list[ProcessSpec]:
        return [
            ProcessSpec("neighbour", [sys.executable, "-c", NEIGHBOUR], dict(os.environ), role=Role.FEEDS)
        ]

    def watchers(self) -> list[ProcessSpec]:
        return []


def up(monkeypatch: pytest.MonkeyPatch, folder: Path, **environ: str) -> None:
    redis, api = free_ports(2)
    given = {"STATE_DIR": str(folder / "state"), "REDIS_PORT": str(redis), "FREQTRADE_API_PORT": str(api)}
    for name, value in (given | environ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("services.cli.support.trading.Stack", SmallStack)
    monkeypatch.setattr("services.launch.addresses.USUAL_PORTS", {})
    monkeypatch.setattr("services.launch.up.LOOK_EVERY_SECONDS", 0.1)
    command.up()


def test_up_ends_a_freqtrade_that_does_otherwise_before_all_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, impostor: Path
) -> None:
    with pytest.raises(StopProgram, match="dry_run is False, not True"):
        up(monkeypatch, tmp_path, TEST_OTHERWISE=OTHERWISE[0])
    assert impostor.read_text().split() == ["freqtrade", "neighbour"]


@pytest.mark.parametrize("otherwise", OTHERWISE)
def test_whatever_it_does_otherwise_ends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, impostor: Path, otherwise: str
) -> None:
    monkeypatch.setenv("TEST_OTHERWISE", otherwise)
    (api,) = free_ports(1)
    bot = Stack(Settings(freqtrade_api_port=api, state_dir=tmp_path), tmp_path).freqtrade(throttle_seconds=5)
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(bot)
        with pytest.raises(StopProgram, match=r"does not trade as the settings say: [a-z_]+ is .*, not "):
            supervisor.wait_ready([bot], 60)
        assert supervisor.pids() == {}
    assert impostor.read_text().split() == ["freqtrade"]


def test_a_freqtrade_that_does_what_was_said_runs_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, impostor: Path
) -> None:
    (api,) = free_ports(1)
    settings = Settings(freqtrade_api_port=api, state_dir=tmp_path, stake_amount=50, max_open_trades=-1)
    bot = Stack(settings, tmp_path).freqtrade(throttle_seconds=5)
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(bot)
        supervisor.wait_ready([bot], 60)
        assert not impostor.exists()


def test_trade_alone_ends_it_too_with_a_status_that_says_so(tmp_path: Path, impostor: Path) -> None:
    (api,) = free_ports(1)
    environ = {"FREQTRADE_API_PORT": str(api), "TEST_OTHERWISE": OTHERWISE[0], "BROKER": "embedded"}
    done = run(tmp_path, "trade", **environ, PYTHONPATH=os.environ["PYTHONPATH"])
    assert done.returncode == os.EX_CONFIG, done.stderr
    assert "Freqtrade does not trade as the settings say: dry_run is False, not True" in done.stderr
    assert impostor.read_text().split() == ["freqtrade"]


class Eavesdropper(http.server.BaseHTTPRequestHandler):
    """Another user's program on the port of Freqtrade's API: it notes who logs in, and says what it likes."""

    heard: ClassVar[list[str | None]] = []
    says: ClassVar[dict[str, object]] = {}

    def do_GET(self) -> None:
        self.heard.append(self.headers.get("Authorization"))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.says).encode())


@pytest.mark.parametrize("says", [{"dry_run": False}, mode_of(Settings())], ids=["otherwise", "as said"])
def test_another_users_program_on_the_port_learns_no_password_stops_no_bot_and_vouches_for_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: dict[str, object]
) -> None:
    """Between a start of Freqtrade and the next its port is free for everybody."""
    monkeypatch.setattr(Eavesdropper, "heard", [])
    monkeypatch.setattr(Eavesdropper, "says", says)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Eavesdropper) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = Settings(freqtrade_api_port=server.server_port, state_dir=tmp_path)
        bot = Stack(settings, tmp_path).freqtrade(throttle_seconds=5)
        own = os.geteuid()
        monkeypatch.setattr("services.launch.freqtrade.api.os.geteuid", lambda: own + 1)
        assert bot.is_ready() is False
        server.shutdown()
    assert Eavesdropper.heard == []


# --- an emptied DRY_RUN

LIVE_FILE = """\
DRY_RUN=false
LIVE_TRADING_CONFIRMATION=trade with real money
BINANCE_API_KEY=public-part
BINANCE_API_SECRET=private-part
"""


@pytest.mark.parametrize("empty", ["", " ", "\t", "\n"])
@pytest.mark.parametrize("file", [LIVE_FILE, "DRY_RUN=0\n", "export DRY_RUN=no\n", "dry_run=false\n"])
def test_an_empty_dry_run_is_a_dry_run_whatever_the_file_says(tmp_path: Path, empty: str, file: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(file)
    settings = Settings.load({"DRY_RUN": empty}, env_file)
    assert settings.dry_run is True
    config = freqtrade_config(settings, database=tmp_path / "trades.sqlite")
    assert config["dry_run"] is True
    assert config["exchange"]["key"] == config["exchange"]["secret"] == ""


def test_an_empty_confirmation_confirms_nothing_and_other_empty_variables_say_nothing(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(LIVE_FILE + "STAKE_AMOUNT=20\n")
    settings = Settings.load({"LIVE_TRADING_CONFIRMATION": "", "STAKE_AMOUNT": ""}, env_file)
    assert settings.dry_run is False
    assert settings.live_trading_confirmation is None
    assert settings.stake_amount == 20


@pytest.mark.parametrize("lines", ["DRY_RUN=\n", "DRY_RUN\n", 'DRY_RUN=" "\n'])
def test_an_empty_line_of_the_file_is_a_dry_run_unless_the_environment_says_otherwise(
    tmp_path: Path, lines: str
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(lines)
    assert Settings.load({}, env_file).dry_run is True
    assert Settings.load({"DRY_RUN": "false"}, env_file).dry_run is False


@pytest.mark.parametrize("lines", ["DRY_RUN=false\nDRY_RUN=\n", "DRY_RUN=\nDRY_RUN=false\n"])
def test_a_file_that_says_both_empty_and_live_is_refused(tmp_path: Path, lines: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(lines)
    with pytest.raises(StopProgram, match=r"line 2 of .* gives DRY_RUN another value"):
        Settings.load({}, env_file)
