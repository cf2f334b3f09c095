"""The routes that answer from the history, on a real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.app import build_app
from services.common.clock import ManualClock
from services.common.history.batch import Batch
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from tests.support.api.running_api import api_settings
from tests.support.history.history_samples import analysed, article, at, candle, scoring, signal, trade

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = api_settings(tmp_path_factory.mktemp("state"))
    with closing(open_history(settings)) as writer:
        writer.write(
            Batch(
                articles=[
                    article(n, title=HOSTILE, source="Wire" if n % 2 else "Post") for n in range(1, 31)
                ],
                scorings=[scoring(n, model="m", answer="bullish") for n in range(1, 31)],
                signals=[signal(n, source="Wire" if n % 2 else "Post") for n in range(1, 31)],
                trades=[trade(n) for n in range(1, 4)],
                candles=[candle(n) for n in range(1, 21)],
                analysed=[analysed(n) for n in range(1, 4)],
            )
        )
    return settings


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    app = build_app(settings, ManualClock(at(7_200)))
    with TestClient(app, base_url="http://127.0.0.1:8110") as opened:
        yield opened


def all_pages(client: TestClient, path: str, rows: str) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        page = client.get(f"{path}limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
        found += page[rows]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(
    ("path", "rows", "key", "count"),
    [
        ("/v1/signals?", "rows", "article_id", 30),
        ("/v1/articles?", "stories", "article_id", 30),
        ("/v1/trades?", "trades", "trade_id", 3),
        ("/v1/candles?pair=BTC/USDT&", "rows", "opened", 20),
    ],
)
def test_a_list_is_read_page_by_page_with_each_row_once(
    client: TestClient, path: str, rows: str, key: str, count: int
) -> None:
    found = [row[key] for row in all_pages(client, path, rows)]
    assert (len(found), len(set(found))) == (count, count)


@pytest.mark.parametrize("path", ["/v1/signals", "/v1/articles", "/v1/trades"])
def test_a_cursor_of_another_list_is_no_page_of_this_one(client: TestClient, path: str) -> None:
    foreign = client.get("/v1/candles?pair=BTC/USDT&limit=1").json()["next"]
    for cursor in (foreign, "x", "!!", "0" * 400):
        refused = client.get(path, params={"cursor": cursor})
        assert (refused.status_code, refused.json()["type"]) == (404, "urn:cryptoboy:problem:unknown-cursor")


def test_no_list_is_longer_than_its_limit(client: TestClient) -> None:
    for path in ("/v1/signals?", "/v1/articles?", "/v1/trades?", "/v1/candles?pair=BTC/USDT&"):
        for limit in ("0", "1001", "-1", "x"):
            assert client.get(f"{path}limit={limit}").status_code == 422, (path, limit)
    assert len(client.get("/v1/signals?limit=5").json()["rows"]) == 5


def test_a_list_is_filtered(client: TestClient) -> None:
    rows = client.get("/v1/signals?source=Post&limit=200").json()["rows"]
    assert ({row["source"] for row in rows}, len(rows)) == ({"Post"}, 15)
    late = client.get("/v1/signals", params={"since": at(20).isoformat(), "limit": 200}).json()["rows"]
    assert {row["available_at"] >= at(20).isoformat() for row in late} == {True}
    assert client.get("/v1/signals?score_from=0.9").json() == {"rows": [], "next": None}


def test_a_story_has_its_receipt_and_an_unknown_one_is_said(client: TestClient) -> None:
    story = client.get("/v1/articles/article-7").json()
    assert story["receipts"][0]["answer"] == "bullish"
    assert story["row"]["headline"] == HOSTILE
    for unknown in ("nothing", "article-", "%25", "a" * 200):
        assert client.get(f"/v1/articles/{unknown}").status_code == 404, unknown


def test_the_text_of_a_feed_is_data_and_never_a_page(client: TestClient) -> None:
    answer = client.get("/v1/articles/article-7")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_did_not_change_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/v1/signals")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get("/v1/signals", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/v1/signals?limit=1", headers={"If-None-Match": tag}).status_code == 200


def test_what_changes_all_the_time_is_not_stored(client: TestClient) -> None:
    for path in ("/v1/health", "/v1/queues"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_why_answers_for_a_trade_and_for_none(client: TestClient) -> None:
    assert client.get("/v1/trades/2/why").json()["trade"]["trade_id"] == 2
    assert client.get("/v1/trades/99/why").status_code == 404
    assert client.get("/v1/why", params={"pair": "ETH/USDT"}).json()["candle"] is None
    assert client.get("/v1/why", params={"pair": "BTC/USDT", "at": at(3_000).isoformat()}).status_code == 200
    future = client.get("/v1/why", params={"pair": "BTC/USDT", "at": at(9_000).isoformat()})
    assert (future.status_code, future.json()["type"]) == (404, "urn:cryptoboy:problem:future")


def test_performance_and_sources_answer_from_few_rows(client: TestClient) -> None:
    assert client.get("/v1/performance").json()["signals"]["1h"] == 0
    assert {each["source"] for each in client.get("/v1/sources").json()["sources"]} == {"Wire", "Post"}
    empty = client.get("/v1/performance", params={"since": at(10).isoformat(), "until": at(0).isoformat()})
    assert empty.status_code == 404


@pytest.mark.parametrize("text", ["1761700000", "0.5", "yesterday", "2026-13-01", ""])
def test_an_instant_is_written_as_a_date(client: TestClient, text: str) -> None:
    refused = client.get("/v1/signals", params={"since": text})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["where"] == "query.since"


def test_an_instant_out_of_reach_is_the_nearest_one(client: TestClient) -> None:
    far = {"since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00", "limit": "200"}
    assert len(client.get("/v1/signals", params=far).json()["rows"]) == 30


def test_without_a_history_the_lists_are_empty(tmp_path: Path) -> None:
    with TestClient(build_app(api_settings(tmp_path)), base_url="http://127.0.0.1:8110") as client:
        for path in ("/v1/signals", "/v1/articles", "/v1/trades", "/v1/candles?pair=BTC/USDT"):
            assert client.get(path).json()["next"] is None
        for path in ("/v1/sources", "/v1/performance", "/v1/why?pair=BTC/USDT"):
            assert client.get(path).status_code == 200


def test_a_history_that_cannot_be_read_is_unavailable_and_shows_no_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://u:hidden-password@127.0.0.1:1/db"
    app = build_app(api_settings(tmp_path, HISTORY_URL=url))
    with TestClient(app, base_url="http://127.0.0.1:8110") as client:
        answer = client.get("/v1/signals")
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert "hidden-password" not in answer.text


def test_a_path_says_all_its_methods(client: TestClient) -> None:
    assert client.options("/v1/holds/operator").headers["allow"] == "DELETE, POST"


def test_a_path_whose_last_part_looks_like_an_id_says_its_own_methods(client: TestClient) -> None:
    assert client.options("/v1/dead_letters/raw_news_data/replay").headers["allow"] == "POST"


def test_an_export_has_the_signals_about_the_asset_of_a_pair(tmp_path: Path) -> None:
    settings = api_settings(tmp_path)
    with closing(open_history(settings)) as writer:
        writer.write(Batch(signals=[signal(1, pair="SOL"), signal(2, pair="SOL/USDT")]))
    with TestClient(build_app(settings), base_url="http://127.0.0.1:8110") as client:
        assert len(client.get("/v1/export?pair=SOL/USDT").text.splitlines()) == 3


def test_a_period_that_begins_in_the_future_is_empty(client: TestClient) -> None:
    future = {"since": at(9_000).isoformat(), "until": at(9_999).isoformat()}
    assert client.get("/v1/performance", params=future).status_code == 404


def test_a_candle_whose_rules_are_not_recorded_is_not_shown_as_one_whose_rules_hold(tmp_path: Path) -> None:
    settings = api_settings(tmp_path, TRADING_PAIRS="BTC/USDT")
    with closing(open_history(settings)) as writer:
        writer.write(Batch(candles=[candle(1)], analysed=[analysed(1, values={"close": 1.0})]))
    with TestClient(build_app(settings, ManualClock(at(2_000))), base_url="http://127.0.0.1:8110") as client:
        assert "not recorded by this strategy" in client.get("/").text
