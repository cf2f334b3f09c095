from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.common.errors import CannotSay, NeverWorks, TryLater
from services.common.runtime.health import DependencyHealth
from services.research.evaluate.evaluation import Plan, evaluate
from services.research.evaluate.labelled import Labelled, Sentiment
from services.research.evaluate.predict import PlainVader, WithScorer, always_neutral, predict_all
from services.research.evaluate.report import evaluation_json
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import AssetScore, Scores

GOOD, EVEN, BAD = Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE
KEYS = {"scorer", "dataset", "n", "accuracy", "macro_f1", "abstained", "texts_per_s"}


class Told:
    """A scorer that reads its score and confidence from the text, and remembers what it was asked for."""

    name = "told"
    model = "told-1"

    def __init__(self, articles_at_once: int = 25) -> None:
        self.articles_at_once = articles_at_once
        self.patience = 0.0
        self.asked: list[str] = []

    def check(self) -> None: ...

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=True, detail="")

    def digest(self) -> str:
        return ""

    def close(self) -> None: ...

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        self.asked += [asset.ticker for asset in assets]
        word = text.title.split()[-1]
        if word == "unsaid":
            raise CannotSay("no opinion")
        if word == "refused":
            raise NeverWorks("too odd")
        if word == "away":
            raise TryLater("nobody there")
        score = AssetScore(float(word), 0.5)
        return Scores(self.model, {asset.ticker: score for asset in assets})


def nothing(_done: int, _total: int) -> None: ...


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bitcoin 0.3", GOOD),
        ("Bitcoin 0.29", EVEN),
        ("Bitcoin -0.29", EVEN),
        ("Bitcoin -0.3", BAD),
        ("Bitcoin -1", BAD),
        ("Bitcoin unsaid", None),
        ("Bitcoin refused", None),
    ],
)
def test_the_classes_are_the_products_own_labels(text: str, expected: Sentiment | None) -> None:
    assert WithScorer(Told())(text).sentiment is expected


@pytest.mark.parametrize(
    ("text", "asset"),
    [("Cardano 0", "ADA"), ("Bitcoin and ether 0", "MARKET"), ("Company profit 0", "MARKET")],
)
def test_a_text_is_scored_for_the_one_coin_it_is_about_else_for_the_market(text: str, asset: str) -> None:
    scorer = Told()

    WithScorer(scorer)(text)

    assert scorer.asked == [asset]


def test_several_at_once_come_back_in_the_order_of_the_texts() -> None:
    texts = [f"Bitcoin {number / 100 - 1}" for number in range(200)]

    alone = predict_all("told", "", WithScorer(Told()), texts, progress=nothing)
    together = predict_all("told", "", WithScorer(Told()), texts, at_once=8, progress=nothing)

    assert together.predictions == alone.predictions


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_server_that_is_away_ends_it_without_figures(at_once: int) -> None:
    with pytest.raises(TryLater):
        predict_all(
            "told", "", WithScorer(Told()), ["Up 1", "Up away", "Up 1"], at_once=at_once, progress=nothing
        )


def test_the_baselines_know_nothing_and_plain_words() -> None:
    vader = PlainVader()

    assert always_neutral("A terrible crash").sentiment is EVEN
    assert [vader(text).sentiment for text in ("A great success", "A terrible loss", "Tuesday")] == [
        GOOD,
        BAD,
        EVEN,
    ]


def test_an_evaluation_for_programs_has_the_same_keys_for_scorers_baselines_and_cases() -> None:
    data = Labelled("some.csv", ("Bitcoin 0.9", "Bitcoin -0.9", "Bitcoin unsaid"), (GOOD, GOOD, EVEN))
    plan = Plan((data,), ("matching",), resamples=100, seed=1, at_once=2)

    objects = evaluation_json(*evaluate(plan, [Told()], nothing))

    assert [one["scorer"] for one in objects[:3]] == ["told", "always-neutral", "vader"]
    assert all(one.keys() >= KEYS for one in objects)
    told = objects[0]
    assert (told["dataset"], told["n"], told["accuracy"], told["abstained"]) == ("some.csv", 3, 0.3333, 1)
    assert told["confusion"]["positive"] == {"positive": 1, "neutral": 0, "negative": 1, "abstained": 0}
    assert told["texts_per_s"] > 0
    matching = next(one for one in objects if one["dataset"] == "matching")
    assert {"name", "value", "unit", "n", "interval"} == matching["rows"][0].keys()


def test_a_case_that_is_about_no_scorer_runs_without_one() -> None:
    plan = Plan((), ("matching",), resamples=100, seed=1, at_once=1)

    results, cases = evaluate(plan, [], nothing)

    assert not plan.needs_scorers
    assert results == []
    assert [one.scorer for one in cases] == ["asset-matcher"]
