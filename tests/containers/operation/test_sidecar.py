"""Bots of somebody else, in Compose projects of their own, beside production without Freqtrade.

Leaves production as it was.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.engine import WORLD_IMAGE, said
from tests.support.containers.news import next_signal
from tests.support.containers.stack import SERVICES, Stack

SIDECAR = "docker-compose.sidecar.yml"
PAGE = (PROJECT_ROOT / "docs" / "own_strategy.md").read_text()
LOOK = """
import json, os, sys
from datetime import UTC, datetime, timedelta
import cryptoboy_sentiment as news
settings = news.Settings.read({"source": sys.argv[1]}, os.environ)
source = news.live_signals(settings, window=timedelta(hours=12))
source.refresh(["BTC/USDT"], datetime.now(UTC))
found = {"entries": source.entries, "read": source.readable("BTC/USDT"), "signals": len(source.signals("BTC/USDT"))}
try:
    news.connect(settings).delete("sentiment_signals:BTC/USDT")
except Exception as refusal:
    found["writing"] = str(refusal)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def beside(production: Stack) -> Iterator[Stack]:
    """Production without its Freqtrade."""
    with production.overlay(SIDECAR):
        yield production


def test_all_but_freqtrade_runs_and_nothing_is_on_its_port(beside: Stack) -> None:
    assert beside.running().keys() & {*SERVICES} == {*SERVICES} - {"freqtrade"}
    with pytest.raises(OSError, match="refused"):
        beside.http("http://127.0.0.1:8080/api/v1/ping")


def test_prometheus_asks_nothing_of_the_bot_that_is_not_there(beside: Stack) -> None:
    targets = json.loads(beside.http("http://127.0.0.1:9090/api/v1/targets"))["data"]["activeTargets"]
    jobs = {each["labels"]["job"] for each in targets}
    assert "signal-cacher" in jobs
    assert "freqtrade" not in jobs


@pytest.fixture(scope="module")
def looks(beside: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two bots find, by the lines of the page; their image has the packages, as the page's two lines make it."""
    next_signal(beside)
    return [look(beside, tmp_path_factory.mktemp(name), name) for name in ("one", "another")]


def look(system: Stack, folder: Path, project: str) -> dict[str, Any]:
    found = re.search(
        r"^    services:\n      freqtrade:\n(?:.*\n)+?    networks:\n.*external.*\n", PAGE, re.MULTILINE
    )
    assert found
    bot = yaml.safe_load(textwrap.dedent(found[0]).replace("CRYPTOBOY", str(system.folder)))
    service = bot["services"]["freqtrade"]
    assert (
        service.pop("build")["dockerfile_inline"].splitlines()[0].startswith("FROM freqtradeorg/freqtrade:")
    )
    strategies = f"{system.folder}/user_data/strategies:/strategies:ro"
    service |= {
        "image": WORLD_IMAGE,
        "pull_policy": "never",
        "user": "1000:1000",
        "entrypoint": ["python", "-c"],
    }
    service["volumes"].append(strategies)
    service["environment"]["PYTHONPATH"] = "/strategies"
    (folder / "docker-compose.yml").write_text(yaml.safe_dump(bot))
    (source,) = re.findall(r'`"source": "(redis://strategy@[^"]+)"`', PAGE)
    command = ["docker", "compose", "--project-name", project, "run", "--rm", "-T", "freqtrade", LOOK, source]
    try:
        return dict(json.loads(said(command, system.environ, folder=folder).splitlines()[-1]))
    finally:
        said(["docker", "compose", "--project-name", project, "down"], system.environ, folder=folder)


def test_several_bots_of_other_projects_read_the_signals_and_the_holds(looks: list[dict[str, Any]]) -> None:
    for found in looks:
        assert (found["entries"], found["read"]) == ("open", True)
        assert found["signals"] > 0


def test_they_can_change_nothing(looks: list[dict[str, Any]]) -> None:
    assert all("no permissions" in found["writing"] for found in looks), looks
