"""The checks of `doctor`: whatever happens is a finding with a way to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind, Settings
from services.operations.checks.checks import Question, all_checks, run_check


def raising(error: Exception) -> Question:
    def ask() -> str:
        raise error

    return Question("thing", ask, "mend it so")


def test_what_is_found_is_told() -> None:
    check = run_check(Question("thing", lambda: "it works", "mend it so"))
    assert (check.state, check.found, check.remedy) == ("ok", "it works", "")


@pytest.mark.parametrize("error", [StopProgram("no rights"), RuntimeError("no rights"), OSError("no rights")])
def test_whatever_a_check_meets_is_a_finding_with_its_remedy(error: Exception) -> None:
    check = run_check(raising(error))
    assert check.state == "failed"
    assert "no rights" in check.found
    assert check.remedy == "mend it so"


def test_what_is_not_required_only_warns() -> None:
    question = Question("feed", raising(OSError("away")).ask, "look at the network", required=False)
    assert run_check(question).state == "warning"


@pytest.mark.parametrize("broker", list(BrokerKind))
def test_every_part_is_asked_about_and_each_has_a_remedy(tmp_path: Path, broker: BrokerKind) -> None:
    questions = all_checks(Settings(broker=broker, state_dir=tmp_path))
    names = " ".join(question.name for question in questions)
    assert all(
        word in names
        for word in ("python", "broker", "redis", "ollama", "exchange", "freqtrade", "scored pairs", "feed")
    )
    assert all(question.remedy for question in questions)


def test_a_sources_file_that_cannot_be_used_is_a_finding_and_hides_no_other(tmp_path: Path) -> None:
    settings = Settings(news_sources_file=tmp_path / "none.toml", state_dir=tmp_path)
    questions = {question.name: question for question in all_checks(settings)}
    check = run_check(questions["news sources"])
    assert check.state == "failed"
    assert "none.toml" in check.found + check.remedy
    assert "redis" in questions


def test_embedded_parts_are_found_to_work_where_they_can(tmp_path: Path) -> None:
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path, redis_port=0)
    questions = {question.name: question for question in all_checks(settings)}
    assert run_check(questions["broker (embedded)"]).state == "ok"
    assert run_check(questions["freqtrade configuration"]).state == "ok"
