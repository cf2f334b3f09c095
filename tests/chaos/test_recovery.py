"""One part is away for a while, and soon after its return the pipeline is current again; nobody restarts anything.

CHAOS_OUTAGE_SECONDS says how long; CONTRIBUTING names the command with a minute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.common.services import NOTIFIER, SERVICES
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories, scored_by
from tests.support.servers.servers import RabbitServer, RedisServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
OUTAGE_SECONDS = float(os.environ.get("CHAOS_OUTAGE_SECONDS", "8"))
CURRENT_SECONDS = 30.0
STORIES = tuple(replace(story, scored=True) for story in make_stories(520))
EX_CONFIG = 78


@contextmanager
def without_broker(request: pytest.FixtureRequest) -> Iterator[None]:
    server: RabbitServer = request.getfixturevalue("rabbitmq")
    server.control.stop()
    yield
    server.control.start()


@contextmanager
def without_store(request: pytest.FixtureRequest) -> Iterator[None]:
    server: RedisServer = request.getfixturevalue("redis_server")
    server.control.stop()
    yield
    server.control.start()


@contextmanager
def without_feed(request: pytest.FixtureRequest) -> Iterator[None]:
    feeds: FeedServer = request.getfixturevalue("feeds")
    (answer,) = feeds.answers["/rss"]
    feeds.set("/rss", reply(status=503))
    yield
    feeds.set("/rss", answer)


@contextmanager
def without_model(request: pytest.FixtureRequest) -> Iterator[None]:
    way: TcpProxy = request.getfixturevalue("model_way")
    way.refuse()
    yield
    way.accept()


def without_service(name: str) -> Callable[[pytest.FixtureRequest], AbstractContextManager[None]]:
    """The supervisor is what brings it back."""

    @contextmanager
    def outage(request: pytest.FixtureRequest) -> Iterator[None]:
        pipeline: Pipeline = request.getfixturevalue("pipeline")
        pipeline.services[name].kill()
        yield
        pipeline.services[name].start()

    return outage


OUTAGES: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[None]]] = {
    "broker": without_broker,
    "store": without_store,
    "feed": without_feed,
    "model": without_model,
    **{name: without_service(name) for name in PIPELINE},
}


@pytest.mark.parametrize("part", OUTAGES)
def test_after_an_outage_everything_told_meanwhile_is_soon_there(
    pipeline: Pipeline, model_way: TcpProxy, part: str, request: pytest.FixtureRequest
) -> None:
    flow = pipeline.feed(STORIES, per_second=len(STORIES) / (OUTAGE_SECONDS + 8))
    pipeline.start(
        *PIPELINE,
        **scored_by(model_way),
        ollama_timeout=2.0,
        news_poll_interval=1.0,
    )
    flow.begin()
    pipeline.wait_for_cached(20)
    processes = {name: service.process for name, service in pipeline.services.items() if name != part}
    with OUTAGES[part](request):
        time.sleep(OUTAGE_SECONDS)
    returned = time.monotonic()
    told = {story.title for story in STORIES[: flow.told]}
    eventually(
        lambda: told <= pipeline.cached().keys(),
        lambda: f"{len(told - pipeline.cached().keys())} of {len(told)} are missing; {pipeline.tails()}",
        CURRENT_SECONDS,
    )
    sys.stdout.write(
        f"{part}, away {OUTAGE_SECONDS:.0f} s: current {time.monotonic() - returned:.1f} s after its return\n"
    )
    eventually(
        lambda: all(service.health()[0] == 200 for service in pipeline.services.values()),
        "all are healthy",
        CURRENT_SECONDS,
    )
    pipeline.assert_books_balance(STORIES)
    assert {name: pipeline.services[name].process for name in processes} == processes
    assert all(process and process.poll() is None for process in processes.values())


A_CHANNEL = {"NOTIFY_URLS": "phone=json://127.0.0.1:9/"}
"""Without one, the notifier ends before anything else is looked at."""


# The API answers without its servers, and says of each answer what it lacks.
@pytest.mark.parametrize("name", [name for name in SERVICES if name != "api"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("TRADING_PAIRS", "bitcoin"), ("RABBITMQ_PASS", "not-it"), ("STATE_DIR", "/dev/null/state")],
)
def test_what_can_never_work_ends_with_a_message_for_the_operator(
    direct_settings: Settings, tmp_path: Path, name: str, variable: str, value: str
) -> None:
    if (name, variable) == ("signal_cacher", "STATE_DIR"):
        variable = "REDIS_PASSWORD"  # it keeps nothing
    if (name, variable) == (NOTIFIER, "RABBITMQ_PASS"):
        variable = "NOTIFY_TELEGRAM_TOKEN"  # it has no queue
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nname = "paper"\nurl = "http://127.0.0.1:9/rss"\n')
    settings = direct_settings.changed(news_sources_file=sources, health_port=0)
    ended = subprocess.run(
        [sys.executable, "-m", SERVICES[name].module],
        env={**os.environ, **settings.environment(), **A_CHANNEL, variable: value},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == EX_CONFIG, ended.stderr
    assert variable in ended.stderr
    assert "Traceback" not in ended.stderr
