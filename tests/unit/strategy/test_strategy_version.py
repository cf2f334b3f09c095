"""A strategy folder's own copy of the package wins over an installed one, and says so if the versions differ."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.folders import STRATEGIES

LOAD = """
import logging, sys
from pathlib import Path
logging.basicConfig(format="%(levelname)s %(message)s")
from freqtrade.resolvers import StrategyResolver
for _ in range(2):
    assert StrategyResolver._search_all_objects(Path(sys.argv[1]), enum_failed=True)
import cryptoboy_sentiment
print(cryptoboy_sentiment.__file__)
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return shutil.copytree(STRATEGIES, tmp_path / "strategies", ignore=shutil.ignore_patterns("__pycache__"))


def install(site: Path, version: str) -> Path:
    """An installed CryptoBoy: its package beside its metadata, as the wheel has them."""
    package = shutil.copytree(STRATEGIES / "cryptoboy_sentiment", site / "cryptoboy_sentiment")
    about = site / f"cryptoboy-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: cryptoboy\nVersion: {version}\n")
    return package


@pytest.mark.parametrize("version", ["7.8.9", None], ids=["another", "same"])
def test_the_own_copy_is_used_and_a_difference_is_said_once_with_the_way_out(
    own: Path, tmp_path: Path, version: str | None
) -> None:
    from cryptoboy_sentiment.version import VERSION

    installed = install(tmp_path / "site", version or VERSION)
    ran = subprocess.run(
        [sys.executable, "-P", "-c", LOAD, str(own)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert ran.stdout.strip() == str(own / "cryptoboy_sentiment/__init__.py"), ran.stderr
    said = [line for line in ran.stderr.splitlines() if "cryptoboy_sentiment" in line]
    if version is None:
        assert said == []
    else:
        assert len(said) == 1
        assert said[0].startswith(
            f"WARNING cryptoboy_sentiment {VERSION} in {own}/cryptoboy_sentiment is used"
        )
        assert "7.8.9 is installed" in said[0]
        assert f"remove {own}/cryptoboy_sentiment" in said[0]
        assert str(installed) in said[0]
