"""Every request that the API's own description allows, and many that it does not, made by schemathesis."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.history.batch import Batch
from services.common.history.writing import open_history
from services.common.store.holds import new_id
from services.common.store.open import open_store
from services.operations.reports import keep_report, reports_folder
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.running_api import api_settings, running_api
from tests.support.history.history_samples import analysed, article, candle, scoring, signal, trade
from tests.support.store.embedded_redis import embedded_redis

EXAMPLES = int(os.environ.get("API_EXAMPLES", "25"))
"""Requests of each kind for each operation."""
NOW = datetime.now(UTC)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with embedded_redis(tmp_path / "redis") as redis:
        settings = api_settings(
            tmp_path / "api",
            REDIS_PORT=str(redis.settings.redis_port),
            REDIS_PASSWORD=redis.password.get_secret_value(),
            API_RATE_PER_MINUTE="1000000",
        )
        with closing(open_history(settings)) as history:
            numbers = range(1, 60)
            history.write(
                Batch(
                    articles=[article(n) for n in numbers],
                    scorings=[scoring(n, model="m", answer="bullish") for n in numbers],
                    signals=[signal(n) for n in numbers],
                    candles=[candle(n) for n in numbers],
                    trades=[trade(n) for n in range(1, 5)],
                    analysed=[analysed(n) for n in range(1, 5)],
                )
            )
        with closing(open_store(settings)) as store:
            store.holds.begin(new_id(), NOW)
        keep_report(reports_folder(settings), "study", "<p>a page</p>", NOW)
        key = ApiKeys(keys_file(settings)).make("schemathesis", Scope.CONTROL, NOW)
        with running_api(settings) as found:
            yield f"{found} {key}"


@pytest.mark.timeout(580)
def test_no_request_finds_an_answer_that_the_description_does_not_have(address: str, tmp_path: Path) -> None:
    place, key = address.split()
    run = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{place}/openapi.json"),
            *("--header", f"Authorization: Bearer {key}", "--max-examples", str(EXAMPLES), "--no-color"),
            *("--request-timeout", "60"),  # the first answer for a strategy imports pandas
            *("--phases", "examples,coverage,fuzzing", "--seed", "1", "--generation-database", "none"),
        ],
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(run.stdout)  # the number of cases, with pytest -rP
    assert run.returncode == 0, run.stdout[-8_000:]
    cases = re.search(r"(\d[\d,]*) generated", run.stdout)
    assert cases is not None
    assert int(cases[1].replace(",", "")) > 500
