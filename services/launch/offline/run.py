"""One run of a Freqtrade command: prepare candles and configuration, start the exchange, run the command, stop both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from services.common.files import write_whole
from services.common.runtime.children import end_with_parent
from services.common.runtime.ports import free_port
from services.common.settings.settings import CURRENT_ENV_FILE
from services.launch.ending import INTERRUPTED, uninterrupted
from services.launch.freqtrade import exchange_keys
from services.launch.offline.configuration import (
    EXCHANGE,
    Markets,
    addition,
    environment_without_ours,
    is_futures,
    refuse_live_trading,
    users_configuration,
)
from services.launch.offline.freqtrade_call import FreqtradeCall
from services.launch.offline.plan import OfflinePlan, recorded_time
from services.launch.probes import answers_ok
from services.launch.replay_clock import ReplayClock
from services.launch.supervisor import ProcessSpec, Role, Supervisor
from services.replay_exchange.candle_folder import make_candle_folder

START_TIMEOUT_SECONDS = 120.0
GRACE_SECONDS = 60.0
_LOOK_SECONDS = 0.25
_KILLED = 128


class OfflineRun:
    """Owns everything that a run starts. Make one for each run and call `run` once."""

    def __init__(self, plan: OfflinePlan, call: FreqtradeCall, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._call = call
        self._tell = tell
        self._port = free_port()

    def run(self) -> int:
        """Run the command to its end, and return its exit status.

        Raises:
            StopProgram: the command cannot run like this; the message says why.
            KeyboardInterrupt: raised again after Freqtrade and the exchange were stopped.
        """
        user = users_configuration(self._call) if self._call.takes_configuration else {}
        refuse_live_trading(self._call, user)
        with ExitStack() as running:
            folder = Path(running.enter_context(TemporaryDirectory(prefix="cryptoboy-offline-")))
            arguments = self._arguments(user, folder)
            clock, anchor = self._clock(running)
            supervisor = running.enter_context(Supervisor(folder / "logs"))
            exchange = self._exchange(clock, anchor)
            supervisor.start(exchange)
            if self._call.reads_candles:
                futures = is_futures(self._call, user)
                make_candle_folder(
                    self._plan.options.candles, folder / "candles", self._plan.options.pairs, futures=futures
                )
            supervisor.wait_ready([exchange], START_TIMEOUT_SECONDS, self._tell)
            return self._freqtrade(arguments, clock, anchor, supervisor)

    def _arguments(self, user: Mapping[str, object], folder: Path) -> Sequence[str]:
        """Return the user's arguments with ours behind them; write our configuration file."""
        call, options = self._call, self._plan.options
        if not call.takes_configuration:
            return call.arguments
        url = f"http://127.0.0.1:{self._port}"
        speed = options.speed if call.trades else 1.0
        added = addition(call, user, Markets(url, speed, self._plan.pairs, self._plan.contracts))
        for note in added.notes:
            self._tell(note)
        config = dict(added.config)
        ours: list[str] = []
        if call.reads_candles:
            config["dataformat_ohlcv"] = "feather"
            ours += ["--datadir", str(folder / "candles")]
            ours += ["--data-format-ohlcv", "feather"] if call.parsed.get("dataformat_ohlcv") else []
        if call.trades and not call.parsed.get("db_url"):
            config["db_url"] = f"sqlite:///{folder / 'trades.sqlite'}"
            self._tell(
                "the trades are not kept; to keep them, add --db-url sqlite:///FILE to freqtrade trade"
            )
        if call.parsed.get("exchange"):
            ours += ["--exchange", EXCHANGE]
        file = folder / "offline.json"
        write_whole(file, json.dumps(config, indent=2), mode=0o600)
        before = [] if call.names_files else list(call.configuration_files)
        files = [word for name in (*before, str(file)) for word in ("--config", name)]
        return (*call.arguments, *files, *ours)

    def _clock(self, running: ExitStack) -> tuple[ReplayClock, datetime]:
        """Return the clock of exchange and bot, and the time that it shows when the replay begins."""
        if not self._call.trades:
            return ReplayClock(), datetime.now(UTC)
        plan = self._plan
        with uninterrupted():
            clock = ReplayClock(plan.options.speed, begins=plan.start if plan.as_recorded else None)
            running.callback(clock.close)
        clock.check()
        return clock, plan.start if plan.as_recorded else clock.now()

    def _exchange(self, clock: ReplayClock, anchor: datetime) -> ProcessSpec:
        plan = self._plan
        pairs = ",".join(plan.options.pairs)
        arguments = [
            *_module("services.replay_exchange.replay_exchange"),
            *("--candles", str(plan.options.candles.absolute()), "--timeframe", "shortest", "--pairs", pairs),
            *("--start", plan.start.isoformat(), "--anchor", anchor.isoformat(), "--port", str(self._port)),
            *("--faults", plan.options.faults.model_dump_json(), "--read-only"),
        ]
        environ = {**self._environ(), CURRENT_ENV_FILE: "", **clock.environment()}
        url = f"http://127.0.0.1:{self._port}/api/v3/ping"
        return ProcessSpec("replay_exchange", arguments, environ, answers_ok(url), role=Role.SERVES)

    def _freqtrade(
        self, arguments: Sequence[str], clock: ReplayClock, anchor: datetime, supervisor: Supervisor
    ) -> int:
        environ = {**environment_without_ours(self._environ()), **clock.environment()}
        with uninterrupted():
            process = subprocess.Popen(  # noqa: S603 - our own program with the user's arguments, no shell
                [*_module("services.launch.freqtrade.bot"), *arguments],
                env=environ,
                start_new_session=True,  # Ctrl-C reaches it once, through this process
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, nothing that locks
            )
        try:
            while True:
                try:
                    return _as_status(process.wait(_LOOK_SECONDS))
                except subprocess.TimeoutExpired:
                    supervisor.check()
                if self._call.trades and recorded_time(self._plan, clock.now(), anchor) >= self._plan.end:
                    self._tell(f"the replay ends at {self._plan.end:%F %H:%M} UTC; stopping Freqtrade")
                    status = _as_status(_stop(process))
                    return os.EX_OK if status == INTERRUPTED else status
        except KeyboardInterrupt:
            self._tell("stopping Freqtrade and the exchange ...")
            raise
        finally:
            with uninterrupted():
                _stop(process)

    def _environ(self) -> dict[str, str]:
        """Return the environment of both programs: the user's, without keys for exchanges and without proxies."""
        return {
            name: value
            for name, value in os.environ.items()
            if name not in exchange_keys.VARIABLES and not name.lower().endswith("_proxy")
        }


def _module(name: str) -> Sequence[str]:
    return [sys.executable, *(["-P"] if sys.flags.safe_path else []), "-u", "-m", name]


def _stop(process: subprocess.Popen[bytes]) -> int:
    """Ask Freqtrade to end as Ctrl-C does, once; kill it if it does not end. Returns its exit status."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _as_status(code: int) -> int:
    """Return the exit status that a shell shows; a negative code names the signal that ended the process."""
    return _KILLED - code if code < 0 else code
