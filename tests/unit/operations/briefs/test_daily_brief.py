"""The daily brief says what was recorded, with the figures of the page, in every form, and never more."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from services.common.history.notifying.rows import BriefKind
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.common.text.telegram_html import MOST, units
from services.operations.briefs.document import Document, Section, document_of, line, quoted
from services.operations.briefs.make import Made, make_brief
from services.operations.briefs.render import page, telegram, text
from services.operations.news.stories import StoryFilter, list_stories
from services.operations.performance import read_performance
from services.operations.portfolio import read_portfolio
from services.operations.words import amount, percent, score
from tests.support.briefs.recorded_day import END, HOSTILE, day
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, at


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        state_dir=tmp_path_factory.mktemp("day"),
        brief_timezone="Europe/Berlin",
        trading_pairs=("BTC/USDT", "ETH/USDT"),
    )


@pytest.fixture(scope="module")
def history(settings: Settings) -> Iterator[HistoryReader]:
    with closing(open_history(settings)) as writer:
        writer.write(day())
    with closing(open_reader(settings)) as reader:
        yield reader


@pytest.fixture(scope="module")
def made(history: HistoryReader, settings: Settings) -> Made:
    return make_brief(BriefKind.DAILY, history, None, settings, now=END, since=NOW)


def lines_of(made: Made, title: str) -> list[str]:
    (section,) = [each for each in made.document.sections if each.title == title]
    return ["".join(span.text for span in row) for row in section.lines]


def test_the_mood_of_each_pair_is_told_with_its_change(made: Made) -> None:
    bitcoin, ether, of_history = lines_of(made, "Mood of the pairs")
    assert bitcoin.startswith("BTC/USDT: −0.80, very bearish, from 2 signals; +0.30 before, a change of −1.")
    assert ether == "ETH/USDT: no sentiment that the strategy would use (none before)."
    assert of_history.startswith("Redis was not read, so these are the moods of the recorded signals")


def test_the_story_that_most_publishers_told_is_first_and_says_from_whom_and_how_sure(made: Made) -> None:
    first, second = lines_of(made, "The stories that most sources told")
    assert first == (
        "“Exchange halts withdrawals”: withdrawal halt; told by 3 sources (Wire 1, Wire 2, Wire 3), first at 10:56; "
        "scored BTC/USDT −0.78, very bearish, confidence 0.80."
    )
    assert "told by Blog alone" in second


def test_each_open_trade_is_told_with_its_price_and_its_why(made: Made) -> None:
    ether, _, bitcoin, why = lines_of(made, "Open trades")
    assert bitcoin.startswith(
        "BTC/USDT long, trade 1, opened 2026-11-20 13:01 CET at 100.00 with a stake of 50.00 USDT"
    )
    assert bitcoin.endswith("the price is 101.50, +1.50 % (+0.75 USDT).")
    assert why.startswith("Why: ")
    assert "told by Blog alone" in why
    assert ether.endswith("the price is 2,970.00, −1.00 % (−0.25 USDT).")


def test_what_the_news_says_of_what_is_held_is_told(made: Made) -> None:
    held = lines_of(made, "News of what is held")
    assert [row.partition(":")[0] for row in held] == ["ETH/USDT", "BTC/USDT"]
    assert "Exchange halts withdrawals" in held[1]


def test_blocked_entries_and_holds_are_told_with_their_reasons(made: Made) -> None:
    assert lines_of(made, "Blocked, and why") == [
        "BTC/USDT: an entry was asked for at 1 candle (14:00) and blocked: hack, 2 h old.",
        "2026-11-20 14:06 CET: the hold of operator was set (maintenance).",
        "2026-11-20 14:16 CET: the hold of operator was lifted.",
        "2026-11-21 11:13 CET: the hold of risk was set (daily loss).",
        "Entries are held by risk (daily loss) until it is lifted.",
    ]


def test_a_source_that_usually_tells_every_day_and_did_not_is_told(made: Made) -> None:
    (silent,) = lines_of(made, "Silent sources")
    assert silent.startswith("Quiet: nothing since 2026-11-19 09:13 CET; usually 4.0 articles a day.")


def test_how_the_strong_scores_did_is_told_with_its_doubt(made: Made) -> None:
    told = lines_of(made, "How the strong scores did")
    assert told[0] == "3 scores were at least +0.70 or at most −0.70."
    assert told[1].startswith(
        "After 1h: 2 of 2 times the price had moved in the direction of the score. The average move in that direction "
        "is +1.50 %; "
    )
    assert told[2] == "After 4h: nothing is known yet."
    assert "too few scores to tell this from chance" in told[3]


def test_the_figures_are_those_of_the_page(made: Made, history: HistoryReader) -> None:
    portfolio = read_portfolio(history, "1m", END)
    for position in portfolio.positions:
        assert percent(position.change) in made.row.text
    (closed,) = portfolio.periods[0].closed
    assert f"1 trade closed, 0 with a gain: {amount(closed.profit)} USDT after fees" in made.row.text
    for story in list_stories(history, StoryFilter(since=NOW)).stories:
        for each in story.scores:
            assert f"{each.pair} {score(each.score)}" in made.row.text
    measured = read_performance(history, start=NOW, end=END, now=END).signals
    assert measured["1h"] == made.row.body["figures"]["strong"]["moves"][0]["measured"]


def test_no_brief_says_what_to_do(made: Made, history: HistoryReader, settings: Settings) -> None:
    weekly = make_brief(BriefKind.WEEKLY, history, None, settings, now=END)
    for told in (made.row.text, weekly.row.text):
        assert not re.search(
            r"\b(buy|sell|should|recommend|go (long|short)|take profit)\b", told, re.IGNORECASE
        )
        assert "no advice" in told


def test_a_brief_without_any_data_says_so_and_no_more(tmp_path: object, sqlite_history: Settings) -> None:
    with closing(open_history(sqlite_history)) as writer, closing(open_reader(sqlite_history)) as reader:
        writer.check()
        for kind in BriefKind:
            made = make_brief(kind, reader, None, sqlite_history, now=END)
            assert made.document.sections[0].title == "Nothing was recorded"
            assert "nothing is known of it" in made.row.text
        writer.write(Batch(trades=[some.trade(1)]))
        made = make_brief(BriefKind.DAILY, reader, None, sqlite_history, now=END)
    assert made.document.sections[0].title == "Nothing was recorded"
    assert "trade 1, opened" in made.row.text


def test_nothing_of_after_its_end_is_in_a_brief(history: HistoryReader, settings: Settings) -> None:
    early = make_brief(BriefKind.DAILY, history, None, settings, now=at(3_600)).row.text
    assert "Exchange halts" not in early
    assert "hold of risk" not in early
    assert "trade 3, opened" in early  # which was closed later
    assert "No trade was closed." in early


def test_a_brief_is_kept_as_json_and_becomes_the_same_document_again(made: Made) -> None:
    body = json.loads(json.dumps(made.row.body))
    assert document_of(body["document"]) == made.document
    assert (made.row.kind, made.row.day.isoformat(), made.row.at) == (BriefKind.DAILY, "2026-11-21", END)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(markup: str) -> Tags:
    tags = Tags()
    tags.feed(markup)
    assert tags.open == []
    return tags


def test_text_of_feeds_is_no_markup_link_or_command_in_any_form(made: Made) -> None:
    assert HOSTILE not in made.row.text
    assert "/pause" not in made.row.text
    assert "http://evil" not in made.row.html + made.row.text
    shown = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "a", "b"}
    assert {tag for tag, _ in parsed(made.row.html).seen} <= shown
    for part in made.telegram:
        links = [attrs["href"] for tag, attrs in parsed(part).seen if tag == "a"]
        assert {tag for tag, _ in parsed(part).seen} <= {"a", "b"}
        assert all(str(url).startswith("https://news.example/") for url in links)
        assert "&lt;b&gt;Halt" in part


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "tg://resolve?domain=x", 'https://x.example/"><script>', ""]
)
def test_a_link_leads_to_the_web_only(url: str) -> None:
    document = Document("T", "L", (Section("S", (line(quoted("label", url)),)),), "F")
    for markup in (page(document), *telegram(document)):
        assert "href" not in markup or html.escape(url) in markup
        assert "<script" not in markup


def test_a_long_brief_is_several_messages_with_whole_tags_and_nothing_lost() -> None:
    rows = tuple(
        line(quoted(f"<{number}> \U0001f600" + "x" * 150, "https://news.example/")) for number in range(60)
    )
    document = Document("T", "L", (Section("S", rows),), "F")
    parts = telegram(document)
    assert len(parts) > 1
    assert all(units(part) <= MOST for part in parts)
    assert sum(len([tag for tag, _ in parsed(part).seen if tag == "a"]) for part in parts) == 60
    assert text(document).count("\n- ") == 60


def test_a_period_may_be_longer_than_a_day(history: HistoryReader, settings: Settings) -> None:
    late = make_brief(
        BriefKind.DAILY, history, None, settings, now=END + timedelta(hours=5), since=NOW, day=NOW.date()
    )
    assert late.document.lead == "From 2026-11-20 13:00 CET to 2026-11-21 18:00 CET."
    assert late.row.day == NOW.date()
