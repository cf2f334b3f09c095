"""One story, once, in history as live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptoboy_sentiment import read_signals_csv

from services.research.history.archive.archive import Archive
from services.research.history.scoring import scoring
from services.research.history.scoring.article_scoring import as_message
from services.research.history.scoring.scoring import ScoreOptions, score_archive
from services.research.history.scoring.signal_rows import signal_rows
from services.research.sentiment_csv import read_sentiment_csv
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset, load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.scorers.port import AssetScore, Scores
from services.sentiment_analyzer.stories.stories import Stories
from tests.support.research.history_samples import PAIRS, make_archive, news_row

STORY = "Bitcoin treasury firm Hollow Pine buys 4,200 coins for its reserve after a record quarter"
DELAY = timedelta(minutes=5)
OPTIONS = ScoreOptions(PAIRS, DELAY, stories=True)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    retold = {
        5: news_row(5, title=STORY, source="alpha"),
        12: news_row(12, title=f"{STORY}, filing shows", source="beta"),
        25: news_row(25, title=STORY.replace("buys", "has bought"), source="gamma"),
    }
    return make_archive(tmp_path, [retold.get(number, news_row(number)) for number in range(30)])


def score(archive: Path, out: Path, scorer: LexiconScorer | None = None) -> None:
    with Archive.open(archive) as news:
        score_archive(news, out, scorer or LexiconScorer(), OPTIONS)


class Worried(LexiconScorer):
    """The worse the more often a title says so; else good."""

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        answer = AssetScore(-0.3 * text.title.count("worry") or 0.8, 0.5)
        return Scores(self.model, {asset.ticker: answer for asset in assets})


def test_a_telling_that_changes_nothing_repeats_no_signal(tmp_path: Path) -> None:
    told = {
        5: news_row(5, title=STORY, source="alpha"),
        12: news_row(12, title=f"{STORY}, filing shows", source="beta"),
        14: news_row(14, title=f"{STORY} again", source="beta"),
        18: news_row(18, title=f"{STORY}, worry", source="gamma"),
        21: news_row(21, title=f"{STORY}, worry, worry", source="delta"),
        25: news_row(25, title=f"{STORY}, worry, worry, worry", source="epsilon"),
    }
    rows = [told.get(number, news_row(number)) for number in range(30)]
    score(make_archive(tmp_path, rows), tmp_path / "s.csv", Worried())
    signals = read_sentiment_csv(tmp_path / "s.csv")  # refuses a signal that is there twice
    assert signals[signals["headline"] == STORY]["revision"].tolist() == [0, 1, 2]


def test_further_sources_make_revisions_of_the_first_telling_at_their_own_times(
    tmp_path: Path, archive: Path
) -> None:
    score(archive, tmp_path / "s.csv")
    signals = read_signals_csv(tmp_path / "s.csv")
    story = signals[signals["headline"] == STORY].sort_values("available_at")
    assert story["article_id"].nunique() == 1
    assert list(story["revision"]) == [0, 1, 2]
    assert list(story["corroboration"]) == [0.0, 1.0, 2.0]
    assert story["published"].nunique() == 1
    assert story["available_at"].is_monotonic_increasing
    assert story["available_at"].nunique() == 3
    assert story["confidence"].is_monotonic_increasing
    assert story["confidence"].nunique() == 3
    assert not signals["headline"].isin([f"{STORY}, filing shows"]).any()


def test_they_are_the_signals_of_the_live_pipeline(tmp_path: Path, archive: Path) -> None:
    score(archive, tmp_path / "s.csv")
    matcher, stories, expected = AssetMatcher(load_registry(), PAIRS), Stories(), 0
    with Archive.open(archive) as news:
        for article in news.articles():
            message = as_message(article)
            judged = judge_article(message, matcher, LexiconScorer(), message.fetched_at, stories=stories)
            expected += len(signal_rows(judged.signals, article.known_at, DELAY))
    assert len(read_signals_csv(tmp_path / "s.csv")) == expected


class Stopped(LexiconScorer):
    """Is stopped once, at one title, as a person stops it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title: str | None = title

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        if text.title == self.title:
            self.title = None
            raise KeyboardInterrupt
        return super().score(text, assets)


def test_an_interrupted_run_knows_the_stories_and_ends_with_the_same_bytes(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "STEP_ARTICLES", 5)
    score(archive, tmp_path / "whole.csv")
    scorer = Stopped("Ethereum upgrade delayed after bug found (16)")
    with pytest.raises(KeyboardInterrupt):
        score(archive, tmp_path / "s.csv", scorer)
    assert scorer.title is None
    score(archive, tmp_path / "s.csv", scorer)
    assert (tmp_path / "s.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not list(tmp_path.glob("*.partial*"))
