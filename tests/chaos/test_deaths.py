"""Processes that die or are told to end in the middle of their work."""

from __future__ import annotations

from contextlib import closing

import pytest

from services.common.broker.embedded.broker import FILE_NAME
from services.common.broker.embedded.file import QueueFile
from services.common.broker.embedded.statements import traffic
from services.common.broker.topology import HISTORY
from services.common.settings.settings import BrokerKind
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = make_stories(520)


@pytest.fixture(params=["rabbitmq", "embedded"])
def pipeline_of_each_kind(request: pytest.FixtureRequest) -> Pipeline:
    name = {"rabbitmq": "pipeline", "embedded": "embedded_pipeline"}[request.param]
    chosen: Pipeline = request.getfixturevalue(name)
    return chosen


@pytest.mark.parametrize("victim", PIPELINE)
def test_a_service_killed_again_and_again_loses_and_doubles_nothing(
    pipeline_of_each_kind: Pipeline, victim: str
) -> None:
    pipeline = pipeline_of_each_kind
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE)
    flow.begin()
    for share in (0.15, 0.45, 0.7):
        pipeline.wait_for_cached(int(len(STORIES) * share))
        pipeline.services[victim].kill()
        pipeline.services[victim].start()
    pipeline.assert_books_balance(STORIES)


def test_services_told_to_end_under_load_finish_and_go_on_later(pipeline_of_each_kind: Pipeline) -> None:
    pipeline = pipeline_of_each_kind
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE)
    flow.begin()
    for share in (0.2, 0.6):
        pipeline.wait_for_cached(int(len(STORIES) * share))
        statuses = {name: service.terminate() for name, service in pipeline.services.items()}
        assert statuses == dict.fromkeys(PIPELINE, 0)
        for service in pipeline.services.values():
            service.start()
    pipeline.assert_books_balance(STORIES)


def test_two_of_each_service_share_the_work_and_double_nothing(pipeline_of_each_kind: Pipeline) -> None:
    pipeline = pipeline_of_each_kind
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE, *(f"{name}#2" for name in PIPELINE))
    flow.begin()
    pipeline.assert_books_balance(STORIES)
    if pipeline.settings.broker is BrokerKind.EMBEDDED:
        with closing(QueueFile(pipeline.settings.state_dir / FILE_NAME)) as file, file.reading() as db:
            counts = traffic(db)
        del counts[HISTORY.name]  # nobody records here
        assert counts["raw_news_data"][0] >= len(STORIES)
        assert all(stored == handed_out for stored, handed_out in counts.values()), counts
    assert all(service.process and service.process.poll() is None for service in pipeline.services.values())
