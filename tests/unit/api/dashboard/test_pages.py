"""The pages without a browser: their headers, their files, and what stands there while nothing else runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.api.app import build_app
from services.api.dashboard.pages.state import letter_view
from services.api.dashboard.static_files import address_of
from services.common.history.batch import Batch
from services.common.history.followed_bot import POSITION, FollowedBot
from services.common.history.writing import open_history
from services.common.runtime.health import HealthServer
from services.common.secrets.links import make_link
from services.common.services import API, SERVICES
from services.common.settings.settings import Settings
from services.operations.dead_letters import DeadLetter
from tests.support.api.running_api import api_settings
from tests.support.history import history_samples as some
from tests.support.servers.nobody import refusing_port

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


@contextmanager
def opened_page(tmp_path: Path, *names: str, **variables: str) -> Iterator[tuple[TestClient, Settings]]:
    """The pages, with a health server for each of these services and nobody in the place of the others."""
    with refusing_port() as port, ExitStack() as running:
        addresses = {name: port for name in SERVICES if name != API}
        for name in names:
            server = running.enter_context(closing(HealthServer(name, "127.0.0.1", 0, dict)))
            addresses[name] = server.port
        variables["API_SERVICES"] = ",".join(f"{name}=127.0.0.1:{at}" for name, at in addresses.items())
        settings = api_settings(tmp_path, **variables)
        client = TestClient(build_app(settings), base_url="http://127.0.0.1:8110")
        yield running.enter_context(client), settings


def test_a_page_says_that_nothing_runs_and_how_old_the_newest_record_is(tmp_path: Path) -> None:
    with opened_page(tmp_path) as (client, settings):
        assert "The newest record" not in client.get("/briefs").text
        with closing(open_history(settings)) as history:
            history.write(Batch(candles=[some.candle(1)]))
        text = client.get("/briefs").text
    assert "Nothing is running:" in text
    assert "The newest record was made" in text
    assert "Start the system with <code>./cryptoboy up</code>" in text


def test_a_page_of_a_system_of_which_a_service_answers_does_not_say_that_nothing_runs(tmp_path: Path) -> None:
    with opened_page(tmp_path, "news_poller") as (client, _):
        assert "Nothing is running" not in client.get("/briefs").text


def test_the_note_of_the_operator_stands_at_the_top_of_a_page_as_text(tmp_path: Path) -> None:
    with opened_page(tmp_path, API_NOTE="This demo has <b>ended</b>.") as (client, _):
        text = client.get("/briefs").text
    assert "This demo has &lt;b&gt;ended&lt;/b&gt;." in text
    assert "Start the system with" not in text


def test_a_source_that_nobody_polls_is_not_called_fine_and_a_rate_of_minutes_is_not_shown(
    tmp_path: Path,
) -> None:
    with opened_page(tmp_path) as (client, settings):
        now = datetime.now(UTC)
        with closing(open_history(settings)) as history:
            history.write(Batch(articles=[some.article(1, published=now, fetched=now)]))
        text = client.get("/sources").text
    assert '<span class="tag">not polled</span>' in text
    assert '<td data-label="Articles" class="number">1</td>' in text
    assert '<td data-label="A day" class="number">–</td>' in text


def test_a_trade_names_the_story_that_ended_it_and_one_that_nobody_sees_is_not_called_open(
    tmp_path: Path,
) -> None:
    with opened_page(tmp_path) as (client, settings):
        with closing(open_history(settings)) as history:
            history.write(
                Batch(
                    articles=[some.article(90, title="A bridge lost its funds")],
                    signals=[some.signal(90, sentiment_score=-0.95)],
                    trades=[
                        some.trade(1, closed=some.at(120), exit_reason="sentiment -0.95"),
                        some.trade(2),
                    ],
                    cursors={POSITION: FollowedBot("another", some.at(200)).written()},
                )
            )
        ended = client.get("/trades/1").text
        listed = client.get("/trades").text
        unseen = client.get("/trades/2").text
    assert "The story that ended it" in ended
    assert "ended-article-90" in ended
    assert "A bridge lost its funds" in ended
    assert "not seen since 2026-11-20 12:03 UTC" in listed
    assert "still open" not in unseen
