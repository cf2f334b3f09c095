"""What an answer that reports an error shows, and what it must not show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.access.headers import HEADERS
from services.api.app import build_app
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.running_api import api_settings
from tests.support.history.history_samples import NOW

SECRET = "hunter2-of-the-store"
_TOOL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "trades", "arguments": {}}}
_ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = build_app(api_settings(tmp_path, REDIS_PASSWORD=SECRET))
    with TestClient(app, base_url="http://127.0.0.1:8110", raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize("error", [TryLater, StopProgram, NeverWorks])
def test_no_face_shows_a_secret_that_an_error_quotes(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_given: Any, **_named: Any) -> None:
        raise error(f"redis://:{SECRET}@host refuses")

    for place in ("routes.trades", "dashboard.pages.trades", "mcp.server"):
        monkeypatch.setattr(f"services.api.{place}.list_trades", fail)
    answers = [
        client.get("/v1/trades").text,
        client.get("/trades").text,
        client.post("/mcp", json=_TOOL, headers=_ACCEPT).text,
    ]
    for text in answers:
        assert "refuses" in text
        assert SECRET not in text


def test_the_answer_to_a_fault_has_the_headers_of_every_answer_and_says_nothing_of_the_fault(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any, **_named: Any) -> None:
        raise RuntimeError("something inside")

    monkeypatch.setattr("services.api.routes.trades.list_trades", fail)
    monkeypatch.setattr("services.api.dashboard.pages.trades.list_trades", fail)
    for path in ("/v1/trades", "/trades"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (500, "urn:cryptoboy:problem:failed")
        assert "something inside" not in answer.text
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00", "9999-12-31T23:59:59-23:59"]
)
@pytest.mark.parametrize(("tool", "name"), [("performance", "end"), ("why_not", "at")])
def test_an_instant_at_an_end_of_the_calendar_is_no_fault(
    client: TestClient, tool: str, name: str, instant: str
) -> None:
    call = {**_TOOL, "params": {"name": tool, "arguments": {"pair": "BTC/USDT", name: instant}}}
    result = client.post("/mcp", json=call, headers=_ACCEPT).json()["result"]
    assert result["content"][0]["text"] != f"Error executing tool {tool}"


def test_the_tools_for_language_models_take_post_alone(client: TestClient) -> None:
    settings = client.app.state.sources.settings  # type: ignore[attr-defined]
    key = ApiKeys(keys_file(settings)).make("all", Scope.CONTROL, NOW)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        refused = client.request(method, "/mcp", headers={**_ACCEPT, "Authorization": f"Bearer {key}"})
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST"), method
        assert refused.headers["content-type"] == "application/problem+json"
    assert client.post("/mcp", json=_TOOL, headers=_ACCEPT).status_code == 200
