"""Who may ask the API: through the whole application, without a server beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.api.app import build_app
from services.common.secrets.links import make_link
from services.common.settings.settings import Settings
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file

NOW = datetime(2026, 11, 29, tzinfo=UTC)
READ = "/v1/reports"
CHANGE = "/v1/dead_letters/raw_news_data/none"
HOME = "http://127.0.0.1:8110"


def settings_in(folder: Path, **variables: str) -> Settings:
    return Settings.load({"STATE_DIR": str(folder), "BROKER": "embedded", "REDIS_PORT": "1", **variables})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(build_app(settings), base_url=HOME) as opened:
        yield opened


@pytest.fixture
def keys(settings: Settings) -> ApiKeys:
    return ApiKeys(keys_file(settings))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def enter(client: TestClient, settings: Settings) -> None:
    assert client.get(make_link(settings.state_dir, HOME)).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8110", "localhost", "LOCALHOST:9", "[::1]:8110", "127.9.9.9"])
def test_reading_is_open_on_the_machine_itself(client: TestClient, host: str) -> None:
    assert client.get(READ, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.example.org"},
        {"Host": "127.0.0.1@example.org"},
        {"Host": ""},
        {"X-Forwarded-For": "10.0.0.1"},
        {"X-Forwarded-Host": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
    ],
)
def test_a_rebound_name_or_a_proxy_needs_a_key(
    client: TestClient, keys: ApiKeys, headers: dict[str, str]
) -> None:
    refused = client.get(READ, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"].startswith("Bearer")
    key = keys.make("proxy", Scope.READ, NOW)
    assert client.get(READ, headers={**headers, **bearer(key)}).status_code == 200


def test_beyond_loopback_every_request_needs_a_key(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, API_HOST="0.0.0.0")
    with TestClient(build_app(settings), base_url=HOME) as client:
        for path in (READ, "/docs", "/openapi.json", "/v1/nothing"):
            assert client.get(path).status_code == 401, path
        key = ApiKeys(keys_file(settings)).make("all", Scope.READ, NOW)
        assert client.get(READ, headers=bearer(key)).status_code == 200


def test_probes_are_open_but_not_through_a_proxy(client: TestClient) -> None:
    for path in ("/live", "/health", "/metrics"):
        assert client.get(path).status_code == 200
    forwarded = {"X-Forwarded-For": "10.0.0.1"}
    assert client.get("/live", headers=forwarded).status_code == 200
    assert client.get("/metrics", headers=forwarded).status_code == 401
    assert client.get("/health", headers=forwarded).status_code == 401


def test_a_wrong_or_revoked_key_is_refused_even_where_reading_is_open(
    client: TestClient, keys: ApiKeys
) -> None:
    key = keys.make("gone", Scope.READ, NOW)
    assert client.get(READ, headers=bearer(key)).status_code == 200
    keys.revoke(key[3:11])
    assert client.get(READ, headers=bearer(key)).status_code == 401
    for text in ("", "cb_", key[:-1], key + "x", "cb_00000000_" + "a" * 43, "é"):
        assert client.get(READ, headers=[(b"Authorization", f"Bearer {text}".encode())]).status_code == 401
    assert client.get(READ, headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_change_needs_the_scope_control(client: TestClient, keys: ApiKeys) -> None:
    assert client.delete(CHANGE).status_code == 401
    assert client.delete(CHANGE, headers=bearer(keys.make("r", Scope.READ, NOW))).status_code == 403
    allowed = client.delete(CHANGE, headers=bearer(keys.make("c", Scope.CONTROL, NOW)))
    assert (allowed.status_code, allowed.json()["type"]) == (404, "urn:cryptoboy:problem:unknown-dead-letter")


def test_no_method_and_no_path_gets_past_the_rule_for_changes(client: TestClient, keys: ApiKeys) -> None:
    """Of a path that does not exist nobody without a key learns that, so a route cannot be forgotten."""
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "MADE-UP"):
        assert client.request(method, "/anything").status_code == 401
        assert (
            client.request(method, READ, headers=bearer(keys.make(method, Scope.READ, NOW))).status_code
            == 403
        )


def test_a_link_gives_a_session_once(client: TestClient, settings: Settings) -> None:
    link = make_link(settings.state_dir, HOME)
    answer = client.get(link)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get(READ, headers={"Host": "127.0.0.1:8110"}).status_code == 200
    client.cookies.clear()
    again = client.get(link)
    assert again.status_code == 403
    assert "set-cookie" not in again.headers


def test_a_session_changes_something_only_with_its_token(client: TestClient, settings: Settings) -> None:
    enter(client, settings)
    assert client.delete(CHANGE).json()["type"] == "urn:cryptoboy:problem:csrf"
    assert client.delete(CHANGE, headers={"X-CSRF-Token": "x"}).status_code == 403
    (session,) = client.app.state.sources.sessions._sessions.values()  # type: ignore[attr-defined]
    token = {"X-CSRF-Token": session.csrf}
    assert client.delete(CHANGE, headers=token).status_code == 404
    foreign = {**token, "Origin": "https://evil.example"}
    assert client.delete(CHANGE, headers=foreign).json()["type"] == "urn:cryptoboy:problem:foreign-origin"
    assert client.delete(CHANGE, headers={**token, "Origin": HOME}).status_code == 404


def test_a_key_is_limited_by_rate_and_says_how_long_to_wait(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, API_RATE_PER_MINUTE="3")
    key = bearer(ApiKeys(keys_file(settings)).make("fast", Scope.READ, NOW))
    with TestClient(build_app(settings), base_url=HOME) as client:
        assert [client.get(READ, headers=key).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert int(client.get(READ, headers=key).headers["retry-after"]) in range(1, 22)
        assert client.get(READ).status_code == 200  # another caller


def test_wrong_keys_are_limited_by_rate(client: TestClient, keys: ApiKeys) -> None:
    statuses = [client.get(READ, headers=bearer("cb_")).status_code for _ in range(31)]
    assert (set(statuses[:30]), statuses[30]) == ({401}, 429)
    assert client.get(READ, headers=bearer(keys.make("right", Scope.READ, NOW))).status_code == 200


def test_a_long_body_is_refused(client: TestClient, keys: ApiKeys) -> None:
    key = bearer(keys.make("c", Scope.CONTROL, NOW))
    path = "/v1/dead_letters/raw_news_data/replay"
    assert client.post(path, headers=key, content=b" " * 300_000).status_code == 413
    unannounced = (b" " * 100_000 for _ in range(4))
    assert client.post(path, headers=key, content=unannounced).status_code == 413


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    for path, host in ((READ, ""), ("/nothing", ""), ("/docs", ""), (READ, "rebound.example")):
        headers = client.get(path, headers={"Host": host} if host else {}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "cache-control" in headers
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


def test_pages_of_other_origins_read_only_if_they_are_named(tmp_path: Path) -> None:
    named = "https://board.example"
    settings = settings_in(tmp_path, API_ORIGINS=named)
    with TestClient(build_app(settings), base_url=HOME) as client:
        assert client.get(READ, headers={"Origin": named}).headers["access-control-allow-origin"] == named
        assert (
            "access-control-allow-origin" not in client.get(READ, headers={"Origin": "https://e.vil"}).headers
        )


def test_a_damaged_file_of_keys_lets_nobody_in_and_says_nothing_of_itself(
    client: TestClient, settings: Settings
) -> None:
    keys_file(settings).write_text("{not json")
    refused = client.get(READ, headers=bearer("cb_00000000_" + "a" * 43))
    assert refused.status_code == 503
    assert str(settings.state_dir) not in refused.text


def test_requests_are_counted_by_route_and_no_path_makes_a_label(client: TestClient) -> None:
    for path in (READ, "/made/up/1", "/made/up/2"):
        client.get(path)
    counted = client.get("/metrics").text
    assert 'cryptoboy_api_requests_total{route="/v1/reports",status="200"}' in counted
    assert 'cryptoboy_api_requests_total{route="other",status="404"}' in counted
    assert "made/up" not in counted


def test_a_dead_letter_is_dropped_by_an_id_with_a_slash(client: TestClient, keys: ApiKeys) -> None:
    key = keys.make("operator", Scope.CONTROL, NOW)
    path = "/v1/dead_letters/sentiment_signals_queue/abc%3ABTC%2FUSDT%3A0"
    refused = client.delete(path, headers=bearer(key))
    assert refused.json()["type"] == "urn:cryptoboy:problem:unknown-dead-letter"


@pytest.mark.parametrize("path", [READ, "/v1/performance", "/scores"])
def test_what_a_page_of_another_site_embeds_is_refused(tmp_path: Path, path: str) -> None:
    named = "https://mine.example"
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    settings = settings_in(tmp_path, API_ORIGINS=named)
    with TestClient(build_app(settings), base_url=HOME) as client:
        assert client.get(path, headers=embedded).json()["type"] == "urn:cryptoboy:problem:foreign-origin"
        assert client.get(path, headers={**embedded, "Origin": named}).status_code == 200
        assert client.get(path, headers={**embedded, "Sec-Fetch-Dest": "document"}).status_code == 200
        link = make_link(settings.state_dir, HOME)
        assert client.get(link, headers={**embedded, "Sec-Fetch-Dest": "document"}).status_code == 200
