"""Which signals of a story an article corroborates or contradicts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from services.common.messages import SentimentSignal
from services.common.values import EventType, Scope, label_of
from services.sentiment_analyzer.stories.agreement import stances_of
from services.sentiment_analyzer.stories.corroboration import Support, corroborate, support_of
from services.sentiment_analyzer.stories.rows import Row
from services.sentiment_analyzer.stories.stances import decode_stances, encode_stances
from tests.support.scoring.sentiment_fakes import NOON

PAIR = "BTC/USDT"


def signal(
    name: str,
    score: float,
    scope: Scope = Scope.ASSET,
    confidence: float = 0.5,
    kind: EventType = EventType.OTHER,
) -> SentimentSignal:
    return SentimentSignal(
        article_id=name,
        pair=PAIR,
        source=name,
        headline=name,
        sentiment_score=score,
        sentiment_label=label_of(score),
        published=NOON,
        analyzed_at=NOON,
        model="m",
        confidence=confidence,
        scope=scope,
        event_type=kind,
    )


class Story:
    """Articles in scoring order. The owner is the name up to a dash."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def tell(
        self,
        name: str,
        score: float,
        scope: Scope = Scope.ASSET,
        confidence: float = 0.5,
        *,
        title: str = "Harbour Foods buys",
        kind: EventType = EventType.OTHER,
    ) -> None:
        turn, owner = len(self.rows) + 1, name.split("-", maxsplit=1)[0]
        made = signal(name, score, scope, confidence, kind)
        row = Row(turn, name, "s", "told", name, NOON, title, "", "", owner=owner, turn=turn)
        stands = stances_of(row, [made], self.rows)
        kept = json.dumps([made.encode().decode()])
        self.rows.append(row._replace(signals=kept, stands=encode_stances(stands)))

    def is_own(self, turn: int) -> bool:
        stances = decode_stances(self.rows[turn].stands)
        return PAIR in stances and stances[PAIR].is_own

    def support(self, name: str) -> Support:
        return support_of(name, PAIR, self.rows)


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (0.8, 0.5, True),
        (0.1, 0.8, True),
        (0.8, 0.1, False),
        (0.8, 0.0, False),
        (0.8, -0.1, False),
        (0.0, 0.04, True),
    ],
)
def test_scores_of_one_sign_agree_unless_the_later_one_says_much_less(
    story: Story, one: float, other: float, *, agree: bool
) -> None:
    story.tell("a", one)
    story.tell("b", other)
    assert story.support("a").sources == int(agree)


def test_a_score_without_a_sign_withdraws_nothing_and_is_a_signal_of_its_own(story: Story) -> None:
    for name, score in (("a", 0.8), ("b", 0.7), ("c", 0.0)):
        story.tell(name, score)
    assert story.support("a") == Support(1, 1)
    assert '"BTC/USDT": [0.0, "asset", true' in story.rows[2].stands


def test_where_a_scorer_could_not_tell_the_words_decide_and_no_signal_follows(story: Story) -> None:
    story.tell("a", -0.8)
    story.tell("b", 0.0, confidence=0.1)
    story.tell("c", 0.0, confidence=0.1)
    assert story.support("a").sources == 2
    assert {stand.is_own for row in story.rows[1:] for stand in decode_stances(row.stands).values()} == {
        False
    }


@pytest.mark.parametrize("disputed", [0.8, 0.0])
def test_where_a_story_is_disputed_a_scorer_that_could_not_tell_takes_no_side(
    story: Story, disputed: float
) -> None:
    story.tell("a", -0.8)
    story.tell("b", disputed)
    story.tell("c", 0.0, confidence=0.1)
    assert story.support("a").sources == 0
    assert story.support("b").sources == 0
    assert story.rows[2].stands == "{}"


def test_a_scorer_that_could_not_tell_supports_no_denial_and_nothing_that_is_denied(story: Story) -> None:
    story.tell("a", 0.8)
    story.tell("b", 0.0, confidence=0.1, title="Harbour Foods denies that it buys")
    assert story.support("a").sources == 0


@pytest.mark.parametrize(("first", "then"), [(-0.1, -0.85), (-0.49, -0.55), (-0.51, -0.95)])
def test_a_stronger_warning_is_a_signal_of_its_own_and_withdraws_nothing(
    story: Story, first: float, then: float
) -> None:
    for name, score in (("a", first), ("b", first), ("c", then), ("d", then)):
        story.tell(name, score)
    assert story.support("a") == Support(1, 1)
    assert story.support("c").sources == 1


@pytest.mark.parametrize(
    ("score", "confidence", "supports"), [(-0.8, 0.5, 1), (0.0, 0.1, 0)], ids=["sure", "no opinion"]
)
def test_a_telling_that_names_a_cost_which_the_first_does_not_is_a_signal_of_its_own(
    story: Story, score: float, confidence: float, supports: int
) -> None:
    story.tell("a", -0.8)
    story.tell("b", score, confidence=confidence, kind=EventType.HACK)
    story.tell("c", score, confidence=confidence, kind=EventType.HACK)
    assert [story.is_own(turn) for turn in range(3)] == [True, True, False]
    assert [story.support(name).sources for name in "ab"] == [0, supports]


@pytest.mark.parametrize(
    ("first", "kind", "scope"),
    [
        (EventType.HACK, EventType.HACK, Scope.ASSET),
        (EventType.HACK, EventType.OTHER, Scope.ASSET),
        (EventType.OTHER, EventType.MACRO, Scope.ASSET),
        (EventType.OTHER, EventType.HACK, Scope.MARKET),
    ],
)
def test_a_telling_that_names_no_new_cost_of_the_asset_corroborates_the_first(
    story: Story, first: EventType, kind: EventType, scope: Scope
) -> None:
    story.tell("a", -0.8, kind=first)
    story.tell("b", -0.8, scope, kind=kind)
    assert not story.is_own(1)
    assert story.support("a").sources == 1


def test_who_is_hardly_sure_does_not_stand_for_a_warning_that_is(story: Story) -> None:
    story.tell("a", -0.8, confidence=0.15)
    story.tell("b", -0.8, confidence=0.5)
    story.tell("c", -0.8, confidence=0.5)
    assert story.support("a").sources == 0
    assert story.support("b").sources == 1


def test_gains_and_withdrawals_are_revisions_that_only_go_up(story: Story) -> None:
    seen = []
    for name, score in (
        ("a", 0.8),
        ("b", 0.7),
        ("b-2", 0.7),
        ("c", 0.9),
        ("d", -0.6),
        ("e", 0.5),
        ("f", -0.5),
    ):
        story.tell(name, score)
        seen.append(story.support("a")[:2])
    assert seen == [(0, 0), (1, 1), (1, 1), (2, 2), (0, 3), (1, 4), (1, 4)]
    assert story.support("a").contradicted_by == "d"
    assert story.support("d").sources == 1


def test_an_owner_withdraws_once(story: Story) -> None:
    for name, score in (("a", 0.8), ("b", 0.7), ("d", -0.6), ("c", 0.9), ("d-2", -0.9), ("d-3", -0.9)):
        story.tell(name, score)
    assert story.support("a")[:2] == (1, 3)


def test_nor_does_who_was_contradicted_by_saying_it_again(story: Story) -> None:
    for name, score in (("liar", 0.8), ("a", -0.7), ("b", -0.6), ("liar-2", 0.9)):
        story.tell(name, score)
    assert story.support("a")[:2] == (1, 1)


def test_what_a_story_of_the_market_means_for_an_asset_is_told_besides(story: Story) -> None:
    story.tell("a", 0.8, Scope.MARKET)
    story.tell("b", 0.7, Scope.ASSET)
    story.tell("c", 0.7, Scope.MARKET)
    story.tell("d", 0.7, Scope.ASSET)
    assert story.support("a").sources == 3
    assert story.support("b").sources == 2


def test_a_withdrawal_gives_the_first_confidence_back_and_says_by_whom() -> None:
    first = signal("a", 0.8)
    gained = corroborate(first, Support(2, 2), NOON + timedelta(minutes=1))
    lost = corroborate(first, Support(0, 3, "paper"), NOON + timedelta(minutes=2))
    assert gained.confidence == pytest.approx(0.595)
    assert (lost.confidence, lost.corroboration, lost.revision) == (first.confidence, 0, 3)
    assert lost.rationale.startswith("[contradicted by paper]")
    assert corroborate(first, Support(), NOON) == first
