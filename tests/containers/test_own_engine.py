"""The engine that is started for the tests leaves nothing on the host, and ends with them however they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.own_engine import OwnEngine
from tests.support.waiting import eventually

ADDRESSES = "10.231."
"""Where the engine's own bridge is."""
HOLDS_NAMESPACES = """
import sys, time
from pathlib import Path
from tests.support.containers.namespace import Namespace
with Namespace(Path(sys.argv[1]), Path(sys.argv[2])) as namespace:
    print(namespace.first_process, flush=True)
    time.sleep(600)
"""


def test_the_host_has_no_address_and_no_rule_of_the_engine(own_engine: OwnEngine) -> None:
    asked = (["ip", "-4", "address"], ["iptables-save"])
    inside = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for command in asked]
    outside = [own_engine.on_the_host(*command) for command in asked]
    assert all(ADDRESSES in text for text in inside)
    assert not any(ADDRESSES in text for text in outside)


def test_there_is_a_way_out_only_where_it_is_asked_for(own_engine: OwnEngine) -> None:
    def way_out() -> str:
        command = ["ip", "route", "show", "default"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert way_out() == ""
    with own_engine.online():
        assert way_out().startswith("default via")
    eventually(lambda: not way_out(), "the way out is gone")


def test_a_run_that_is_killed_leaves_no_process(own_engine: OwnEngine, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS_NAMESPACES, str(own_engine.tini), str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        first = Path("/proc") / run.stdout.readline().strip()
        assert "tini" in (first / "cmdline").read_text()
        run.send_signal(signal.SIGKILL)
    eventually(lambda: not first.exists(), "the first process of the namespaces has ended")
