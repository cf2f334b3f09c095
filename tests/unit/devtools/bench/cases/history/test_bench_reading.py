"""The history that the case of its lists reads has what the lists ask for."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from devtools.bench.cases.history import reading
from devtools.bench.lab import Lab
from devtools.bench.results import Result
from devtools.bench.servers import Servers
from services.common.history.open import open_reader
from services.common.settings.settings import Settings
from services.history_recorder.performance.summary import kept_performance
from services.operations.performance import USUAL_DAYS


def test_every_list_has_rows_and_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SIGNALS", 40_000)
    monkeypatch.setattr(reading, "CALLS", 2)
    with ExitStack() as stack:
        lab = Lab(Servers(stack, None, None), tmp_path, 1, quick=True)
        rows = [row for row in reading.history_reads(lab) if isinstance(row, Result)]
    assert [row.name.removeprefix("history_reads.") for row in rows][-4:] == [
        "changes",
        "performance",
        "performance_of_pair",
        "memory",
    ]
    assert all(row.value > 0 for row in rows)
    with closing(open_reader(Settings(state_dir=tmp_path / "history"))) as reader:
        assert reader.counts()["signals"] == 2_000
        for name, call in reading._lists(reader):
            answer = call()
            assert len(getattr(answer, "rows", answer)) > 0, name  # type: ignore[arg-type]  # pages and tuples
        assert kept_performance(reader, USUAL_DAYS).signals["24h"] == 200  # type: ignore[union-attr]  # it is kept
