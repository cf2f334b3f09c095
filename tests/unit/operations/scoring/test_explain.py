from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from services.cli.views.score import show_explanation
from services.common.clock import ManualClock
from services.common.errors import CannotSay, StopProgram
from services.common.settings.settings import Settings
from services.operations.scoring.explain import explain
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION
from services.sentiment_analyzer.scorers.receipts.receipts import FILE_NAME as RECEIPTS_FILE
from services.sentiment_analyzer.scorers.receipts.receipts import Receipts
from services.sentiment_analyzer.scorers.receipts.scorer import ReceiptScorer
from services.sentiment_analyzer.stories.file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.scoring.sentiment_fakes import NOON, FakeScorer, article

TITLE = "Harbour Foods raises $250 million to fill its bitcoin treasury"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder in which the articles a1 (scored), a2 (the same story elsewhere) and a3 (abstained) were judged."""
    receipts, stories = Receipts(tmp_path / RECEIPTS_FILE), Stories(tmp_path / STORIES_FILE)
    asked = FakeScorer([])
    asked.fail("Bitcoin puzzles Lisbon", CannotSay("no idea"))
    scorer = ReceiptScorer(asked, receipts, prompt_version=PROMPT_VERSION, clock=ManualClock(NOON))
    matcher = AssetMatcher(load_registry(), ("BTC/USDT",))
    for each in (
        article("a1", TITLE),
        article("a2", TITLE).model_copy(update={"source": "other"}),
        article("a3", "Bitcoin puzzles Lisbon"),
    ):
        judge_article(each, matcher, scorer, NOON, stories=stories)
    receipts.close()
    stories.close()
    return Settings(state_dir=tmp_path)


LONG = ("5f0c6f3a21" * 7)[:64]


@pytest.fixture
def long_ids(settings: Settings) -> Settings:
    """Two articles more, whose ids are as long as those of feeds."""
    receipts, stories = (
        Receipts(settings.state_dir / RECEIPTS_FILE),
        Stories(settings.state_dir / STORIES_FILE),
    )
    scorer = ReceiptScorer(FakeScorer([]), receipts, prompt_version=PROMPT_VERSION, clock=ManualClock(NOON))
    matcher = AssetMatcher(load_registry(), ("BTC/USDT",))
    for identity, title in (
        (LONG, "Bitcoin wins over Madrid"),
        (LONG[:-1] + "f", "Oslo votes to sell bitcoin"),
    ):
        judge_article(article(identity, title), matcher, scorer, NOON, stories=stories)
    receipts.close()
    stories.close()
    return settings


def test_a_beginning_that_several_articles_have_is_answered_with_their_ids(settings: Settings) -> None:
    with pytest.raises(StopProgram, match=r"several articles begin with 'a'.*\n  a1\n  a2\n  a3"):
        explain(settings.state_dir, "a")


def test_the_beginning_of_a_long_id_finds_it(long_ids: Settings) -> None:
    with pytest.raises(StopProgram, match=f"{LONG}\n"):
        explain(long_ids.state_dir, LONG[:9])
    assert explain(long_ids.state_dir, "a1").article_id == "a1"
    assert explain(long_ids.state_dir, LONG).article_id == LONG


@pytest.mark.parametrize("given", ["", "_", "%", "a%", "A1", "b"])
def test_what_begins_no_id_finds_nothing(settings: Settings, given: str) -> None:
    with pytest.raises(StopProgram, match="nothing in"):
        explain(settings.state_dir, given)


def test_an_id_is_whole_on_a_narrow_terminal(
    long_ids: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "40")
    show_explanation(explain(long_ids.state_dir, LONG))
    shown = capsys.readouterr().out
    assert f"The story of {LONG}" in shown.splitlines()
    assert sum(LONG in line for line in shown.splitlines()) == 2


@pytest.mark.parametrize("given", ["a1", "a1:BTC/USDT:fake-1:0"])
def test_an_article_is_found_by_its_id_and_by_that_of_a_signal(settings: Settings, given: str) -> None:
    found = explain(settings.state_dir, given)

    assert found.article_id == found.story == "a1"
    (receipt,) = found.receipts
    assert receipt.key[1:] == ("fake-1", "digest-1", PROMPT_VERSION)
    assert receipt.scores["BTC"].score == 0.5
    assert [(each.article_id, each.part) for each in found.tellings] == [("a1", "first"), ("a2", "retold")]


def test_an_article_that_was_not_scored_itself_is_explained_by_the_first_of_its_story(
    settings: Settings,
) -> None:
    found = explain(settings.state_dir, "a2")

    assert found.story == "a1"
    assert found.receipts[0].scores["BTC"].rationale == "because"


def test_an_abstention_has_a_receipt_too(settings: Settings) -> None:
    assert explain(settings.state_dir, "a3").receipts[0].abstained == "no idea"


def test_as_json_tellings_have_their_signals_and_receipts_their_keys(settings: Settings) -> None:
    found = json.loads(json.dumps(explain(settings.state_dir, "a2").as_json()))

    assert (found["article_id"], found["story"]) == ("a2", "a1")
    first = found["tellings"][0]
    assert (first["article_id"], first["published"]) == ("a1", NOON.isoformat())
    assert [signal["pair"] for signal in first["signals"]] == ["BTC/USDT"]
    (receipt,) = found["receipts"]
    assert (receipt["model"], receipt["digest"], receipt["prompt"]) == ("fake-1", "digest-1", PROMPT_VERSION)
    assert (receipt["made_at"], receipt["abstained"]) == (NOON.isoformat(), "")
    assert receipt["scores"]["BTC"] == {
        "score": 0.5,
        "confidence": receipt["scores"]["BTC"]["confidence"],
        "rationale": "because",
        "event_type": "other",
    }


def test_people_get_tables(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    show_explanation(explain(settings.state_dir, "a2"))

    shown = capsys.readouterr().out
    assert "The story of a1" in shown
    assert "+0.50" in shown


def test_an_unknown_id_says_where_was_looked_and_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match="STATE_DIR"):
        explain(tmp_path, "a9")

    assert list(tmp_path.iterdir()) == []
