"""How `doctor` says what it found, on narrow terminals and into pipes."""

from __future__ import annotations

import pytest

from services.cli.support.answers import answer_console
from services.cli.views.doctor import lines_of
from services.operations.checks.check import Check

PATH = "/a/folder/that/is/somewhat/longer/than/what/is/left/of/a/line/beside/the/names/news_sources.toml"
REMEDY = f"check the network; or set enabled = false for it in {PATH}"
FEEDS = [Check(f"feed {name}", "warning", "no route to the host", REMEDY) for name in ("one", "two", "three")]


def test_a_path_is_never_broken_however_narrow_the_terminal_is() -> None:
    lines = [line.plain for line in lines_of([Check("python", "ok", f"Python 3.11 in {PATH}"), *FEEDS], 80)]
    assert sum(PATH in line for line in lines) == 2
    assert all(len(line) <= 80 for line in lines if PATH not in line)


def test_a_remedy_that_several_share_stands_once_after_the_last_of_them() -> None:
    lines = [line.plain for line in lines_of([*FEEDS, Check("redis", "failed", "away", "start it")], 1000)]
    assert [line.split()[0] for line in lines] == ["warning", "warning", "warning", "to", "failed", "to"]
    assert lines[3].strip() == f"to mend these 3: {REMEDY}"
    assert lines[5].strip() == "to mend it: start it"


def test_what_is_unknown_here_names_the_command_that_shows_it() -> None:
    lines = [
        line.plain for line in lines_of([Check("exchange", "unknown", "no connection", "docker exec X")], 200)
    ]
    assert lines[0].split() == ["unknown", "exchange", "no", "connection"]
    assert lines[1].strip() == "instead: docker exec X"


def test_what_goes_into_a_pipe_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    answer_console().print("word " * 1000)
    assert len(capsys.readouterr().out.splitlines()) == 1
