from __future__ import annotations

import pytest

from services.common.errors import NeverWorks, TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.work import CallsInProgress
from services.sentiment_analyzer.pipeline.intake import Intake
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.pipeline.publish import SIGNALS_AT_ONCE, publish_signals
from tests.support.scoring.sentiment_fakes import (
    MATCHER,
    NOON,
    FakeBroker,
    FakeScorer,
    ImpatientStop,
    article,
)


def signals(*article_ids: str) -> list[SentimentSignal]:
    return [
        signal
        for each in article_ids
        for signal in judge_article(article(each), MATCHER, FakeScorer([]), NOON).signals
    ]


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker(ImpatientStop(), [])


@pytest.fixture
def intake(broker: FakeBroker) -> Intake:
    return Intake(broker.subscribe("raw_news_data", 9), broker.stop, CallsInProgress())


def test_signals_wait_until_the_broker_takes_them(broker: FakeBroker, intake: Intake) -> None:
    broker.publish_errors.extend(TryLater("the queue is full") for _ in range(5))

    assert publish_signals(broker, signals("a1", "a2"), intake)

    assert [each.article_id for each in broker.signals()] == ["a1", "a2"]
    assert broker.journal == ["subscribe raw_news_data", "publish 2"]


def test_a_refusal_is_for_the_caller(broker: FakeBroker, intake: Intake) -> None:
    broker.publish_errors.append(NeverWorks("no queue takes sentiment.signal"))

    with pytest.raises(NeverWorks, match="no queue"):
        publish_signals(broker, signals("a1"), intake)


def test_nothing_is_published_for_an_article_without_signals(broker: FakeBroker, intake: Intake) -> None:
    assert publish_signals(broker, (), intake)

    assert broker.journal == ["subscribe raw_news_data"]


def test_more_signals_than_a_nearly_full_queue_has_room_for_leave_in_several_pieces(
    broker: FakeBroker, intake: Intake
) -> None:
    names = [f"a{number}" for number in range(SIGNALS_AT_ONCE + 1)]

    assert publish_signals(broker, signals(*names), intake)

    assert [each.article_id for each in broker.signals()] == names
    assert broker.journal[1:] == [f"publish {SIGNALS_AT_ONCE}", "publish 1"]


def test_when_the_service_stops_signals_are_tried_once_and_no_longer_waited_for(
    broker: FakeBroker, intake: Intake
) -> None:
    broker.stop.set()
    broker.publish_errors.extend(TryLater("away") for _ in range(2))

    assert not publish_signals(broker, signals("a1"), intake)

    assert len(broker.publish_errors) == 1
