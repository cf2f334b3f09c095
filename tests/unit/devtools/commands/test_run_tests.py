from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from devtools.commands.test import environment_of_tests, need_servers
from services.common.settings.settings import PROJECT_ROOT
from tests.support.processes import Program


@pytest.mark.parametrize(
    "arguments",
    [
        ["tests/unit"],
        ["tests/unit/", "-k", "labels"],
        ["-q", "tests/unit/cli", "tests/unit/common/test_files.py::test_x[a::b]"],
        [f"{PROJECT_ROOT}/tests/unit/docs"],
        ["tests/containers", "--quiet"],
        ["tests/../tests/unit", "-m", "not llm"],
    ],
)
def test_unit_tests_and_containers_need_no_server_here(arguments: list[str]) -> None:
    assert not need_servers(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-k", "labels"],
        ["tests"],
        ["tests/unit", "tests/contract"],
        ["tests/integration/store"],
        ["tests/unit/../chaos"],
        ["tests/unit_of_others"],
        ["tests/long/test_demo.py::test_news_becomes_a_closed_trade_with_no_server_and_no_network"],
    ],
)
def test_any_other_choice_of_tests_may_need_servers(arguments: list[str]) -> None:
    assert need_servers(arguments)


def test_programs_of_tests_keep_their_bytecode_and_none_of_our_settings() -> None:
    environ = {
        "PATH": "/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CRYPTOBOY_ENV_FILE": "",
        "CRYPTOBOY_VENV": "x",
        "CRYPTOBOY_TEST_DOCKER_HOST": "y",
    }
    assert environment_of_tests(environ) == {
        "PATH": "/bin",
        "CRYPTOBOY_VENV": "x",
        "CRYPTOBOY_TEST_DOCKER_HOST": "y",
    }


CLEANS_UP = """
import signal, sys, time
def end(*_):
    time.sleep(0.5)
    print("cleaned up", flush=True)
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
print("runs", flush=True)
time.sleep(60)
"""
RUNS = """
import os, sys
from devtools.commands.test import run_to_its_end
sys.exit(run_to_its_end(sys.argv[1:], os.environ))
"""


def test_a_wish_to_end_is_passed_to_the_tests_which_end_in_their_own_time() -> None:
    command = [sys.executable, "-c", RUNS, sys.executable, "-c", CLEANS_UP]
    with Program(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGINT)  # as from a terminal, which sends it to the tests as well
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "cleaned up\n"
        assert process.wait() == 7
