"""The page in a real browser: what stands there is what the API answers, and nothing from a feed does anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import plotly.graph_objects as go  # type: ignore[import-untyped]  # publishes no types
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Browser, Page, Route, expect
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # publishes no types

from devtools.page.browser import Watched, chromium, watched_page
from devtools.page.sample import sample_batch
from devtools.page.sample_news import HOSTILE, SLOW
from devtools.page.server import Served, served
from services.common.history.batch import Batch
from services.common.history.open import open_reader
from services.common.history.writing import open_history
from services.operations.connections import connected_store
from services.operations.holds import read_entries
from services.operations.performance import read_performance
from services.operations.reports import keep_report, reports_folder
from services.operations.sources import read_sources
from services.research.page import embedded
from tests.support.waiting import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.e2e

# Not the machine's own day: ages must come from the server's clock.
NOW = datetime(2026, 3, 2, 14, 5, 20, tzinfo=UTC)
NAMES = ("Now", "News", "Trades", "Scores", "Sources", "Health", "Reports")
PATHS = (
    *("/", "/news", "/news/sample-fund", "/news/sample-hostile", "/trades", "/trades/3"),
    *("/scores", "/sources", "/state?queue=raw_news_data", "/reports"),
)
Open = Callable[..., Watched]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("page"), NOW) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)  # five seconds are few for a plot on a busy machine
    with chromium() as running:
        yield running


@pytest.fixture
def opened(api: Served, browser: Browser) -> Iterator[Open]:
    """Opens a path in a new window; whatever a page wrongly did fails the test at its end."""
    with ExitStack() as stack:
        windows: list[Watched] = []

        def open_path(
            path: str, *, width: int = 1280, scheme: str = "light", may_change: bool = False
        ) -> Watched:
            window = stack.enter_context(watched_page(browser, width, scheme=scheme))
            windows.append(window)
            if may_change:
                window.go(api.link())
                window.page.wait_for_url(f"{api.address}/")
            window.go(f"{api.address}{path}")
            return window

        yield open_path
        assert [error for window in windows for error in window.errors] == []
        assert [url for window in windows for url in window.foreign] == []


def ask(api: Served, path: str, **parameters: str) -> Any:
    answer = httpx.get(f"{api.address}{path}", params=parameters, trust_env=False)
    return answer.raise_for_status().json()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_reached_by_its_name_and_fits_the_window(opened: Open, width: int) -> None:
    page = opened("/", width=width).page
    expect(page.get_by_text("Nothing is running:")).to_have_count(0)
    for name in NAMES:
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.get_by_role("link", name=name, exact=True).first).to_have_attribute(
            "aria-current", "page"
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_now_shows_the_scores_and_the_headlines_that_the_api_answers(api: Served, opened: Open) -> None:
    page = opened("/").page
    for pair, found in ask(api, "/v1/sentiment")["pairs"].items():
        card = page.locator("section", has=page.get_by_role("heading", name=pair, exact=True))
        figures = card.locator(".pair-figures dd")
        expect(figures.nth(1)).to_contain_text(f"{found['score']:+.2f}".replace("-", "−"))
        expect(figures.nth(2)).to_contain_text(f"{found['aggregate']['score']:+.2f}".replace("-", "−"))
        expect(card).to_contain_text(found["headline"])
        expect(card).to_contain_text("Missing for an entry: macd cross")


def test_the_chart_of_a_pair_has_its_candles_news_entries_and_exits(opened: Open) -> None:
    page = opened("/").page
    chart = page.get_by_role("img", name="BTC/USDT: 95 candles")
    expect(chart.locator(".boxlayer path.box").first).to_be_attached()
    names = chart.evaluate("element => element.data.map(trace => trace.name)")
    assert names == ["price", "news", "entry", "exit"]


def test_ages_are_those_of_the_servers_clock(opened: Open) -> None:
    page = opened("/news").page
    first = page.locator("#story-sample-fund time")
    assert first.get_attribute("datetime") == (NOW - timedelta(minutes=36, seconds=30)).isoformat()
    expect(first).to_have_text("36 min ago")


def test_a_story_shows_its_sources_in_order_its_receipt_and_what_the_price_did(opened: Open) -> None:
    page = opened("/news/sample-fund").page
    told = page.locator("section", has=page.get_by_role("heading", name="Its sources")).get_by_role(
        "rowheader"
    )
    expect(told).to_have_text(["1. coinwire", "2. daily-ledger", "3. blockpost"])
    expect(page.get_by_label("Answer of the model")).to_contain_text(
        "An approval opens Ethereum to new buyers."
    )
    expect(page.get_by_label("Question to the model")).to_contain_text("- ETH: Ethereum")
    moves = page.locator("section", has=page.get_by_role("heading", name="What the price did since"))
    expect(moves.get_by_role("rowheader")).to_have_text("ETH/USDT")


def test_text_of_a_feed_is_shown_and_does_nothing(opened: Open) -> None:
    page = opened("/news/sample-hostile").page
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.locator("main img, main script, main b")).to_have_count(0)
    expect(page.locator("a[href^='javascript']")).to_have_count(0)
    assert "owned" not in page.title().removeprefix(HOSTILE)


def test_a_script_that_got_into_a_page_would_not_run(browser: Browser, api: Served) -> None:
    with watched_page(browser, 1280) as window:
        window.go(f"{api.address}/news")
        window.page.evaluate(
            "const made = document.createElement('script'); made.textContent = 'window.ran = true';"
            "document.body.append(made);"
        )
        assert window.page.evaluate("window.ran") is None
        assert any("Content Security Policy" in error for error in window.errors)


def test_news_is_filtered_by_pair_and_score(opened: Open) -> None:
    page = opened("/news").page
    page.get_by_label("Pair").select_option("ETH/USDT")
    page.get_by_label("Score from").fill("0.8")
    page.get_by_role("button", name="Show").click()
    first = page.locator("#stories li").first
    expect(first).to_contain_text("first staking fund")
    assert "sample-halt" not in page.content()


def test_a_new_story_appears_by_itself(api: Served, opened: Open) -> None:
    page = opened("/news").page
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    # The page renews itself once when the stream opens; what comes after that must come by the stream.
    renewed = "performance.getEntriesByType('resource').some(each => each.initiatorType === 'fetch')"
    eventually(lambda: page.evaluate(renewed), "the page renewed itself")
    first = sample_batch(NOW).articles[0]
    row = replace(
        first, article_id="sample-new", title="A bridge between two chains opens", fetched=NOW, recorded=NOW
    )
    with closing(open_history(api.settings)) as history:
        history.write(Batch(articles=[row]))
    expect(page.locator("#stories li").first).to_contain_text("A bridge between two chains opens")


def test_a_trade_says_why_it_was_made(opened: Open) -> None:
    page = opened("/trades").page
    page.get_by_role("link", name="ETH/USDT #3").click()
    why = page.locator("section", has=page.get_by_role("heading", name="Why", exact=True))
    expect(why).to_contain_text("ETH/USDT")
    expect(
        page.locator("section", has=page.get_by_role("heading", name="The story behind it"))
    ).to_contain_text("first staking fund")
    expect(page.get_by_label("Entry rules").get_by_role("listitem")).to_have_count(6)


def test_scores_say_whether_they_were_any_good(api: Served, opened: Open) -> None:
    page = opened("/scores").page
    with closing(open_reader(api.settings)) as history:
        found = read_performance(history, days=7, now=NOW)
    expect(page.locator("#verdict")).to_have_text(found.verdict)
    overall = next(cell for cell in found.cells if (cell.group, cell.horizon) == ("all", "4h"))
    table = page.locator("section", has=page.get_by_role("heading", name="All", exact=True)).get_by_role(
        "table"
    )
    expect(table.get_by_role("cell").first).to_have_text(str(overall.events))


def test_the_slow_source_is_the_first_and_says_so(api: Served, opened: Open) -> None:
    page = opened("/sources").page
    expect(page.get_by_role("rowheader").first).to_have_text(SLOW)
    expect(page.locator(".note")).to_contain_text(f"Slowest: {SLOW}.")
    with closing(open_reader(api.settings)) as history:
        reported = {each.source for each in read_sources(history, api.settings, NOW).sources}
    assert set(page.get_by_role("rowheader").all_inner_texts()) == reported


def test_a_report_is_opened_in_place_with_its_plots(api: Served, opened: Open) -> None:
    figure = embedded(go.Figure(go.Scatter(y=[1, 2])), "chart")
    text = f"<!doctype html><title>Study</title><script>{get_plotlyjs()}</script>{figure}"
    keep_report(reports_folder(api.settings), "study", text, NOW)
    page = opened("/reports").page
    page.get_by_role("link", name="Study").click()
    expect(page.frame_locator("iframe").locator("#chart .main-svg").first).to_be_visible()


def test_entries_are_stopped_and_started_again(api: Served, opened: Open) -> None:
    page = opened("/scores", may_change=True).page
    page.get_by_role("button", name="Stop new entries").click()
    page.get_by_label("Why (others will read it)").fill("the feeds look odd")
    page.get_by_role("dialog").get_by_role("button", name="Stop new entries").click()
    expect(page.get_by_text("New entries: stopped")).to_be_visible()
    with connected_store(api.settings) as store:
        assert [hold.reason for hold in read_entries(store).holds] == ["the feeds look odd"]
    expect(page.locator("#why-stopped")).to_contain_text("operator: the feeds look odd, since ")
    page.get_by_role("button", name="Allow new entries").click()
    expect(page.get_by_text("New entries: allowed")).to_be_visible()
    expect(page.locator("#why-stopped")).to_have_text("")
    with connected_store(api.settings) as store:
        assert read_entries(store).entries == "allowed"


def test_an_answer_from_before_a_change_does_not_hide_it(api: Served, opened: Open) -> None:
    page = opened("/scores", may_change=True).page
    held: list[tuple[Route, APIResponse]] = []
    page.route(f"{api.address}/scores", lambda route: held.append((route, route.fetch())))

    def renewals(count: int) -> None:
        eventually(lambda: page.evaluate("true") and len(held) == count, f"{count} renewals were asked for")

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    renewals(1)
    page.get_by_role("button", name="Stop new entries").click()
    page.locator("#confirm-stop").click()
    expect(page.locator("#confirm-stop")).to_have_text("Working …")
    renewals(2)
    for route, answer in reversed(held):
        with page.expect_event("requestfinished"):
            route.fulfill(response=answer)
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_text("New entries: stopped")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Allow new entries").click()
    expect(page.get_by_text("New entries: allowed")).to_be_visible()


def test_a_store_without_a_record_of_holds_is_explained_and_begun(api: Served, opened: Open) -> None:
    with connected_store(api.settings) as store:
        store.holds.refuse()
    page = opened("/state", may_change=True).page
    why = page.locator("#why-stopped")
    expect(why).to_contain_text("Before the first ./cryptoboy up that is normal.")
    expect(page.get_by_role("link", name="Who stopped them")).to_have_count(0)
    page.get_by_role("button", name="Allow new entries").click()
    expect(why).to_have_text("")


def test_a_page_works_on_after_another_window_began_a_new_session(api: Served, browser: Browser) -> None:
    with watched_page(
        browser, 1280
    ) as window:  # the console shows the answer 403, at which the page takes the token
        first, second = window.page, window.page.context.new_page()
        for page in (first, second):
            page.goto(api.link())
            page.wait_for_url(f"{api.address}/")
            if page is first:
                first.get_by_role("button", name="Stop new entries").click()
        first.get_by_label("Why (others will read it)").fill("two windows")
        first.get_by_role("dialog").get_by_role("button", name="Stop new entries").click()
        expect(first.get_by_text("New entries: stopped")).to_be_visible()
        second.reload()
        second.get_by_role("button", name="Allow new entries").click()
        expect(second.get_by_text("New entries: allowed")).to_be_visible()


def test_who_may_only_read_is_told_how_to_change_something(api: Served, opened: Open) -> None:
    page = opened("/").page
    page.get_by_role("button", name="Stop new entries").click()
    expect(page.get_by_role("dialog")).to_contain_text("This browser may only read")
    with connected_store(api.settings) as store:
        assert read_entries(store).entries == "allowed"


def test_dead_letters_are_shown_replayed_and_dropped(api: Served, opened: Open) -> None:
    page = opened("/state?queue=raw_news_data", may_change=True).page
    letters = page.locator("#dead-letters li")
    expect(letters).to_have_count(2)
    letters.first.get_by_text("Show the message").click()
    expect(letters.first.get_by_label("Message")).to_contain_text("<b>No</b> article")
    page.get_by_role("button", name="Replay sample-letter-1").click()
    expect(letters).to_have_count(1)
    page.get_by_role("button", name="Drop sample-letter-2").click()
    expect(letters).to_have_count(0)
    assert ask(api, "/v1/dead_letters/raw_news_data")["dead_letters"] == []


def test_the_keyboard_reaches_the_content_and_the_dialog(opened: Open) -> None:
    page = opened("/", may_change=True).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("button", name="Stop new entries").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Stop new entries")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(api: Served, opened: Open, scheme: str) -> None:
    window = opened("/", scheme=scheme, width=390 if scheme == "dark" else 1280)
    found = {}
    for path in PATHS:
        window.go(f"{api.address}{path}")
        expect(window.page.get_by_role("heading", level=1)).to_be_visible()
        found[path] = serious_findings(window.page)
    assert found == {path: [] for path in PATHS}


def serious_findings(page: Page) -> list[str]:
    """What axe finds that is serious or critical. Its script is evaluated, which the policy of the page allows."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:150]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


def test_without_a_history_every_page_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, NOW, is_empty=True) as api, watched_page(browser, 390) as window:
        for path in ("/news", "/trades", "/scores", "/sources", "/reports"):
            window.go(f"{api.address}{path}")
            expect(window.page.locator(".empty")).to_contain_text(
                "./cryptoboy" if path != "/trades" else "Health"
            )
        window.go(f"{api.address}/")
        expect(window.page.get_by_text("No news of BTC was scored lately")).to_be_visible()
        expect(window.page.get_by_text("Nothing is running:")).to_be_visible()
        assert window.errors == []
