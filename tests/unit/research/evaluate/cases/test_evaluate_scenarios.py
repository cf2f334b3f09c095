from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.messages import SentimentSignal
from services.common.values import label_of
from services.research.evaluate.cases.scenario_days import KINDS, Post, Scenario, read_scenarios
from services.research.evaluate.cases.scenarios import measure, play, try_scenario
from services.research.evaluate.decisions import decide
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

SCORER = LexiconScorer()
PAIR = "BTC/USDT"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = Post("one", 0, "Bitcoin surges to record high", "Bitcoin soared.")
BAD = Post("two", 1, "Bitcoin exchange hacked, bitcoin plunges", "Bitcoin crashed.")


def day(*posts: Post) -> Scenario:
    return Scenario("repost", "a day", PAIR, posts)


def signal(score: float, minutes: int) -> tuple[datetime, SentimentSignal]:
    moment = NOON + timedelta(minutes=minutes)
    made = SentimentSignal(
        article_id=f"a{minutes}",
        pair=PAIR,
        source="one",
        headline="-",
        sentiment_score=score,
        sentiment_label=label_of(score),
        published=moment,
        analyzed_at=moment,
        model="m",
        confidence=0.9,
    )
    return moment, made


def test_every_kind_has_scenarios_with_names_of_their_own() -> None:
    scenarios = read_scenarios()
    names = [scenario.name for scenario in scenarios]
    assert len(set(names)) == len(names)
    assert {kind for kind, count in Counter(each.kind for each in scenarios).items() if count > 2} == set(
        KINDS
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("denial", "denyal"), "unknown kind"),
        (("BTC/USDT", "BTC/EUR"), "pair"),
        (("true", "false"), "attacks"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = tmp_path / "scenarios.toml"
    text = (
        '[[scenario]]\nkind = "denial"\nname = "n"\npair = "BTC/USDT"\n'
        'post = [{source = "s", poll = 0, title = "t", summary = "", attack = true}]\n'
    )
    path.write_text(text.replace(*change))
    with pytest.raises(ValueError, match=said):
        read_scenarios(path)


def test_without_the_attack_its_posts_are_not_there() -> None:
    attack = Post("three", 0, "Ether surges", "Ether soared.", attack=True)
    assert len(play(day(BAD, attack), SCORER, attacked=False).read) == 1
    assert len(play(day(BAD, attack), SCORER, attacked=True).read) == 2


def test_what_moves_is_what_the_strategy_reads() -> None:
    later = Post("two", 2, BAD.title, BAD.summary, attack=True)
    outcome = try_scenario(day(GOOD, later), SCORER)
    assert outcome.without.entries == ("newest", "aggregate")
    assert outcome.attacked.exits == ("newest",)
    assert outcome.moved > 1.5
    assert not outcome.flipped, "an exit is no new risk"
    assert (outcome.reached, outcome.honest) == (1, 1)


def test_a_trade_that_is_opened_counts() -> None:
    outcome = try_scenario(
        day(
            Post("one", 0, "Bitcoin trades sideways", ""),
            Post("two", 1, GOOD.title, GOOD.summary, attack=True),
        ),
        SCORER,
    )
    assert outcome.flipped == {"newest", "aggregate"}


def test_a_decision_is_that_of_the_default_rules() -> None:
    assert decide([signal(0.9, 0)], PAIR, NOON + timedelta(minutes=5)).entries == ("newest", "aggregate")
    assert decide([signal(-0.9, 0)], PAIR, NOON + timedelta(minutes=5)).exits == ("newest", "aggregate")
    nothing = decide([], PAIR, NOON)
    assert (nothing.entries, nothing.exits) == ((), ())
    assert all(math.isnan(each) for each in nothing.sentiments)


def test_nothing_from_after_the_candle_is_read() -> None:
    assert decide([signal(0.9, 10)], PAIR, NOON + timedelta(minutes=5)).entries == ()


@pytest.fixture(scope="module")
def figures() -> dict[str, float | None]:
    return {row.name: row.value for row in measure(SCORER, lambda *_: None)}


def test_each_kind_has_its_rows(figures: dict[str, float | None]) -> None:
    assert len(figures) == 5 * len(KINDS)
    assert all(value is not None for value in figures.values())


def test_a_flood_delays_nobody_else(figures: dict[str, float | None]) -> None:
    assert figures["flood: others' articles read in time"] == 1
    assert figures["flood: trades opened or kept, newest signal"] == 0
    assert figures["flood: trades opened or kept, aggregate"] == 0
