from __future__ import annotations

import pytest

from devtools.commands.test import need_servers
from services.common.settings.settings import PROJECT_ROOT


@pytest.mark.parametrize(
    "arguments",
    [
        ["tests/unit"],
        ["tests/unit/", "-k", "labels"],
        ["-q", "tests/unit/cli", "tests/unit/common/test_files.py::test_x[a::b]"],
        [f"{PROJECT_ROOT}/tests/unit/docs"],
        ["tests/../tests/unit", "-m", "not llm"],
    ],
)
def test_unit_tests_need_no_server(arguments: list[str]) -> None:
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
        ["tests/e2e/test_demo.py::test_news_becomes_a_closed_trade_with_no_server_and_no_network"],
    ],
)
def test_any_other_choice_of_tests_may_need_servers(arguments: list[str]) -> None:
    assert need_servers(arguments)
