"""The checks of `doctor`: whatever happens is a finding with a way to mend it."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.settings.reach import Part
from services.common.settings.settings import BrokerKind, Settings
from services.operations.checks.all import all_checks, check_configuration
from services.operations.checks.check import Question, installed, run_check, run_checks


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


def test_what_is_out_of_reach_is_unknown_and_not_asked_and_everything_else_is(tmp_path: Path) -> None:
    everything = Settings(state_dir=tmp_path, news_sources_file=tmp_path / "none.toml")
    here = everything.changed(out_of_reach=tuple(Part))
    checks = {
        question.name: run_check(question) for question in all_checks(here) if question.name in set(Part)
    }
    asked = set(Part) - {Part.SERVICES}  # which no check asks
    assert {name: check.state for name, check in checks.items()} == dict.fromkeys(asked, "unknown")
    assert all("OUT_OF_REACH" in check.found and check.remedy for check in checks.values())
    left = {question.name for question in all_checks(everything)} - {
        question.name for question in all_checks(here)
    }
    assert left == {
        "exchange binance",
        "freqtrade configuration",
        "news sources",
        "ports",
        "scorer (ollama)",
    }


def test_a_part_that_is_in_reach_and_away_is_a_fault_as_before(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, out_of_reach=(Part.EXCHANGE,), ollama_host="http://127.0.0.1:1")
    questions = {question.name: question for question in all_checks(settings)}
    assert run_check(questions["scorer (ollama)"]).state == "failed"


@pytest.mark.parametrize(("required", "state"), [(False, "unknown"), (True, "failed")])
def test_a_package_that_is_not_installed_is_named_with_its_extra(required: bool, state: str) -> None:
    def ask() -> str:
        with installed("trade", required=required):
            importlib.import_module("a_package_that_nobody_has")
        return "never"

    check = run_check(Question("exchange", ask, "mend it so"))
    assert check.state == state
    assert "lacks a_package_that_nobody_has, which the extra 'trade' brings" in check.found
    assert ("./cryptoboy trade --help installs it in a checkout" in check.found) is required
    assert check.remedy == (
        "mend it so" if required else "./cryptoboy trade --help installs it in a checkout"
    )


@pytest.mark.parametrize(
    ("environ", "state", "found"),
    [
        ({}, "ok", "every variable is known"),
        ({"REDIS_PROT": "7001"}, "failed", "REDIS_PROT: no such variable"),
        ({"SENTIMENT_SCORER": "lexicon", "OLLAMA_HOST": "a b"}, "warning", "OLLAMA_HOST"),
    ],
)
def test_a_variable_that_cannot_be_used_is_a_finding_and_stops_the_other_checks_only_if_it_is_needed(
    environ: dict[str, str], state: str, found: str
) -> None:
    check, settings = check_configuration(lambda: Settings.load(environ, None))
    assert check.state == state
    assert found in check.found
    assert (settings is None) == (state == "failed")


def test_checks_are_made_at_once_and_answered_in_the_order_of_the_questions() -> None:
    all_asked = threading.Barrier(3)

    def question(name: str) -> Question:
        def ask() -> str:
            all_asked.wait(30)
            return "there"

        return Question(name, ask, "mend it so")

    checks = run_checks([question(name) for name in ("one", "two", "three")], str)
    assert [(check.name, check.state) for check in checks] == [("one", "ok"), ("two", "ok"), ("three", "ok")]
