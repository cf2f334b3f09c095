"""`/v1/briefs` and the pages of the briefs, on a history with two of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.api.app import build_app
from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import BriefKind, BriefRow
from services.common.history.open import open_reader
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.settings import Settings
from services.operations.briefs.make import make_brief
from tests.support.briefs.recorded_day import END, day
from tests.support.history.history_samples import NOW


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    variables = {
        "STATE_DIR": str(tmp_path_factory.mktemp("briefs")),
        "BROKER": "embedded",
        "REDIS_PORT": "1",
        "TRADING_PAIRS": "BTC/USDT,ETH/USDT",
    }
    return Settings.load(variables)


@pytest.fixture(scope="module")
def kept(settings: Settings) -> tuple[BriefRow, BriefRow]:
    with closing(open_history(settings)) as writer, closing(open_reader(settings)) as reader:
        writer.write(day())
        daily, weekly = (
            make_brief(kind, reader, None, settings, now=END, since=NOW).row for kind in BriefKind
        )
    with closing(open_notifier_log(settings)) as log:
        log.write(NotifierBatch(briefs=[daily, replace(weekly, at=NOW)]))
    return daily, weekly


@pytest.fixture(scope="module")
def client(settings: Settings, kept: object) -> Iterator[TestClient]:
    with TestClient(build_app(settings), base_url="http://127.0.0.1:8110") as opened:
        yield opened


def test_the_briefs_are_listed_newest_first_and_by_kind(client: TestClient) -> None:
    both = client.get("/v1/briefs").json()
    assert [(each["kind"], each["day"]) for each in both["briefs"]] == [
        ("daily", "2026-11-21"),
        ("weekly", "2026-11-21"),
    ]
    assert [each["kind"] for each in client.get("/v1/briefs?kind=weekly").json()["briefs"]] == ["weekly"]
    first = client.get("/v1/briefs?limit=1").json()
    second = client.get("/v1/briefs", params={"limit": 1, "cursor": first["next"]}).json()
    assert [*first["briefs"], *second["briefs"]] == both["briefs"]
    assert client.get("/v1/briefs?cursor=nonsense").status_code == 404


def test_a_brief_is_answered_as_it_was_sent(client: TestClient, kept: tuple[BriefRow, BriefRow]) -> None:
    answer = client.get("/v1/briefs/daily/2026-11-21").json()
    assert answer["text"] == kept[0].text
    assert answer["figures"] == kept[0].body["figures"]
    assert answer["document"]["title"] == "Daily brief"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/briefs/daily/2026-11-20", 404),
        ("/v1/briefs/monthly/2026-11-21", 422),
        ("/v1/briefs/daily/yesterday", 422),
        ("/v1/briefs?kind=monthly", 422),
    ],
)
def test_what_is_not_there_is_refused(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_the_page_lists_the_briefs_and_shows_each_with_its_figures(
    client: TestClient, kept: tuple[BriefRow, BriefRow]
) -> None:
    listed = client.get("/briefs").text
    assert 'href="/briefs/daily/2026-11-21"' in listed
    assert 'href="/briefs/weekly/2026-11-21"' in listed
    shown = client.get("/briefs/daily/2026-11-21").text
    for figure in ("the price is 101.50, +1.50 % (+0.75 USDT)", "told by 3 sources (Wire 1, Wire 2, Wire 3)"):
        assert figure in shown
        assert figure in kept[0].text


def test_text_of_feeds_is_no_markup_on_the_page(client: TestClient) -> None:
    shown = client.get("/briefs/daily/2026-11-21").text
    assert "<b>Halt" not in shown
    assert "&lt;b&gt;Halt" in shown
    assert 'href="http://evil' not in shown


def test_no_brief_yet_is_said_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings.load({"STATE_DIR": str(tmp_path), "BROKER": "embedded", "REDIS_PORT": "1"})
    with TestClient(build_app(settings), base_url="http://127.0.0.1:8110") as client:
        assert "No brief was sent yet" in client.get("/briefs").text
        assert client.get("/v1/briefs").json() == {"briefs": [], "next": None}
