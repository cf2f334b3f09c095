"""The package beside the strategy stays out of Freqtrade's way, wherever it is copied and in whatever order."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

STRATEGIES = Path(__file__).parents[3] / "user_data" / "strategies"
SEARCH = """
import sys
from pathlib import Path
from freqtrade.resolvers import StrategyResolver
folder = Path(sys.argv[1])
before = list(sys.path)
found = StrategyResolver._search_all_objects(folder, enum_failed=True, recursive=True)
found += StrategyResolver._search_all_objects(folder.parent, enum_failed=True)
assert sys.path == before, sys.path
print([each["name"] for each in found])
import cryptoboy_sentiment
print(cryptoboy_sentiment.__file__)
"""


@pytest.fixture
def strategies(tmp_path: Path) -> Path:
    return shutil.copytree(STRATEGIES, tmp_path / "strategies", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.mark.parametrize("installed", [{}, {"PYTHONPATH": str(STRATEGIES)}], ids=["alone", "beside_another"])
def test_a_search_for_strategies_that_meets_the_package_first_finds_the_strategy_and_nothing_broken(
    strategies: Path, tmp_path: Path, installed: dict[str, str]
) -> None:
    """The copy in the strategy's own folder is used, though another one is on the path of every program."""
    ran = subprocess.run(
        [sys.executable, "-P", "-c", SEARCH, str(strategies / "cryptoboy_sentiment")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)} | installed,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "['LLMSentimentStrategy']",
        str(strategies / "cryptoboy_sentiment" / "__init__.py"),
    ]


def test_no_file_of_the_package_is_taken_for_the_strategy(strategies: Path) -> None:
    texts = [path.read_text() for path in (strategies / "cryptoboy_sentiment").glob("*.py")]
    assert len(texts) > 5
    assert not [text for text in texts if "class LLMSentimentStrategy(" in text]
