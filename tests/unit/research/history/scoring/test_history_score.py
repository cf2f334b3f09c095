"""Scoring history: the signals of the live pipeline, each at the time at which it could have been known."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptoboy_sentiment import EVENT_TYPES, Signal, read_signals_csv

from services.common.errors import CannotSay, NeverWorks, StopProgram, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.values import EventType
from services.research.history.archive.archive import Archive, partial_path
from services.research.history.scoring import article_scoring, scoring
from services.research.history.scoring.article_scoring import as_message
from services.research.history.scoring.reasons import MOST_REASONS, OTHERS, Reasons
from services.research.history.scoring.scoring import ScoreOptions, score_archive
from services.research.history.scoring.signal_rows import COLUMNS
from services.research.history.scoring.tally import ScoreReport, Tally
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset, load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.scorers.port import AssetScore, Scorer, Scores
from tests.support.research.history_samples import NOON, PAIRS, make_archive, news_row

OPTIONS = ScoreOptions(PAIRS)
EACH_BY_ITSELF = ScoreOptions(PAIRS, stories=False)


def run(
    archive: Path, out: Path, scorer: Scorer | None = None, options: ScoreOptions = OPTIONS
) -> ScoreReport:
    with Archive.open(archive) as news:
        return score_archive(news, out, scorer or LexiconScorer(), options)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    late = (NOON + timedelta(hours=2)).isoformat()
    return make_archive(
        tmp_path,
        [
            *(news_row(number) for number in range(30, 0, -1)),
            news_row(40, first_seen=late),
            news_row(0, text=""),
        ],
    )


def test_the_columns_are_those_that_the_strategy_reads() -> None:
    assert Signal._fields == COLUMNS


def test_the_kinds_of_news_are_those_that_the_strategy_knows() -> None:
    assert tuple(EventType) == EVENT_TYPES


def test_the_strategy_reads_the_file_plain_and_compressed(tmp_path: Path, archive: Path) -> None:
    report = run(archive, tmp_path / "s.csv")
    run(archive, tmp_path / "s.csv.gz")
    frame = read_signals_csv(tmp_path / "s.csv")
    assert len(frame) == sum(report.tally.signals.values()) > 30
    assert frame.equals(read_signals_csv(tmp_path / "s.csv.gz"))
    assert gzip.decompress((tmp_path / "s.csv.gz").read_bytes()) == (tmp_path / "s.csv").read_bytes()


def test_the_signals_are_those_of_the_live_pipeline(tmp_path: Path, archive: Path) -> None:
    run(archive, tmp_path / "s.csv")
    matcher, scorer = AssetMatcher(load_registry(), PAIRS), LexiconScorer()
    expected = {}
    with Archive.open(archive) as news:
        for article in news.articles():
            message = as_message(article)
            for signal in judge_article(message, matcher, scorer, message.fetched_at).signals:
                expected[signal.article_id, signal.pair] = signal
    written = {(row["article_id"], row["pair"]): row for row in rows_of(tmp_path / "s.csv")}
    assert written.keys() == expected.keys()
    for key, row in written.items():
        signal = expected[key]
        assert float(row["score"]) == signal.sentiment_score
        assert float(row["confidence"]) == signal.confidence
        assert (row["label"], row["scope"], row["model"], row["event_type"]) == (
            signal.sentiment_label,
            signal.scope,
            signal.model,
            signal.event_type,
        )
        assert row["published"] == signal.published.isoformat()


def test_a_signal_is_available_a_delay_after_the_later_of_first_seen_and_published(tmp_path: Path) -> None:
    early = (NOON - timedelta(hours=1)).isoformat()
    archive = make_archive(tmp_path, [news_row(0), news_row(1, first_seen=""), news_row(2, first_seen=early)])
    run(archive, tmp_path / "s.csv", options=ScoreOptions(PAIRS, delay=timedelta(seconds=90)))
    available = {row["headline"][-3:]: row["available_at"] for row in rows_of(tmp_path / "s.csv")}
    assert available == {
        "(0)": (NOON + timedelta(minutes=10, seconds=90)).isoformat(),
        "(1)": (NOON + timedelta(minutes=1, seconds=90)).isoformat(),
        "(2)": (NOON + timedelta(minutes=2, seconds=90)).isoformat(),
    }


def test_rows_are_in_the_order_of_availability(tmp_path: Path, archive: Path) -> None:
    run(archive, tmp_path / "s.csv")
    order = [
        (row["available_at"], row["published"], row["article_id"], row["pair"])
        for row in rows_of(tmp_path / "s.csv")
    ]
    assert order == sorted(order)


def test_what_the_poller_would_not_pass_on_has_no_signal(tmp_path: Path) -> None:
    archive = make_archive(tmp_path, [news_row(1), news_row(2, title="A cat film wins", text="In town.")])
    report = run(archive, tmp_path / "s.csv")
    assert report.tally.outcomes == {"scored": 1, "not_about_crypto": 1}


class Marked:
    """Scores everything the same, except where a title says otherwise."""

    name = model = "marked"
    articles_at_once = 1
    patience = 0.0

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.on: dict[str, list[Exception]] = {}

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        self.asked.append(text.title)
        if self.on.get(text.title):
            raise self.on[text.title].pop(0)
        return Scores(self.model, {asset.ticker: AssetScore(0.5, 0.5) for asset in assets})

    def check(self) -> None: ...

    def close(self) -> None: ...

    def digest(self) -> str:
        return ""

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=True, detail="")


@contextmanager
def interrupted_after(scorer: Marked, title: str) -> Iterator[None]:
    scorer.on[title] = [KeyboardInterrupt()]  # type: ignore[list-item]  # as when a person stops it just then
    with pytest.raises(KeyboardInterrupt):
        yield


@pytest.mark.parametrize("name", ["s.csv", "s.csv.gz"])
def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(scoring, "STEP_ARTICLES", 5)
    whole = Marked()
    run(archive, tmp_path / f"whole-{name}", whole)
    scorer, out = Marked(), tmp_path / name
    with interrupted_after(scorer, whole.asked[17]):
        run(archive, out, scorer)
    assert not out.exists()
    with partial_path(out).open("ab") as file:
        file.write(b"half a row that was not counted")
    scorer.asked.clear()
    report = run(archive, out, scorer)
    assert report.resumed_after == 15
    assert scorer.asked == whole.asked[15:]
    assert out.read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    assert report.tally.articles == len(whole.asked)
    assert not list(tmp_path.glob("*.partial*"))


def test_a_run_with_other_options_does_not_go_on_with_the_remains(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "STEP_ARTICLES", 5)
    scorer = Marked()
    with interrupted_after(scorer, "Bitcoin surges as funds buy again (15)"):
        run(archive, tmp_path / "s.csv", scorer)
    report = run(archive, tmp_path / "s.csv", scorer, ScoreOptions(PAIRS, delay=timedelta(0)))
    assert (report.restarted, report.resumed_after, report.tally.articles) == (True, 0, 32)


def test_signals_have_the_weight_of_their_source_however_its_name_is_written(tmp_path: Path) -> None:
    rows = [news_row(0, source="Wire"), news_row(1, source="paper")]
    options = ScoreOptions(PAIRS, weights=(("wire", 0.5),))
    run(make_archive(tmp_path, rows), tmp_path / "s.csv", options=options)
    assert {(row["source"], float(row["weight"])) for row in rows_of(tmp_path / "s.csv")} == {
        ("Wire", 0.5),
        ("paper", 1.0),
    }


def test_signals_have_the_owner_of_their_source_however_its_name_is_written(tmp_path: Path) -> None:
    rows = [news_row(0, source="Wire"), news_row(1, source="paper")]
    options = ScoreOptions(PAIRS, owners=(("wire", "press-house"),))
    run(make_archive(tmp_path, rows), tmp_path / "s.csv", options=options)
    assert {(row["source"], row["owner"]) for row in rows_of(tmp_path / "s.csv")} == {
        ("Wire", "press-house"),
        ("paper", ""),
    }


def test_several_at_once_write_the_same_file(tmp_path: Path, archive: Path) -> None:
    with Archive.open(archive) as news:
        score_archive(news, tmp_path / "four.csv", LexiconScorer(), EACH_BY_ITSELF, workers=4)
    run(archive, tmp_path / "one.csv", options=EACH_BY_ITSELF)
    assert (tmp_path / "four.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_abstentions_and_refusals_are_counted_and_the_rest_is_scored(tmp_path: Path, archive: Path) -> None:
    scorer = Marked()
    scorer.on = {
        "Bitcoin surges as funds buy again (5)": [CannotSay("no idea")],
        "Bitcoin surges as funds buy again (10)": [NeverWorks("too long")],
    }
    report = run(archive, tmp_path / "s.csv", scorer)
    assert report.tally.outcomes == {"scored": 30, "abstained": 1, "refused": 1}
    reasons = {each["outcome"]: each for each in report.as_json()["reasons"]}
    assert {outcome: (each["reason"], each["count"]) for outcome, each in reasons.items()} == {
        "abstained": ("no idea", 1),
        "refused": ("too long", 1),
    }
    assert reasons["refused"]["title"] == "Bitcoin surges as funds buy again (10)"
    assert len(reasons["refused"]["article_id"]) == 32


def test_a_scorer_that_refuses_everything_is_quoted(tmp_path: Path, archive: Path) -> None:
    class Refusing(LexiconScorer):
        def score(self, _article: ArticleText, _targets: Sequence[Asset]) -> Scores:
            raise NeverWorks("the server refuses every request: no system role")

    with pytest.raises(
        StopProgram, match=r"refused 10 of the last 12 articles.*: the server refuses every request"
    ):
        run(archive, tmp_path / "s.csv", Refusing())
    few = make_archive(tmp_path, [news_row(number) for number in range(3)], "few.sqlite")
    with pytest.raises(StopProgram, match=r"refused 3\); refused 3: the server refuses .* \(first: "):
        run(few, tmp_path / "s.csv", Refusing())


def test_refusals_now_and_then_stop_nothing(tmp_path: Path, archive: Path) -> None:
    class Fussy(LexiconScorer):
        asked = 0

        def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
            self.asked += 1
            if self.asked % 4:
                raise NeverWorks("too long")
            return super().score(text, assets)

    assert run(archive, tmp_path / "s.csv", Fussy()).tally.outcomes == {"refused": 24, "scored": 8}


def test_reasons_survive_an_interruption() -> None:
    tally = Tally(reasons=Reasons())
    tally.reasons.note("refused", "too long", "a1", "Bitcoin")
    again = Tally.of(json.loads(json.dumps(tally.as_json())))
    again.reasons.note("refused", "too  long", "a2", "Ether")
    assert [str(each) for each in again.reasons] == ["refused 2: too long (first: a1, 'Bitcoin')"]


def test_reasons_that_differ_for_each_article_are_counted_together() -> None:
    reasons = Reasons()
    for number in range(100):
        reasons.note("abstained", f"request {number} failed", f"a{number}", "Bitcoin")
    found = list(reasons)
    assert (found[0].reason, found[0].count) == (OTHERS, 100 - MOST_REASONS)
    assert sum(each.count for each in found) == 100


def test_a_scorer_that_is_away_for_a_moment_is_waited_for(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(article_scoring, "FIRST_PAUSE_SECONDS", 0.001)
    scorer = Marked()
    scorer.on = {"Bitcoin surges as funds buy again (5)": [TryLater("away"), TryLater("away")]}
    told: list[str] = []
    with Archive.open(archive) as news:
        report = score_archive(news, tmp_path / "s.csv", scorer, OPTIONS, waiting=told.append)
    assert report.tally.outcomes == {"scored": 32}
    assert told == ["away"]


def test_a_scorer_that_stays_away_ends_the_run_without_a_file(tmp_path: Path, archive: Path) -> None:
    scorer = Marked()
    scorer.on = {"Bitcoin surges as funds buy again (5)": [TryLater("away", after=1e6)]}
    with pytest.raises(TryLater):
        run(archive, tmp_path / "s.csv", scorer)
    assert not (tmp_path / "s.csv").exists()


def test_an_empty_period_is_refused_with_what_there_is(tmp_path: Path, archive: Path) -> None:
    options = ScoreOptions(PAIRS, known_from=NOON + timedelta(days=9))
    with pytest.raises(StopProgram, match=r"no article known from 2025-05-10.* reaches from 2025-05-01"):
        run(archive, tmp_path / "s.csv", options=options)
    assert not list(tmp_path.glob("s.csv*"))


def test_a_period_takes_its_start_and_leaves_its_end(tmp_path: Path, archive: Path) -> None:
    options = ScoreOptions(
        PAIRS, known_from=NOON + timedelta(minutes=15), known_until=NOON + timedelta(minutes=17)
    )
    run(archive, tmp_path / "s.csv", options=options)
    assert {row["headline"][-3:] for row in rows_of(tmp_path / "s.csv")} == {"(5)", "(6)"}


def test_an_archive_without_any_signal_leaves_no_file(tmp_path: Path) -> None:
    archive = make_archive(tmp_path, [news_row(1, title="Dogecoin jumps", text="")])
    with pytest.raises(StopProgram, match="none of 1 articles gave a signal"):
        run(archive, tmp_path / "s.csv")
    assert not list(tmp_path.glob("s.csv*"))


def test_two_runs_do_not_write_the_same_file_at_once(tmp_path: Path, archive: Path) -> None:
    class Nosy(Marked):
        def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
            with pytest.raises(StopProgram, match="in use"):
                run(archive, tmp_path / "s.csv")
            return super().score(text, assets)

    assert run(archive, tmp_path / "s.csv", Nosy()).tally.outcomes == {"scored": 32}
