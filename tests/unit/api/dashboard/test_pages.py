"""The pages without a browser: their headers, their files, and what stands there while nothing else runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.api.app import build_app
from services.api.dashboard.pages.state import letter_view
from services.api.dashboard.static_files import address_of
from services.common.secrets.links import make_link
from services.common.settings.settings import Settings
from services.operations.dead_letters import DeadLetter

PATHS = ("/", "/news", "/trades", "/scores", "/sources", "/state", "/briefs", "/reports")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    variables = {
        "STATE_DIR": str(tmp_path),
        "BROKER": "embedded",
        "REDIS_PORT": "1",
        "TRADING_PAIRS": "ETH/USDT",
    }
    with TestClient(build_app(Settings.load(variables)), base_url="http://127.0.0.1:8110") as opened:
        yield opened


@pytest.mark.parametrize("path", PATHS)
def test_a_page_stands_while_the_store_and_the_history_are_away(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "The store does not answer:" in answer.text
    assert "New entries: unknown" in answer.text


def test_no_page_allows_inline_scripts_other_hosts_or_frames_around_it(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    rules = {name: values for name, *values in (rule.split() for rule in policy.split(";"))}
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'"]
    assert rules["frame-ancestors"] == ["'none'"]


def test_no_page_has_an_inline_script_or_handler(client: TestClient) -> None:
    for path in PATHS:
        text = client.get(path).text
        assert "<script>" not in text
        assert " onclick=" not in text
        assert " style=" not in text


@pytest.mark.parametrize("name", ["page.css", "page.js", "plotly.min.js"])
def test_a_file_is_kept_by_the_browser_under_an_address_of_its_version(client: TestClient, name: str) -> None:
    answer = client.get(address_of(name))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["router.py", "..%2frouter.py", "%2e%2e/router.py", "page.css.j2"])
def test_nothing_but_the_named_files_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/news/none", "There is no such story"),
        ("/trades/7", "There is no trade 7"),
        ("/reports/none.html", "There is no such report"),
        ("/briefs/daily/2026-11-29", "There is no daily brief of 2026-11-29"),
    ],
)
def test_what_is_not_there_is_said_with_a_way_back(client: TestClient, path: str, words: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert words in answer.text
    assert 'href="/' in answer.text


def test_an_address_with_markup_in_it_is_shown_as_text(client: TestClient) -> None:
    text = client.get("/news", params={"source": '"><script>x</script>'}).text
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text


@pytest.mark.parametrize("parameters", [{"score_from": "2"}, {"score_to": "x"}, {"cursor": "nonsense"}])
def test_a_filter_that_cannot_be_used_is_no_fault_of_the_server(
    client: TestClient, parameters: dict[str, str]
) -> None:
    assert client.get("/news", params=parameters).status_code in {200, 422}


@pytest.mark.parametrize("path", [f"/trades/{10**20}", "/trades?cursor=" + "x" * 401])
def test_an_id_or_a_cursor_that_cannot_be_one_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


@pytest.mark.parametrize("body", [b'{"title":"\\ud83d"}', b"[" * 4_000, b"\xff"])
def test_a_dead_letter_with_any_body_is_text_for_a_page(body: bytes) -> None:
    letter = DeadLetter("raw_news_data", "id", "broken", 1, "", "", body)
    assert letter_view(letter).text.encode()


def test_a_browser_with_a_used_link_is_told_what_to_do(client: TestClient) -> None:
    answer = client.get("/enter/used", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "./cryptoboy serve" in answer.text
    assert '<a href="/">' in answer.text


def test_a_program_with_a_used_link_gets_a_problem(client: TestClient) -> None:
    answer = client.get("/enter/used", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:cryptoboy:problem:link-used")


def test_a_used_link_leads_a_browser_that_has_a_session_to_the_page(
    client: TestClient, tmp_path: Path
) -> None:
    link = make_link(tmp_path, "http://127.0.0.1:8110")
    first, again = client.get(link), client.get(link)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "url=/" in again.text
    assert "set-cookie" not in again.headers
