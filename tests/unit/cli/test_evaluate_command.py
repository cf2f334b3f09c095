from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.common.errors import StopProgram

RUNNER = CliRunner()


def labelled_file(folder: Path) -> Path:
    path = folder / "some.csv"
    path.write_text(
        "label,text\npositive,Bitcoin soars to a record\nnegative,Exchange hacked\nneutral,How to mine\n"
    )
    return path


def test_the_last_line_is_a_list_for_programs(tmp_path: Path) -> None:
    arguments = ["evaluate", "--scorer", "lexicon", "--labelled", str(labelled_file(tmp_path)), "--json"]

    done = RUNNER.invoke(app, arguments, catch_exceptions=False)

    assert done.exit_code == 0
    found = json.loads(done.stdout.splitlines()[-1])
    assert [(one["scorer"], one["dataset"]) for one in found] == [
        ("lexicon", "some.csv"),
        ("always-neutral", "some.csv"),
        ("vader", "some.csv"),
        ("asset-matcher", "matching"),
        ("lexicon", "hostile"),
        ("lexicon", "kinds"),
        ("lexicon", "reversals"),
        ("lexicon", "tellings"),
    ]
    assert found[0]["accuracy"] == 1.0


def test_tables_and_a_page_with_charts(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    arguments = [
        "evaluate",
        "--scorer",
        "lexicon",
        "--case",
        "matching",
        "--labelled",
        str(labelled_file(tmp_path)),
        "--html",
        str(page),
    ]

    done = RUNNER.invoke(app, arguments, catch_exceptions=False)

    assert "some.csv, 3 texts" in done.stdout
    assert "precision, held out" in done.stdout
    assert page.read_text().count("plotly-graph-div") == 3
    assert ".charts{display:grid;grid-template-columns:repeat(auto-fill," in page.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--case", "nonsense"], "there is no such case; there are matching"),
        (["--html", "page.html"], "give a file with --labelled"),
        (["--labelled", "nowhere.csv"], "nowhere.csv cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_step(arguments: list[str], message: str) -> None:
    with pytest.raises(StopProgram, match=message):
        RUNNER.invoke(app, ["evaluate", "--scorer", "lexicon", *arguments], catch_exceptions=False)
