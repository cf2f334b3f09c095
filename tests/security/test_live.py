"""Real money is asked for on a machine that is open: to its other users, to its network, to whoever steals the key.

Nothing may be traded with such a machine, everything that is wrong is told at once with what to do, and whoever already
has an open trade must not lose its exits over it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from services.common.errors import StopProgram, TryLater
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import Settings
from services.launch.live.gate import check_live
from services.operations.checks.all import all_checks
from services.operations.checks.check import run_check
from tests.support.market.live_exchange import TRADES_ONLY, LiveExchange
from tests.support.servers.server_control import free_ports
from tests.support.servers.servers import RedisServer

pytestmark = pytest.mark.integration

KEY, SECRET = f"planted{secrets.token_hex(12)}", f"planted{secrets.token_hex(12)}"
PASSWORD = f"planted{secrets.token_hex(12)}"

# Everything up to the moment in which Freqtrade would start.
PROGRAM = """
import os, sys
from services.cli import app, trade, up
from services.launch import stack
def would_start(path, arguments, environ):
    config = arguments[arguments.index("--config") + 1]
    import json
    print("STARTS", json.load(open(config))["initial_state"])
    raise SystemExit(0)
os.execve = would_start
up.check_addresses = lambda settings, **more: None  # other tests of this machine may have the ports
up.run_until_stopped = lambda stack, tell: would_start("", stack.freqtrade(throttle_seconds=5).argv, {})
app.main()
"""


@pytest.fixture
def exchange() -> Iterator[LiveExchange]:
    with LiveExchange() as running:
        yield running


@pytest.fixture
def variables(exchange: LiveExchange, tmp_path: Path) -> dict[str, str]:
    """With which live trading is allowed; what stands in the `.env` file is secret."""
    away, api = free_ports(2)
    env_file = tmp_path / ".env"
    env_file.write_text(f"BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\nREDIS_PASSWORD={PASSWORD}\n")
    env_file.chmod(0o600)
    return {
        "CRYPTOBOY_ENV_FILE": str(env_file),
        "DRY_RUN": "false",
        "LIVE_TRADING_CONFIRMATION": "trade with real money",
        "EXCHANGE_CONFIG": json.dumps(exchange.config()),
        "REDIS_PORT": str(away),
        "FREQTRADE_API_PORT": str(api),
        "STATE_DIR": str(tmp_path / "state"),
        "PYTHONPATH": PYTHON_PATH,
    }


def check(variables: Mapping[str, str], *, i_know: bool = False) -> tuple[bool, str]:
    """The same decision in this process: whether entries may be made, and what was said."""
    said: list[str] = []
    settings = Settings.load(variables, Path(variables["CRYPTOBOY_ENV_FILE"]))
    trades = Path(variables["STATE_DIR"]) / "trade" / "trades-live.sqlite"
    may_enter = check_live(settings, trades, variables, said.append, i_know=i_know)
    assert "planted" not in "".join(said)
    return may_enter, "\n".join(said)


def refuses(variables: Mapping[str, str], reason: str, *, i_know: bool = False) -> None:
    with pytest.raises(StopProgram) as refusal:
        check(variables, i_know=i_know)
    assert reason in str(refusal.value)
    assert "To fix it: " in str(refusal.value)
    assert "planted" not in str(refusal.value)


def run(variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in Settings.variables()}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**inherited, **variables}, capture_output=True, text=True, check=False, timeout=120,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "planted" not in done.stdout + done.stderr, "no key or password is told"
    return done


def refused(done: subprocess.CompletedProcess[str], *reasons: str) -> None:
    assert done.returncode == os.EX_CONFIG, done.stdout + done.stderr
    assert "STARTS" not in done.stdout
    for reason in reasons:
        assert reason in done.stderr
    assert done.stderr.count("To fix it: ") >= len(reasons), "each has its next step"


def open_trade(variables: Mapping[str, str], command: str) -> None:
    folder = Path(variables["STATE_DIR"]) / command
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "trades-live.sqlite")) as database, database:
        database.execute("CREATE TABLE trades (pair VARCHAR(25), is_open BOOLEAN)")
        database.execute("INSERT INTO trades VALUES ('SOL/USDT', 1)")


def test_with_everything_in_order_real_money_is_traded(variables: dict[str, str]) -> None:
    done = run(variables, "trade")
    assert done.stdout.strip() == "STARTS running", done.stderr
    assert "could not be asked whether it lets in clients" in done.stderr, "what was not checked is told"


def test_everything_that_is_wrong_is_told_at_once_and_before_the_sentence_is_asked_for(
    variables: dict[str, str], exchange: LiveExchange, redis_server: RedisServer
) -> None:
    Path(variables["CRYPTOBOY_ENV_FILE"]).write_text(f"BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\n")
    Path(variables["CRYPTOBOY_ENV_FILE"]).chmod(0o640)
    exchange.seconds_ahead = 8
    exchange.rights = TRADES_ONLY | {"enableWithdrawals": True, "permitsUniversalTransfer": True}
    variables |= {
        "BROKER": "rabbitmq",
        "RABBITMQ_PORT": str(free_ports(1)[0]),
        "REDIS_PORT": str(redis_server.port),
    }
    del variables["LIVE_TRADING_CONFIRMATION"]
    for command in ("up", "trade"):
        done = run(variables, command)
        refused(
            done,
            "REDIS_PASSWORD is not set",
            f"Redis at localhost:{redis_server.port} lets in clients without a password",
            "RABBITMQ_PASS is a password for development",
            ".env can be read or written by others (mode 0640)",
            "s behind that of binance",
            "the key can take money out of the account at binance: enableWithdrawals, permitsUniversalTransfer",
        )
        assert "confirmed" not in done.stderr


@pytest.mark.parametrize("seconds", [-60.0, -5.0, 5.0, 3600.0])
def test_a_clock_that_is_off_is_refused(
    variables: dict[str, str], exchange: LiveExchange, seconds: float
) -> None:
    exchange.seconds_ahead = seconds
    refuses(variables, "behind that of" if seconds > 0 else "ahead of that of")


@pytest.mark.parametrize("seconds", [-2.0, 2.0])
def test_a_clock_that_is_nearly_right_is_not(
    variables: dict[str, str], exchange: LiveExchange, seconds: float
) -> None:
    exchange.seconds_ahead = seconds
    assert check(variables)[0]


@pytest.mark.parametrize("right", ["enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"])
def test_a_key_that_takes_money_out_is_refused_whatever_somebody_vouches_for(
    variables: dict[str, str], exchange: LiveExchange, right: str
) -> None:
    exchange.rights = TRADES_ONLY | {right: True}
    variables["LIVE_KEYS_CANNOT_WITHDRAW"] = "true"
    refuses(variables, right, i_know=True)


def test_a_key_that_works_from_everywhere_is_told(variables: dict[str, str], exchange: LiveExchange) -> None:
    exchange.rights = TRADES_ONLY | {"ipRestrict": False}
    may_enter, said = check(variables)
    assert may_enter
    assert "the key works from every address" in said


@pytest.mark.parametrize(
    "answer", [{}, {"enableWithdrawals": "perhaps"}, [], "yes", {"code": -1, "msg": "no"}]
)
def test_an_exchange_that_does_not_tell_wants_a_person_who_looked(
    variables: dict[str, str], exchange: LiveExchange, answer: object
) -> None:
    exchange.rights = answer
    refuses(variables, "does not report whether the key can withdraw")
    assert check(variables, i_know=True)[0]
    assert check(variables | {"LIVE_KEYS_CANNOT_WITHDRAW": "true"})[0]


def test_the_command_line_takes_that_word(variables: dict[str, str], exchange: LiveExchange) -> None:
    exchange.rights = {}
    assert "STARTS running" in run(variables, "trade", "--i-know").stdout


def test_a_key_that_the_exchange_refuses_is_not_vouched_for(
    variables: dict[str, str], exchange: LiveExchange
) -> None:
    exchange.status = 401
    exchange.rights = {"code": -2015, "msg": f"Invalid API-key {KEY}, IP, or permissions for action."}
    refuses(variables, "binance refuses the key", i_know=True)


def test_an_exchange_that_is_away_is_waited_for_but_not_with_an_open_trade(variables: dict[str, str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        variables["EXCHANGE_CONFIG"] = variables["EXCHANGE_CONFIG"].replace(_url(variables), url)
        with pytest.raises(TryLater, match="could not be asked for its time"):
            check(variables)
        open_trade(variables, "trade")
        may_enter, said = check(variables)
    assert may_enter, "exits go on, and entries once the exchange is back"
    assert "could not be asked for its time" in said


def _url(variables: Mapping[str, str]) -> str:
    public: str = json.loads(variables["EXCHANGE_CONFIG"])["urls"]["api"]["public"]
    return public.removesuffix("/api/v3")


def test_open_trades_are_watched_whatever_is_wrong_and_no_others_are_opened(
    variables: dict[str, str], exchange: LiveExchange
) -> None:
    exchange.rights = TRADES_ONLY | {"enableWithdrawals": True}
    open_trade(variables, "trade")
    assert check(variables)[0] is False
    open_trade(variables, "up")
    done = run(variables, "up")
    assert done.stdout.strip() == "STARTS paused", done.stderr
    assert "trades are open in SOL/USDT" in done.stderr
    assert "NO NEW ENTRIES" in done.stderr
    assert "enableWithdrawals" in done.stderr


@pytest.mark.parametrize(
    "broken", [{"REDIS_HOST": "a..b"}, {"REDIS_TLS": "true", "REDIS_CA_FILE": "/nowhere"}]
)
def test_a_check_that_fails_refuses_and_leaves_no_open_trade_alone(
    variables: dict[str, str], broken: dict[str, str]
) -> None:
    variables |= broken
    refuses(variables, "REDIS_CA_FILE" if "REDIS_TLS" in broken else "redis could not be checked")
    open_trade(variables, "trade")
    assert check(variables)[0] is False


def test_the_doctor_shows_the_same(
    variables: dict[str, str], exchange: LiveExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.rights = TRADES_ONLY | {"enableWithdrawals": True}
    env_file = Path(variables["CRYPTOBOY_ENV_FILE"])
    env_file.chmod(0o644)
    monkeypatch.setenv("CRYPTOBOY_ENV_FILE", str(env_file))
    questions = all_checks(Settings.load(variables, env_file))
    found = {each.name: run_check(each) for each in questions if each.name.startswith("live trading: ")}
    assert found["live trading: files"].state == found["live trading: exchange"].state == "failed"
    assert "chmod 600" in found["live trading: files"].found
    assert "enableWithdrawals" in found["live trading: exchange"].found
    assert found["live trading: rabbitmq"].state == "ok"


def test_a_dry_run_asks_for_none_of_it(variables: dict[str, str], exchange: LiveExchange) -> None:
    Path(variables["CRYPTOBOY_ENV_FILE"]).chmod(0o644)
    variables["DRY_RUN"] = "true"
    assert "STARTS running" in run(variables, "trade").stdout
    assert exchange.asked == []
