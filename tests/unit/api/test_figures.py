"""What is expensive to compute is computed once for all faces: routes, pages and tools."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api import figures
from services.api.app import build_app
from services.api.figures import Figures
from services.common.errors import TryLater
from services.operations.sources import read_sources
from tests.support.api.running_api import api_settings
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(figures, "WAIT_SECONDS", 0.01)
    with TestClient(build_app(api_settings(tmp_path)), base_url="http://127.0.0.1:8110") as opened:
        yield opened


def ask(client: TestClient, tool: str) -> dict[str, Any]:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
    answer = client.post("/mcp", json=call, headers={"Accept": "application/json, text/event-stream"})
    result: dict[str, Any] = answer.json()["result"]
    return result


def test_no_face_computes_figures_while_another_does(client: TestClient) -> None:
    shared: Figures = client.app.state.sources.figures  # type: ignore[attr-defined]
    with shared._computing:
        for path in ("/v1/performance", "/v1/sources", "/v1/sources?days=30"):
            refused = client.get(path)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5"), path
        for path in ("/scores", "/sources"):
            assert "other figures are computed now" in client.get(path).text, path
        for tool in ("performance", "sources"):
            found = ask(client, tool)
            assert found["isError"], tool
            assert "other figures are computed now" in found["content"][0]["text"], tool


def test_the_figures_of_the_sources_are_kept_for_all_faces(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(*given: Any) -> Any:
        asked.append(given[-1])
        return read_sources(*given)

    monkeypatch.setattr(figures, "read_sources", counted)
    assert client.get("/v1/sources").status_code == 200
    assert client.get("/sources").status_code == 200
    assert not ask(client, "sources").get("isError")
    assert asked == [7]


def test_many_callers_start_one_computation(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    shared: Figures = client.app.state.sources.figures  # type: ignore[attr-defined]
    running, most, go_on, refused = 0, 0, threading.Event(), threading.Semaphore(0)

    def slow(*_given: Any, **_named: Any) -> None:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        go_on.wait(PATIENCE_SECONDS)
        running -= 1

    def call(number: int) -> None:
        try:
            shared.performance(None, None, None) if number % 2 else shared.sources(number + 1)
        except TryLater:
            refused.release()

    monkeypatch.setattr(figures, "read_performance", slow)
    monkeypatch.setattr(figures, "read_sources", slow)
    with ThreadPoolExecutor(10) as threads:
        calls = [threads.submit(call, number) for number in range(10)]
        assert all(refused.acquire(timeout=PATIENCE_SECONDS) for _ in range(9))
        go_on.set()
        for each in calls:
            each.result(PATIENCE_SECONDS)
    assert most == 1
