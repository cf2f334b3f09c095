"""The routes for other programs, in the application on a real Redis, and the real Freqtrade where one is asked."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import read_signals_csv
from cryptoboy_sentiment.store_reader import Known
from cryptoboy_sentiment.wire import PATH, read_answer, request_text
from freqtrade.plugins.pairlist.RemotePairList import RemotePairList
from starlette.testclient import TestClient

from services.api.app import build_app
from services.common.history.batch import Batch
from services.common.history.writing import open_history
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.values import EventType, Scope, label_of
from services.operations.secrets.api_keys import ApiKeys, keys_file
from services.operations.secrets.api_keys import Scope as KeyScope
from tests.support.api.served import served
from tests.support.history import history_samples as history

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
HOME = "http://127.0.0.1:8110"
FOREIGN = {"Host": "api.example"}


def signal(article: str, pair: str, **more: object) -> SentimentSignal:
    published = NOW - timedelta(hours=1)
    return SentimentSignal(
        article_id=article,
        pair=pair,
        source="the-ledger",
        headline=f"What {article} reports",
        sentiment_score=0.5,
        sentiment_label=label_of(0.5),
        published=published,
        analyzed_at=published,
        model="lexicon",
        confidence=1.0,
        scope=Scope.ASSET,
        degraded=False,
    ).model_copy(update=more)


@pytest.fixture
def settings(redis_settings: Settings, tmp_path: Path) -> Settings:
    settings = redis_settings.changed(state_dir=tmp_path)
    with closing(open_store(settings)) as store:
        store.announce_scored_pairs(dict.fromkeys(("BTC/USDT", "ETH/USDT", "SOL/USDT")))
        hacked = signal("e1", "ETH/USDT", event_type=EventType.HACK)
        store.write(
            [signal("b1", "BTC/USDT"), signal("b2", "BTC/USDT"), signal("s1", "SOL/USDT"), hacked], NOW
        )
    return settings


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(build_app(settings), base_url=HOME) as opened:
        yield opened


def test_a_bot_reads_the_store_with_a_key_that_may_read(client: TestClient, settings: Settings) -> None:
    horizon = (NOW - timedelta(hours=48)).timestamp() * 1000
    known = {"BTC/USDT": Known(horizon, 0, float("inf"))}
    body = request_text(known, horizon)
    assert client.post(PATH, content=body).status_code == 200  # on the machine itself without one
    assert client.post(PATH, content=body, headers=FOREIGN).status_code == 401
    key = ApiKeys(keys_file(settings)).make("bot", KeyScope.READ, NOW)
    answer = client.post(PATH, content=body, headers={**FOREIGN, "Authorization": f"Bearer {key}"})
    found = read_answer(answer.content, known, horizon)
    assert found.scored == frozenset({"BTC/USDT", "ETH/USDT", "SOL/USDT"})
    page = found.pages["BTC/USDT"]
    assert page is not None
    assert {json.loads(member)["article_id"] for member, _ in page.read} == {"b1", "b2"}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"horizon": NaN, "pairs": {}}', b'{"horizon": 0, "pairs": {"BTC/USDT": [0, -1, null]}}'],
)
def test_a_request_that_no_bot_makes_is_refused_without_repeating_it(client: TestClient, body: bytes) -> None:
    answer = client.post(PATH, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_store_that_is_away_is_an_error_to_both_routes(settings: Settings) -> None:
    with TestClient(build_app(settings.changed(redis_port=9)), base_url=HOME) as client:
        assert client.post(PATH, content=b'{"horizon": 0, "pairs": {}}').status_code == 503
        assert client.get("/v1/pairlist").status_code == 503


def remote(address: str, **options: Any) -> RemotePairList:
    """Freqtrade's own pair list, on an exchange that has these markets."""
    markets = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "ADA/USDT")

    class Exchange:
        def get_markets(self) -> dict[str, Any]:
            return {pair: {} for pair in markets}

    class Unfiltered(RemotePairList):  # type: ignore[misc]  # Freqtrade publishes no types
        def _whitelist_for_active_markets(self, pairlist: list[str], logger: Any = None) -> list[str]:  # noqa: ARG002
            return [pair for pair in pairlist if pair in markets]

    config = {"pairlist_url": f"{address}/v1/pairlist", "refresh_period": 1, "number_assets": 10, **options}
    return Unfiltered(Exchange(), None, {"stake_currency": "USDT"}, config, 0)


def test_freqtrade_takes_the_most_talked_about_pairs_without_those_in_stand_aside(settings: Settings) -> None:
    with served(settings) as address:
        assert remote(address).gen_pairlist({}) == ["BTC/USDT", "SOL/USDT"]
        assert remote(address, pairlist_url=f"{address}/v1/pairlist?limit=1").gen_pairlist({}) == ["BTC/USDT"]


def test_freqtrade_gives_its_bearer_token_and_keeps_its_list_while_the_token_is_refused(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keys = ApiKeys(keys_file(settings))
    key = keys.make("bot", KeyScope.READ, NOW)
    with served(settings) as address:
        pairlist = remote(address, bearer_token=key)
        assert pairlist.gen_pairlist({}) == ["BTC/USDT", "SOL/USDT"]
        keys.revoke(keys.all()[0].id)
        pairlist._pair_cache.clear()
        assert pairlist.gen_pairlist({}) == ["BTC/USDT", "SOL/USDT"]
    assert "Keeping last fetched pairlist" in caplog.text


def test_what_was_recorded_comes_as_a_csv_that_a_strategy_reads(settings: Settings, tmp_path: Path) -> None:
    rows = [
        history.signal(number, headline="=SUM(A1)" if number == 1 else 'a "quoted", line')
        for number in range(1, 1203)
    ]
    with closing(open_history(settings)) as writer:
        writer.write(Batch(signals=[*rows, history.signal(2, revision=1, pair="ETH/USDT")]))
    file = tmp_path / "signals.csv"
    with TestClient(build_app(settings), base_url=HOME) as client:
        file.write_bytes(client.get("/v1/export").content)
        some = client.get("/v1/export", params={"pair": "ETH/USDT", "since": history.NOW.isoformat()}).text
    read = read_signals_csv(file)
    assert len(read) == len(rows) + 1
    assert read["available_at"].is_monotonic_increasing
    assert {*read["headline"]} == {"'=SUM(A1)", 'a "quoted", line', "Title 2"}
    assert some.splitlines()[1:] != []
    assert all("ETH/USDT" in line for line in some.splitlines()[1:])


def test_a_history_that_is_away_is_an_error_and_no_short_file(settings: Settings) -> None:
    (settings.state_dir / "history.sqlite").write_bytes(b"no database" * 1000)
    with TestClient(build_app(settings), base_url=HOME) as client:
        assert client.get("/v1/export").status_code == 503
