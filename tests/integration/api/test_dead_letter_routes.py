"""Dead letters over HTTP, also those whose ids programs would read as a part of a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.api.app import build_app
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.running_api import api_settings
from tests.support.broker.dead_letters import with_dead_letters
from tests.support.history.history_samples import NOW

ODD = (".", "..", "a/../b", "%2e%2e", "?id=x#y", "a&id=b", " ", "replay")
PATH = "/v1/dead_letters/raw_news_data"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = api_settings(tmp_path)
    key = ApiKeys(keys_file(settings)).make("operator", Scope.CONTROL, NOW)
    with (
        with_dead_letters(settings, dict.fromkeys(ODD, b"{}")),
        TestClient(build_app(settings), base_url="http://127.0.0.1:8110") as opened,
    ):
        opened.headers["Authorization"] = f"Bearer {key}"
        yield opened


def shown(client: TestClient) -> set[str]:
    return {letter["id"] for letter in client.get(PATH).json()["dead_letters"]}


def test_a_dead_letter_with_any_id_is_shown_replayed_and_deleted(client: TestClient) -> None:
    assert shown(client) == {*ODD}
    for gone, identity in enumerate(ODD[:4]):
        assert client.post(f"{PATH}/replay", json={"ids": [identity]}).json() == {"replayed": 1}, identity
        assert shown(client) == {*ODD[gone + 1 :]}
    assert client.delete(PATH, params={"id": ODD[4]}).json() == {"dropped": 1}
    assert client.delete(PATH, params={"id": [*ODD[5:]]}).json() == {"dropped": 3}
    assert shown(client) == set()


def test_nothing_is_deleted_if_an_id_is_unknown_or_missing(client: TestClient) -> None:
    assert client.delete(PATH, params={"id": ["..", "another"]}).status_code == 404
    assert client.delete(PATH).status_code == 422
    assert shown(client) == {*ODD}


def test_the_page_deletes_by_an_address_that_no_browser_changes(client: TestClient) -> None:
    link = client.app.state.sources.sessions.begin(client.app.state.sources.now())  # type: ignore[attr-defined]
    client.cookies.set(client.app.state.sources.sessions.cookie, link)  # type: ignore[attr-defined]
    del client.headers["Authorization"]
    text = client.get("/state?queue=raw_news_data").text
    for quoted in ("..", "a%2F..%2Fb", "%252e%252e", "a%26id%3Db"):
        assert f'data-method="DELETE" data-path="{PATH}?id={quoted}"' in text
