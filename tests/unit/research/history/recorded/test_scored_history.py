"""Scoring an archive into a history: the same signals as in the sentiment CSV, and no mixture with what a bot saw."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.common.errors import StopProgram
from services.common.history.open import open_reader
from services.common.history.port import Batch
from services.common.history.queries import SignalFilter
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.research.history.recorded.signals import export_recorded
from tests.support.history import history_samples as some
from tests.support.research.history_samples import make_archive, news_row

RUNNER = CliRunner()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    return make_archive(
        tmp_path, [*(news_row(n) for n in range(4)), news_row(9, title="A cat film wins", text="In town.")]
    )


def score(archive: Path, out: Path) -> None:
    arguments = [
        "history",
        "score",
        str(archive),
        "--scorer",
        "lexicon",
        "--out",
        str(out),
        "--record",
        "--json",
    ]
    done = RUNNER.invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["articles"] == 5


def test_the_history_gives_the_sentiment_csv_back(archive: Path, tmp_path: Path) -> None:
    score(archive, tmp_path / "first.csv")
    score(archive, tmp_path / "second.csv")
    with closing(open_reader(Settings(state_dir=tmp_path / "state"))) as reader:
        export_recorded(reader, SignalFilter(), tmp_path / "kept.csv")
        counts = reader.counts()
        outcomes = {each.outcome for each in reader.scorings().rows}
    assert (tmp_path / "kept.csv").read_bytes() == (tmp_path / "first.csv").read_bytes()
    assert (counts["articles"], counts["scorings"]) == (5, 5)
    assert counts["signals"] == len((tmp_path / "first.csv").read_text().splitlines()) - 1 > 0
    assert {"scored", "not_about_crypto"} <= outcomes


def test_the_history_of_a_running_system_is_refused_before_anything_is_scored(
    archive: Path, tmp_path: Path
) -> None:
    with closing(open_history(Settings(state_dir=tmp_path / "state"))) as writer:
        writer.write(Batch(articles=[some.article(1)]))
    with pytest.raises(StopProgram, match="running system: set HISTORY_URL to another"):
        score(archive, tmp_path / "s.csv")
    assert not list(tmp_path.glob("s.csv*"))
