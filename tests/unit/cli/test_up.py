"""What `up` decides before it starts anything: which parts, and whether real money may be used."""

from __future__ import annotations

import io
import os
import socket
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.cli import up as command
from services.cli.support.options import choose_parts
from services.cli.support.trading import CONFIRMATION, confirm_live_trading
from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.launch.addresses import check_addresses, ports_taken
from services.launch.stack import Stack
from services.launch.supervisor import ProcessSpec, Role, Supervisor
from services.operations.checks.all import all_checks
from services.operations.checks.check import run_check

LIVE = {"DRY_RUN": "false", "BINANCE_API_KEY": "public-part", "BINANCE_API_SECRET": "private-part"}


def settings(**environ: str) -> Settings:
    return Settings.load(environ, None)


class Terminal(io.StringIO):
    """Standard input on which somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "broker", "expected"),
    [
        ({}, None, (BrokerKind.EMBEDDED, ScorerKind.LEXICON)),
        ({"BROKER": "rabbitmq"}, None, (BrokerKind.RABBITMQ, ScorerKind.OLLAMA)),
        ({"BROKER": "embedded"}, None, (BrokerKind.EMBEDDED, ScorerKind.LEXICON)),
        ({"SENTIMENT_SCORER": "ollama"}, None, (BrokerKind.EMBEDDED, ScorerKind.OLLAMA)),
        ({}, BrokerKind.RABBITMQ, (BrokerKind.RABBITMQ, ScorerKind.LEXICON)),
        ({"BROKER": "rabbitmq"}, BrokerKind.EMBEDDED, (BrokerKind.EMBEDDED, ScorerKind.OLLAMA)),
    ],
)
def test_parts_are_embedded_unless_others_are_named(
    environ: dict[str, str], broker: BrokerKind | None, expected: tuple[BrokerKind, ScorerKind]
) -> None:
    chosen = choose_parts(settings(**environ), broker)
    assert (chosen.broker, chosen.sentiment_scorer) == expected


def test_it_is_a_dry_run_unless_told_otherwise() -> None:
    assert choose_parts(settings(), None).dry_run is True
    assert settings(BINANCE_API_KEY="a", BINANCE_API_SECRET="b").dry_run is True


@pytest.mark.parametrize("missing", ["BINANCE_API_KEY", "BINANCE_API_SECRET"])
def test_live_trading_without_a_key_is_refused_whatever_is_typed(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(CONFIRMATION + "\n"))
    environ = {name: value for name, value in LIVE.items() if name != missing}
    with pytest.raises(StopProgram, match="needs BINANCE_API_KEY and BINANCE_API_SECRET"):
        confirm_live_trading(settings(**environ))


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "y\n", f"{CONFIRMATION}!\n", f"no {CONFIRMATION}\n"])
def test_anything_but_the_sentence_starts_nothing(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    with pytest.raises(StopProgram, match="not confirmed; nothing was started"):
        confirm_live_trading(settings(**LIVE))


def test_the_sentence_typed_at_a_terminal_confirms_and_no_key_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(CONFIRMATION + "\n"))
    confirm_live_trading(settings(**LIVE))
    shown = capsys.readouterr().err
    assert "BTC/USDT" in shown
    assert "real money" in shown
    assert "private-part" not in shown
    assert "public-part" not in shown


@pytest.mark.parametrize(("sentence", "confirms"), [(CONFIRMATION, True), ("yes", False)])
def test_without_a_terminal_only_the_whole_sentence_in_the_environment_confirms(
    monkeypatch: pytest.MonkeyPatch, sentence: str, confirms: Any
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(CONFIRMATION + "\n"))
    chosen = settings(**LIVE, LIVE_TRADING_CONFIRMATION=sentence)
    if confirms:
        confirm_live_trading(chosen)
    else:
        with pytest.raises(StopProgram, match="confirmed at a terminal, and this is none"):
            confirm_live_trading(chosen)


@pytest.mark.parametrize(
    "environ", [{"REDIS_TLS": "true"}, {"REDIS_USER": "strategy"}, {"REDIS_HOST": "cache"}]
)
def test_what_only_a_redis_of_ones_own_has_is_refused_with_embedded_parts(environ: dict[str, str]) -> None:
    (variable,) = environ
    with pytest.raises(StopProgram, match=rf"^{variable}\b.* embedded Redis .*BROKER=rabbitmq"):
        check_addresses(settings(BROKER="embedded", **environ))


def test_a_taken_port_is_told_with_how_to_see_by_what_and_whether_it_can_be_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as fixed, socket.socket() as movable:
        for each in (fixed, movable):
            each.bind(("127.0.0.1", 0))
            each.listen()
        port, api = fixed.getsockname()[1], movable.getsockname()[1]
        monkeypatch.setattr("services.launch.addresses.USUAL_PORTS", {"signal_cacher": port})
        chosen = settings(BROKER="rabbitmq", FREQTRADE_API_PORT=str(api))
        first, second = ports_taken(chosen)
        with pytest.raises(StopProgram) as refused:
            check_addresses(chosen)
        found = run_check(next(each for each in all_checks(chosen) if each.name == "ports"))
    assert str(refused.value) == first
    assert f"`ss -ltnp | grep :{port}`" in first
    assert "cannot move this port" in first
    assert "set FREQTRADE_API_PORT to a free port" in second
    assert (found.state, f"port {port} is in use" in found.found) == ("warning", True)


def test_the_ports_of_what_only_records_and_shows_may_be_in_use_and_doctor_tells_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as recorder, socket.socket() as api:
        for each in (recorder, api):
            each.bind(("127.0.0.1", 0))
            each.listen()
        ports = recorder.getsockname()[1], api.getsockname()[1]
        monkeypatch.setattr("services.launch.addresses.USUAL_PORTS", {"history_recorder": ports[0]})
        chosen = settings(BROKER="rabbitmq", API_PORT=str(ports[1]))
        check_addresses(chosen, has_bot=False)
        found = run_check(next(each for each in all_checks(chosen) if each.name == "ports"))
    assert all(f"port {port} is in use" in found.found for port in ports)


class SmallStack(Stack):
    """A service that cannot work as it is configured, and a bot that runs."""

    def services(self) -> list[ProcessSpec]:
        return [self._program("streamer", f"print('set SOMETHING'); raise SystemExit({os.EX_CONFIG})")]

    def watchers(self) -> list[ProcessSpec]:
        return []

    def store(self) -> ProcessSpec:
        return self._program("redis", "import time; time.sleep(600)", Role.SERVES)

    def freqtrade(self, *, throttle_seconds: int) -> ProcessSpec:
        return self._program("freqtrade", f"import time; time.sleep(600 + {throttle_seconds})", Role.TRADES)

    def _program(self, name: str, code: str, role: Role = Role.FEEDS) -> ProcessSpec:
        return ProcessSpec(name, [sys.executable, "-c", code], dict(os.environ), role=role)


STORE = SmallStack.store


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that run each time `up` pauses; Ctrl-C comes once the service has ended and that was seen."""
    running: list[str] = []
    monkeypatch.setattr("services.cli.support.trading.Stack", SmallStack)
    monkeypatch.setattr(command, "check_addresses", lambda _settings, **_more: None)
    started: list[Supervisor] = []
    begin = Supervisor.__init__

    def note(supervisor: Supervisor, log_dir: Path) -> None:
        started.append(supervisor)
        begin(supervisor, log_dir)

    def pause(_seconds: float) -> None:
        (supervisor,) = started
        running[:] = sorted(supervisor._running)
        if "streamer" not in running:
            raise KeyboardInterrupt

    monkeypatch.setattr(Supervisor, "__init__", note)
    monkeypatch.setattr("services.launch.up.pause", pause)
    return running


def test_what_feeds_the_bot_and_cannot_work_leaves_it_alone_and_is_the_last_word_and_the_status(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    interrupted: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    (tmp_path / "up").mkdir()
    with closing(sqlite3.connect(tmp_path / "up" / "trades-dry-run.sqlite")) as database, database:
        database.execute("CREATE TABLE trades (pair VARCHAR(25), is_open BOOLEAN)")
        database.execute("INSERT INTO trades VALUES ('SOL/USDT', 1)")
    with pytest.raises(StopProgram, match=r"when this was stopped:\nstreamer: set SOMETHING$"):
        command.up()
    assert interrupted == ["freqtrade", "redis"]
    said = capsys.readouterr().err
    assert "trades are open in SOL/USDT: Freqtrade runs whatever the others do" in said
    assert "streamer CANNOT WORK as it is configured (set SOMETHING)" in said


@pytest.mark.usefixtures("interrupted")
def test_without_an_open_trade_a_mistake_of_the_first_start_ends_it_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setattr(SmallStack, "freqtrade", _not_ready_bot)
    with pytest.raises(StopProgram, match=r"(?s)streamer cannot work as it is configured.*set SOMETHING"):
        command.up()


def test_without_a_bot_no_freqtrade_runs_and_the_address_for_ones_own_is_shown(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    interrupted: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Freqtrade's variables and those of live trading belong to the other bot."""
    for name, value in {**LIVE, "STATE_DIR": str(tmp_path), "FREQTRADE__STAKE_AMOUNT": "50"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        SmallStack, "services", lambda stack: [stack._program("streamer", "import time; time.sleep(600)")]
    )
    monkeypatch.setattr("services.launch.up.pause", _interrupt)
    started: list[str] = []
    start = Supervisor.start

    def note(supervisor: Supervisor, spec: ProcessSpec) -> None:
        started.append(spec.name)
        start(supervisor, spec)

    monkeypatch.setattr(Supervisor, "start", note)
    command.up(no_bot=True)
    assert started == ["redis", "streamer"]
    said = capsys.readouterr().err
    assert f'"cryptoboy": {{"source": "unix://{tmp_path}/redis-6379.sock", "use": ["veto"]}}' in said
    assert "Freqtrade's API" not in said
    assert "real money" not in said


@pytest.mark.usefixtures("interrupted")
def test_a_link_to_what_only_records_and_shows_that_cannot_be_kept_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    (tmp_path / "api_links").write_text("no folder")
    stays = "import time; time.sleep(600)"
    monkeypatch.setattr(SmallStack, "services", lambda _stack: [])
    monkeypatch.setattr(SmallStack, "watchers", lambda stack: [stack._program("api", stays)])
    monkeypatch.setattr("services.launch.up.pause", _interrupt)
    command.up()
    said = capsys.readouterr().err
    assert "the page has no link now (" in said
    assert "Ctrl-C stops everything" in said


def _interrupt(_seconds: float) -> None:
    raise KeyboardInterrupt


def test_without_a_bot_the_port_of_freqtrades_api_may_be_in_use() -> None:
    with socket.socket() as api:
        api.bind(("127.0.0.1", 0))
        api.listen()
        chosen = settings(BROKER="rabbitmq", FREQTRADE_API_PORT=str(api.getsockname()[1]))
        assert [line for line in ports_taken(chosen) if "Freqtrade" in line]
        assert not [line for line in ports_taken(chosen, has_bot=False) if "Freqtrade" in line]


def test_without_a_bot_a_mistake_of_the_first_start_ends_it_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interrupted: list[str]
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setattr(SmallStack, "store", lambda stack: replace(STORE(stack), is_ready=bool))
    with pytest.raises(StopProgram, match=r"(?s)streamer cannot work as it is configured.*set SOMETHING"):
        command.up(no_bot=True)


def _not_ready_bot(stack: SmallStack, *, throttle_seconds: int) -> ProcessSpec:
    code = f"import time; time.sleep(600 + {throttle_seconds})"
    argv = [sys.executable, "-c", code]
    return ProcessSpec("freqtrade", argv, stack._environ(), is_ready=bool, role=Role.TRADES)
