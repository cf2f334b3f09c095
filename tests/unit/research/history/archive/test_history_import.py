"""Import: every row is accounted for, repetitions are left out, and an interruption costs nothing."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import timedelta
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.data_ingestor.news.seen.article_id import article_id
from services.research.history.archive import importing
from services.research.history.archive.account import ImportReport
from services.research.history.archive.archive import Archive, partial_path
from services.research.history.archive.importing import ImportOptions, import_news
from services.research.history.archive.times import TimeFormat
from tests.support.research.history_samples import (
    COLUMNS,
    NOON,
    NOW,
    archived,
    make_archive,
    news_row,
    write_news,
)


def run(news: Path, out: Path, **options: object) -> ImportReport:
    return import_news(news, out, ImportOptions(**options), NOW)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    "name",
    [
        "n.csv",
        "n.csv.gz",
        "n.jsonl",
        "n.jsonl.gz",
        "n.ndjson",
        "N.CSV",
        "n.Csv.GZ",
        "n.csv.jsonl",
        "n.jsonl.csv",
    ],
)
def test_every_format_gives_the_same_archive(tmp_path: Path, name: str) -> None:
    rows = [news_row(number) for number in range(5)]
    report = run(write_news(tmp_path / name, rows), tmp_path / "a.sqlite")
    assert (report.account.rows, report.account.new) == (5, 5)
    assert archived(tmp_path / "a.sqlite") == archived(make_archive(tmp_path, rows, "other.sqlite"))


SHEET = [
    ["Published At", "Title", "Source", "URL", ""],
    ["12/31/2021 1:30 PM", "Börse: Bitcoin, Ether gain", "wire", "https://c.example/1", ""],
    ["1/2/2022 0:05", 'He said "up"', "wire", "https://c.example/2", ""],
]


@pytest.mark.parametrize(
    ("name", "separator", "encoding", "options"),
    [
        ("n.csv", ";", "utf-8", {}),
        ("n.csv", "\t", "utf-8-sig", {}),
        ("N.TSV", "\t", "utf-16", {}),
        ("n.csv", ",", "utf-16", {}),
        ("N.CSV", ";", "cp1252", {"encoding": "cp1252"}),
        ("n.csv", ";", "utf-8-sig", {"encoding": "cp1252"}),
    ],
)
def test_what_spreadsheets_write_is_imported(
    tmp_path: Path, name: str, separator: str, encoding: str, options: dict[str, str]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(SHEET)
    (tmp_path / name).write_bytes(text.getvalue().encode(encoding))
    out = tmp_path / "a.sqlite"
    run(tmp_path / name, out, style=TimeFormat.MONTH_FIRST, timezone="America/New_York", **options)
    assert [(title, published.isoformat()) for title, published, _ in archived(out)] == [
        ("Börse: Bitcoin, Ether gain", "2021-12-31T18:30:00+00:00"),
        ('He said "up"', "2022-01-02T05:05:00+00:00"),
    ]


def test_a_first_line_may_state_the_separator(tmp_path: Path) -> None:
    news = tmp_path / "n.csv"
    news.write_text("sep=|\n\npublished|title|source\n2025-05-01T12:00:00Z|Bitcoin; gains, again|wire\n")
    run(news, tmp_path / "a.sqlite")
    assert [title for title, _, _ in archived(tmp_path / "a.sqlite")] == ["Bitcoin; gains, again"]


def test_columns_of_other_names_show_the_separator_too(tmp_path: Path) -> None:
    news = tmp_path / "n.csv"
    news.write_text("Datum;Titel, kurz;Quelle\n2025-05-01T12:00:00Z;Bitcoin steigt;wire\n")
    mapping = {"published": "Datum", "title": "Titel, kurz", "source": "Quelle"}
    assert run(news, tmp_path / "a.sqlite", mapping=mapping).account.new == 1


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("n.csv", "published,title\n2025-05-01T12:00:00Z,B\xf6rse\n", {}, "is not UTF-8 .*--encoding cp1252"),
        ("n.csv", "published,title\n2025-05-01T12:00:00Z,B\x81\n", {"encoding": "cp1252"}, "is not cp1252"),
        ("n.csv", "published,title\n", {"encoding": "ansi-x"}, "--encoding ansi-x: no such encoding"),
        ("n.csv", "published|title|source\n", {}, "separated by commas, semicolons or tabs"),
        ("n.csv", "published,title,source\n12/31/2021 13:30,B,x\n", {}, "line 2: .*--times month-first"),
        ("n.csv", "published,title,source\n1640957400,B,x\n", {}, "line 2: .*--times .seconds"),
        ("n.csv", "sep=;\npublished;title;source\n2025-05-01 12:00;B;x\n", {}, "line 3: .*--timezone UTC"),
        ("n.csv", "published,title,source\n2025-05-01T12:00:00Z,B,C,x\n", {}, "line 2: .*without quotes"),
        ("n.xlsx", "PK", {}, "save the sheet as CSV in UTF-8"),
    ],
)
def test_a_refusal_names_the_line_and_the_option_that_helps(
    tmp_path: Path, name: str, content: str, options: dict[str, str], said: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(StopProgram, match=said):
        run(tmp_path / name, tmp_path / "a.sqlite", **options)


def test_an_article_has_the_identity_that_the_poller_gives_it(tmp_path: Path) -> None:
    row = news_row(1, url="https://www.news.example/1?utm_source=feed#top")
    with Archive.open(make_archive(tmp_path, [row])) as archive:
        (article,) = archive.articles()
    assert article.article_id == article_id("https://news.example/1", "wire", row["title"])


def test_repetitions_are_left_out_whatever_tracks_their_readers(tmp_path: Path) -> None:
    rows = [news_row(1), news_row(2), news_row(1, url="http://www.news.example/1/?utm_medium=mail")]
    report = run(write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite")
    assert (report.account.new, report.account.duplicates, report.articles) == (2, 1, 2)


@pytest.mark.parametrize(("batch", "link"), [(1, ""), (100, ""), (100, "https://news.example/")])
def test_a_title_without_a_page_is_a_repetition_only_within_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, link: str
) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", batch)
    hours = [30, 0, 3, 54, 31, 54]
    rows = [
        news_row(0, title="Market wrap", url=link, published=(NOON + timedelta(hours=hour)).isoformat())
        for hour in hours
    ]
    out = tmp_path / "a.sqlite"
    report = run(write_news(tmp_path / "n.csv", rows), out)
    assert (report.account.new, report.account.duplicates) == (3, 3)
    assert [(published - NOON) / timedelta(hours=1) for _, published, _ in archived(out)] == [0, 30, 54]
    more = [news_row(0, title="Market wrap", url=link, published=(NOON + timedelta(hours=55)).isoformat())]
    assert run(write_news(tmp_path / "more.csv", more), out).account.duplicates == 1
    with Archive.open(out) as archive:
        assert article_id("", "wire", "Market wrap") in {article.article_id for article in archive.articles()}


@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_versions_the_one_known_first_stays_in_whatever_order_they_come(
    tmp_path: Path, reverse: bool
) -> None:
    late = (NOON + timedelta(hours=3)).isoformat()
    rows = [
        news_row(1, title="Bitcoin as it was first told"),
        news_row(1, title="Corrected", first_seen=late),
    ]
    out = make_archive(tmp_path, reversed(rows) if reverse else rows)
    assert [title for title, _, _ in archived(out)] == ["Bitcoin as it was first told"]


def test_an_article_is_known_at_the_later_of_first_seen_and_published(tmp_path: Path) -> None:
    rows = [
        news_row(0),
        news_row(1, first_seen=""),
        news_row(2, first_seen=(NOON - timedelta(hours=1)).isoformat()),
    ]
    out = make_archive(tmp_path, rows)
    known = {title[-2]: known_at - NOON for title, _, known_at in archived(out)}
    assert known == {"0": timedelta(minutes=10), "1": timedelta(minutes=1), "2": timedelta(minutes=2)}
    with Archive.open(out) as archive:
        assert archive.imports()[0].report["odd"] == {"no_first_seen": 1, "first_seen_before_published": 1}


def test_a_title_comes_without_its_publisher_and_keeps_the_identity_that_it_had(tmp_path: Path) -> None:
    title = "Ether slides as funds leave"
    rows = [
        news_row(1, title=f"{title} - Bitcoin News", text=f"{title} Bitcoin News", url=""),
        news_row(2, title=f"{title} | Der Krypto-Bote", source="der krypto-bote"),
        news_row(3, title=f"{title} - Wire"),
        news_row(4, title="Ethereum vs. Solana - Bitcoin"),
    ]
    with Archive.open(make_archive(tmp_path, rows)) as archive:
        articles = list(archive.articles())
    assert [one.title for one in articles] == [title, title, title, "Ethereum vs. Solana - Bitcoin"]
    assert articles[0].summary == title
    assert articles[0].article_id == article_id("", "wire", f"{title} - Bitcoin News")


@pytest.mark.parametrize(
    "source",
    ["", "n/a", "\u65e5\u672c\u7d4c\u6e08", "\x01\x02", "...", "--", "1234", "s" * 65, "We report " * 20],
)
def test_a_source_that_cannot_be_a_name_is_the_host_of_the_link(tmp_path: Path, source: str) -> None:
    out = make_archive(tmp_path, [news_row(1, source=source)])
    with Archive.open(out) as archive:
        (article,) = archive.articles()
        assert article.source == "news.example"
        assert archive.imports()[0].report["odd"] == {"source_taken_from_link": 1}


def test_without_a_link_a_source_is_whatever_of_it_can_be_a_name(tmp_path: Path) -> None:
    rows = [
        news_row(1, source="1234", url=""),
        news_row(2, source="s" * 70, url=""),
        news_row(3, source="...", url=""),
    ]
    report = run(write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite")
    with Archive.open(tmp_path / "a.sqlite") as archive:
        assert [article.source for article in archive.articles()] == ["1234", "s" * 64]
    assert report.account.dropped == {"no_source": 1}


def test_rows_that_are_no_article_are_dropped_with_the_reason_and_the_line(tmp_path: Path) -> None:
    rows = [
        news_row(1),
        news_row(2, title=" <b></b> "),
        news_row(3, published=""),
        news_row(4, published="the day before"),
        news_row(5, first_seen="later"),
        news_row(6, published="2031-01-01T00:00:00Z"),
        news_row(7, source="", url=""),
    ]
    account = run(write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite").account
    assert account.dropped == {
        "no_title": 1,
        "no_published_time": 1,
        "unreadable_published_time": 1,
        "unreadable_first_seen": 1,
        "dated_in_the_future": 1,
        "no_source": 1,
    }
    assert account.examples["unreadable_published_time"][0].startswith("line 5: 'the day before'")
    assert account.rows == account.new + account.duplicates + account.dropped.total()


def test_a_stated_zone_overrides_no_offset_and_no_half_of_the_day(tmp_path: Path) -> None:
    times = {
        "Wed Dec 01 2021 10:00:00 GMT-0500 (Eastern Standard Time)": 15,
        "Dec 1, 2021, 10:00 PM": 22,
        "Wed, 01 Dec 2021 10:00:00 -05:00": 15,
        "Wed, 01 Dec 2021 10:00:00 HST": 20,
    }
    rows = [news_row(n, title=f"News {n}", published=text, first_seen="") for n, text in enumerate(times)]
    run(write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite", timezone="UTC")
    assert {int(title[-1]): known_at.hour for title, _, known_at in archived(tmp_path / "a.sqlite")} == dict(
        enumerate(times.values())
    )


def test_a_zone_that_is_not_understood_is_named_with_file_and_line(tmp_path: Path) -> None:
    rows = [news_row(1), news_row(2, published="Wed, 01 Dec 2021 10:00:00 XYZ")]
    account = run(write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite", timezone="UTC").account
    (example,) = account.examples["unreadable_published_time"]
    assert example.startswith(
        "line 3: 'Wed, 01 Dec 2021 10:00:00 XYZ': 'XYZ' is no zone whose offset is known"
    )
    ambiguous = write_news(tmp_path / "m.csv", [news_row(1, published="Wed, 01 Dec 2021 10:00:00 IST")])
    with pytest.raises(StopProgram, match=r"m\.csv, line 2: published .* IST is the name of several zones"):
        run(ambiguous, tmp_path / "b.sqlite", timezone="UTC")


def test_markup_and_names_become_what_messages_may_carry(tmp_path: Path) -> None:
    row = news_row(1, title="<b>Bitcoin &amp; Ether</b>\u200b rise", source="The Daily Coin!")
    with Archive.open(make_archive(tmp_path, [row])) as archive:
        (article,) = archive.articles()
    assert (article.title, article.source) == ("Bitcoin & Ether rise", "The_Daily_Coin")


def test_a_second_file_adds_and_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    out = make_archive(tmp_path, [news_row(1)])
    more = write_news(tmp_path / "more.csv", [news_row(1), news_row(2)])
    assert run(more, out).account.new == 1
    again = run(more, out)
    assert again.already_there
    assert again.articles == 2


def interrupt(_done: int, _size: int) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_import_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 4)
    rows = [news_row(number % 9) for number in range(10)] + [news_row(3, published="no time")]
    news, out = write_news(tmp_path / "n.csv", rows), tmp_path / "a.sqlite"
    with pytest.raises(KeyboardInterrupt):
        import_news(news, out, ImportOptions(), NOW, interrupt)
    assert not out.exists()
    with pytest.raises(StopProgram, match="interrupted"):
        Archive.open(out)
    report = run(news, out)
    assert report.resumed_at_row == 4
    whole = run(news, tmp_path / "whole.sqlite")
    assert report.account == whole.account
    assert archived(out) == archived(tmp_path / "whole.sqlite")
    assert not partial_path(out).exists()


def test_another_file_does_not_finish_an_interrupted_import(tmp_path: Path) -> None:
    out = tmp_path / "a.sqlite"
    with pytest.raises(KeyboardInterrupt):
        import_news(write_news(tmp_path / "n.csv", [news_row(1)]), out, ImportOptions(), NOW, interrupt)
    with pytest.raises(StopProgram, match="left by an import of another file"):
        run(write_news(tmp_path / "other.csv", [news_row(2)]), out)


def cut(path: Path, keep: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    many = [news_row(number) for number in range(300)]
    quoted = write_news(folder / "quote.csv", [news_row(1)])
    quoted.write_text(quoted.read_text() + '2025-05-01T12:00:00Z,"Bitcoin never clo')
    latin = write_news(folder / "latin.csv", [news_row(1)])
    latin.write_bytes(latin.read_bytes() + "2025-05-01T12:00:00Z,Börse,x,,,\n".encode("latin-1"))
    fake = folder / "fake.csv.gz"
    fake.write_bytes(b"published,title\n")
    no_object = folder / "list.jsonl"
    no_object.write_text("[1, 2]\n")
    empty = folder / "empty.csv"
    empty.touch()
    later_key = [{k: v for k, v in news_row(1).items() if k != "first_seen"}, news_row(2)]
    return {
        "cut_csv": (cut(write_news(folder / "cut.csv", many), 0.5), "line 1.*cells, expected 6"),
        "cut_gzip": (cut(write_news(folder / "cut.csv.gz", many), 0.5), "cannot be unpacked after line"),
        "cut_json": (cut(write_news(folder / "cut.jsonl", many), 0.5), "line 1.*no JSON object"),
        "open_quote": (quoted, "is no CSV after line"),
        "not_utf8": (latin, "is not UTF-8"),
        "not_gzip": (fake, "cannot be unpacked|no gzip"),
        "json_list": (no_object, "line 1: no JSON object"),
        "late_key": (write_news(folder / "late.jsonl", later_key), "line 2: 'first_seen'"),
        "empty": (empty, "is empty"),
        "only_header": (write_news(folder / "header.csv", []), "no rows"),
        "naive": (write_news(folder / "n.csv", [news_row(1, published="2025-05-01 12:00:00")]), "line 2: published"),
        "day": (write_news(folder / "d.csv", [news_row(1, first_seen="2025-05-01")]), "line 2: first_seen"),
        "nothing": (write_news(folder / "u.csv", [news_row(1, title="")]), "none of 1 rows is usable.*line 2"),
        "columns": (write_news(folder / "c.csv", [], COLUMNS[1:]), "line 1: no column for published"),
        "missing": (folder / "absent.csv", "is not there"),
        "suffix": (folder / "news.xlsx", "expected a name that ends with"),
    }  # fmt: skip


CASES = [
    "cut_csv", "cut_gzip", "cut_json", "open_quote", "not_utf8", "not_gzip", "json_list", "late_key", "empty",
    "only_header", "naive", "day", "nothing", "columns", "missing", "suffix",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused_by_name_and_leaves_an_archive_as_it_was(tmp_path: Path, case: str) -> None:
    out = make_archive(tmp_path, [news_row(900)])
    before = out.read_bytes()
    path, said = bad_files(tmp_path)[case]
    for target in (out, tmp_path / "new.sqlite"):
        with pytest.raises(StopProgram, match=said) as refused:
            run(path, target)
        assert str(path) in str(refused.value)
        assert not partial_path(target).exists()
    assert out.read_bytes() == before
    assert not (tmp_path / "new.sqlite").exists()


def test_every_bad_file_has_its_test(tmp_path: Path) -> None:
    assert sorted(bad_files(tmp_path)) == sorted(CASES)


def test_a_file_that_is_no_archive_is_not_written_into(tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_bytes(gzip.compress(b"something else"))
    before = out.read_bytes()
    with pytest.raises(StopProgram, match="cannot be used as a news archive"):
        run(write_news(tmp_path / "n.csv", [news_row(1)]), out)
    assert out.read_bytes() == before


def test_a_last_line_without_an_end_is_reported(tmp_path: Path) -> None:
    news = write_news(tmp_path / "n.csv", [news_row(1)])
    news.write_text(news.read_text().rstrip("\r\n"))
    assert run(news, tmp_path / "a.sqlite").account.odd["last_line_without_end_maybe_cut_off"] == 1
