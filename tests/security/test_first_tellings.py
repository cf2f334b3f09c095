"""Whoever runs a source is first with a story that others are about to tell, in a way that makes nothing of it.

What agrees with a signal only corroborated it, so the first one decided for all: a faint version, one that is dated
back until the strategy takes it for stale, one of which the scorer is hardly sure, one that a fallback had to score, or
one of ether alone hid the exit that every honest article by itself would have meant. And honest articles that say less
than a lie confirmed it. Being first must not mute anybody.

Nor must being first with the truth and contradicting it next: who told the truth after that made only a revision of the
first signal, so that the contradiction stayed the newest, opened trades and hid exits for hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from services.common.messages import NewsArticle
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.pipeline.outcome import Outcome
from services.sentiment_analyzer.scorers.port import AssetScore, Scores
from tests.support.news.story_attacks import Day, telling
from tests.support.scoring.sentiment_fakes import FakeScorer

HACK = telling("paper", "Hackers steal $90 million in bitcoin from exchange Coinharbor", 5)
HACK_TOO = telling("wire", "Coinharbor exchange hacked: hackers steal $90M in bitcoin", 10)
COPY = telling("liar", "Hackers steal $90 million in bitcoin from Coinharbor exchange", 0)
FAINT = telling("liar", "Exchange Coinharbor on hackers and $90 million in bitcoin: concerns ease", 0)
HOPE = telling("other", "Bitcoin soars to record high as inflows surge", -30)


AVERTED = telling(
    "liar", "Coinharbor hack averted, exchange Coinharbor wins record bitcoin inflows of $90 million", 1
)
APPROVED = telling(
    "liar", "SEC approves spot bitcoin ETF of Granite Capital, record approval; bitcoin surges", 0
)
NOT_APPROVED = telling("paper", "SEC has not approved spot bitcoin ETF of Granite Capital, it says", 5)


def dated_back(article: NewsArticle, by: timedelta) -> NewsArticle:
    return article.model_copy(update={"published": article.published - by})


class Believer(FakeScorer):
    """A model that answers score and confidence as a test wants them, by headline."""

    def __init__(self, answers: Mapping[str, tuple[float, float]], degraded: str = "") -> None:
        super().__init__([])
        self._answers, self._degraded = answers, degraded

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        scores = {asset.ticker: AssetScore(*self._answers[text.title], "") for asset in assets}
        return Scores(self.model, scores, degraded=text.title == self._degraded)


@pytest.mark.parametrize(
    "articles",
    [
        [FAINT],
        [dated_back(COPY, timedelta(hours=5))],
        [HOPE, dated_back(COPY, timedelta(hours=3))],
        [HOPE, dated_back(COPY, timedelta(minutes=40))],
    ],
    ids=["faint", "stale", "older than what hopes", "a little older than what hopes"],
)
def test_a_first_telling_hides_no_exit(articles: list[NewsArticle]) -> None:
    day = Day()
    day.hear_all([*articles, HACK, HACK_TOO])

    decision = day.decision(12)

    assert "newest" in decision.exits
    assert not decision.entries
    assert day.standing()["paper-5"].corroboration == 1


def test_first_tellings_that_all_came_late_are_still_corroborated() -> None:
    """As after an outage of ours."""
    late = timedelta(hours=2)
    articles = [each.model_copy(update={"fetched_at": each.fetched_at + late}) for each in (COPY, HACK)]

    assert Day().hear_all(articles)[1].outcome is Outcome.RETOLD


def test_a_crash_that_is_told_of_ether_first_is_heard_for_bitcoin() -> None:
    crash = "crashes: $2 billion in liquidations as Tarrago exchange collapses"
    day = Day()
    day.hear_all(
        [
            telling("liar", f"Ethereum {crash}", 0),
            telling("paper", f"Crypto market {crash}", 5),
            telling("wire", "Crypto crashes, liquidations top $2 billion on collapse of Tarrago exchange", 9),
        ]
    )

    assert "newest" in day.decision(12).exits
    assert day.standing()["paper-5"].corroboration == 1
    assert day.standing("ETH/USDT")["liar-0"].corroboration == 2


@pytest.mark.parametrize(
    ("confidence", "degraded"), [(0.1, ""), (0.9, COPY.title)], ids=["unsure", "fallback"]
)
def test_a_first_telling_that_deserves_less_trust_does_not_speak_for_the_others(
    confidence: float, degraded: str
) -> None:
    scorer = Believer({COPY.title: (-0.8, confidence), HACK.title: (-0.8, 0.9)}, degraded)
    day = Day(scorer=scorer)
    day.hear_all([COPY, HACK])

    assert set(day.standing()) == {"liar-0", "paper-5"}


def test_an_honest_article_that_says_less_does_not_confirm_an_exaggeration() -> None:
    lie = telling("liar", "Global Fund moves all of its $90 billion into bitcoin fund of Granite Capital", 0)
    truth = telling("paper", "Global Fund moves some money into bitcoin fund of Granite Capital", 5)
    day = Day(scorer=Believer({lie.title: (0.9, 0.9), truth.title: (0.3, 0.9)}))
    day.hear(lie)
    assert "newest" in day.decision(2).entries

    judged = day.hear(truth)

    assert judged.story == "liar-0"
    assert day.standing()["liar-0"].corroboration == 0
    assert "newest" not in day.decision(7).entries


@pytest.mark.parametrize(
    "articles",
    [
        [COPY, AVERTED, HACK, HACK_TOO],
        [COPY, AVERTED.model_copy(update={"published": COPY.published}), HACK, HACK_TOO],
        [HACK.model_copy(update={"published": COPY.published}), AVERTED, HACK_TOO],
        [COPY, AVERTED, HACK, telling("liar", f"{AVERTED.title}, it says", 7), HACK_TOO],
    ],
    ids=["his own copy", "at the same moment", "another's report", "contradicted again"],
)
def test_who_contradicts_a_true_report_is_not_the_newest_once_others_tell_it(
    articles: list[NewsArticle],
) -> None:
    day = Day()
    day.hear_all(articles)

    decision = day.decision(12)

    assert "newest" in decision.exits
    assert not decision.entries
    last = max(day.standing().values(), key=lambda signal: signal.published)
    assert last.source != "liar"


def test_a_denial_that_the_liar_published_before_his_lie_does_not_swallow_the_denials_after_it() -> None:
    day = Day()
    day.hear_all([telling("liar", "SEC has not approved Granite Capital's spot bitcoin ETF", -10), APPROVED])
    assert "newest" in day.decision(4).entries

    day.hear(NOT_APPROVED)

    assert not day.decision(7).entries


def test_who_repeats_a_lie_after_its_denial_does_not_make_it_the_newest() -> None:
    day = Day()
    judged = day.hear_all(
        [APPROVED, NOT_APPROVED, telling("parrot", f"{APPROVED.title} to a record high", 9)]
    )

    assert judged[2].outcome is Outcome.RETOLD
    assert "newest" not in day.decision(12).entries


def test_a_warning_about_the_market_does_not_stand_for_one_about_the_asset_that_was_contradicted() -> None:
    day = Day()
    day.hear_all(
        [
            telling("liar", "Bitcoin crashes as exchange Tarrago collapses, $2 billion liquidated", 0),
            telling("liar", "Bitcoin soars as exchange Tarrago rescued, $2 billion inflows", 1),
            telling("paper", "Crypto market crashes as exchange Tarrago collapses, $2 billion liquidated", 5),
            telling("wire", "Bitcoin crash: Tarrago exchange collapses, $2 billion liquidated", 6),
        ]
    )

    assert "newest" in day.decision(9).exits


@pytest.mark.parametrize("hours", [2.5, 5])
def test_a_warning_of_hours_ago_does_not_swallow_one_that_is_due_now(hours: float) -> None:
    """A false alarm in the same words would keep the true one from ending a trade."""
    day = Day()
    judged = day.hear_all(
        [
            COPY,
            telling("liar", HOPE.title, 10),
            telling("paper", HACK.title, 60 * hours),
            telling("wire", HACK_TOO.title, 60 * hours + 5),
        ]
    )

    assert "newest" in day.decision(60 * hours + 10).exits
    assert judged[3].outcome is Outcome.RETOLD, "what is told again at once is one signal still"
