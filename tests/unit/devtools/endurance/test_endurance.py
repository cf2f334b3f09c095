from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from devtools.bench.samples import PAIRS
from devtools.endurance.load import Writer, endless_feed
from devtools.endurance.plot import samples_page
from devtools.endurance.verdict import Sample, judge, judge_books, judge_rate
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Outcome
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.stories.stories import Stories

MEBIBYTE = 2**20
CALM = Sample(0.0, 100 * MEBIBYTE, 20, 4, 8)


def seen(change: Callable[[Sample], Sample] = lambda each: each) -> dict[str, list[Sample]]:
    """Ten minutes of a service, a sample every two seconds."""
    return {"cacher": [change(replace(CALM, seconds=float(second))) for second in range(0, 601, 2)]}


def verdicts(samples: dict[str, list[Sample]]) -> dict[str, bool]:
    return {each.measure: each.met for each in judge(samples, 60.0)}


def test_a_service_that_stays_as_it_is_passes() -> None:
    assert verdicts(seen()) == {"memory": True, "files": True, "connections": True, "threads": True}


def test_what_it_takes_up_in_the_first_minute_does_not_count() -> None:
    grown = seen(lambda each: replace(each, memory=int(MEBIBYTE * min(each.seconds, 60) * 5)))
    assert all(verdicts(grown).values())


def test_memory_that_grows_by_a_tenth_afterwards_fails() -> None:
    grown = seen(lambda each: replace(each, memory=int(each.memory * (1 + each.seconds / 5000))))
    assert verdicts(grown) == {"memory": False, "files": True, "connections": True, "threads": True}
    (memory, *_) = judge(grown, 60.0)
    assert memory.growth == pytest.approx(0.104, abs=0.002)


@pytest.mark.parametrize("measure", ["files", "connections", "threads"])
def test_a_leak_of_one_a_minute_fails(measure: str) -> None:
    leaking = seen(lambda each: replace(each, **{measure: getattr(each, measure) + int(each.seconds / 60)}))
    assert [name for name, met in verdicts(leaking).items() if not met] == [measure]


def test_connections_that_come_and_go_are_no_leak() -> None:
    busy = seen(lambda each: replace(each, connections=4 + int(each.seconds) % 3))
    assert all(verdicts(busy).values())


def test_a_load_that_is_too_short_to_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        judge({"cacher": [replace(CALM, seconds=float(second)) for second in range(80)]}, 60.0)


def test_the_rate_may_fall_short_by_a_twentieth_and_the_books_by_nothing() -> None:
    assert judge_rate("queue", 500, 476).met
    assert not judge_rate("queue", 500, 474).met
    assert all(each.met for each in judge_books(10, 10, 0))
    assert [each.met for each in judge_books(10, 9, 1)] == [False, False]
    assert [each.met for each in judge_books(10, 9, 0)] == [True, False]
    assert [each.met for each in judge_books(10, 11, 0)] == [True, False]


def test_every_article_of_the_load_is_a_story_of_its_own_and_gives_as_many_signals_as_its_writer_says() -> (
    None
):
    scorer = build_scorer(Settings(sentiment_scorer=ScorerKind.LEXICON))
    matcher, stories, writer = AssetMatcher(load_registry(), PAIRS), Stories(), Writer("load", seed=1)
    now = datetime.now(UTC)
    for number in range(420):
        judged = judge_article(writer.article(now), matcher, scorer, now, stories=stories)
        signals = writer.signals_of(number)
        assert judged.outcome is (Outcome.SCORED if signals else Outcome.NOT_TRADED)
        assert len({signal.pair for signal in judged.signals}) == len(judged.signals) == signals
    assert sum(map(writer.signals_of, range(7))) == 9


def test_the_feed_tells_more_as_time_passes_until_it_is_frozen() -> None:
    with endless_feed(200.0) as feed:
        time.sleep(0.05)
        first = set(re.findall("feed/([0-9]+)", httpx.get(feed.url).text))
        assert first
        while set(re.findall("feed/([0-9]+)", httpx.get(feed.url).text)) == first:
            time.sleep(0.01)
        feed.freeze()
        frozen = httpx.get(feed.url).text
        time.sleep(0.05)
        assert httpx.get(feed.url).text == frozen


def test_the_page_shows_every_service() -> None:
    page = samples_page({"cacher": seen()["cacher"][:3], "poller": seen()["cacher"][:3]})
    assert '"cacher"' in page
    assert '"poller"' in page
