from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from services.common.clock import to_ms
from services.common.errors import StopProgram, TryLater
from services.common.messages import NewsArticle
from services.data_ingestor.news.seen import file as news_seen_file
from services.data_ingestor.news.seen import seen as news_seen
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.turns.quota import Allowance
from tests.support.news.news_samples import NOW

LATER = NOW + timedelta(days=1)


def article(identity: str, source: str = "paper") -> NewsArticle:
    return NewsArticle(
        article_id=identity, source=source, title="Bitcoin climbs", link="", published=NOW, fetched_at=NOW
    )


def aged(identity: str, hours: int, source: str = "paper") -> NewsArticle:
    """An article published so many hours ago."""
    return article(identity, source).model_copy(update={"published": NOW - timedelta(hours=hours)})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "seen.sqlite3"


def test_a_noted_article_waits_until_it_is_confirmed(path: Path) -> None:
    seen = SeenArticles(path)
    assert seen.note([article("b"), article("a")], [], "paper", NOW) == 2
    assert [one.article_id for one in seen.waiting(10)] == ["b", "a"]
    assert seen.waiting(1)[0].body == article("b").encode()
    seen.confirm(["b"])
    assert [one.article_id for one in seen.waiting(10)] == ["a"]
    assert seen.waiting_count == 1
    seen.close()


def test_what_was_seen_and_what_waits_survives_a_restart(path: Path) -> None:
    first = SeenArticles(path)
    first.note([article("a"), article("b")], ["old"], "paper", NOW)
    first.confirm(["a"])
    first.close()
    second = SeenArticles(path)
    assert second.known(["a", "b", "old", "new"], NOW) == {"a", "b", "old"}
    assert [one.article_id for one in second.waiting(10)] == ["b"]
    assert second.waiting_count == 1
    second.close()


def test_an_end_without_warning_loses_nothing(path: Path) -> None:
    first = SeenArticles(path)
    first.note([article("a")], [], "paper", NOW)
    second = SeenArticles(path)  # as after a crash: the first was never closed
    assert [one.article_id for one in second.waiting(10)] == ["a"]
    first.close()
    second.close()


def test_an_article_that_is_noted_again_waits_once(path: Path) -> None:
    seen = SeenArticles(path)
    assert seen.note([article("a")], [], "paper", NOW) == 1
    assert seen.note([article("a"), article("b")], [], "paper", NOW) == 1
    assert [one.article_id for one in seen.waiting(10)] == ["a", "b"]
    seen.confirm(["a"])
    assert seen.note([article("a")], ["a"], "paper", NOW) == 0
    assert [one.article_id for one in seen.waiting(10)] == ["b"]
    seen.close()


def file_of_version_1(path: Path) -> None:
    """What the first release left: `seen` and `waits` listed by paper, `dismissed` by rival."""
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE articles (article_id TEXT PRIMARY KEY, source TEXT NOT NULL, listed_ms INTEGER NOT NULL, "
            "body BLOB); CREATE INDEX waiting ON articles (source) WHERE body IS NOT NULL; PRAGMA user_version = 1;"
        )
        db.executemany(
            "INSERT INTO articles VALUES (?, ?, ?, ?)",
            [
                ("seen", "paper", to_ms(NOW), None),
                ("waits", "paper", to_ms(NOW), article("waits").encode()),
                ("dismissed", "rival", to_ms(NOW), None),
            ],
        )
    db.close()


def test_what_a_former_release_saw_stays_seen_for_the_source_that_listed_it(path: Path) -> None:
    file_of_version_1(path)
    former = {"new": "seen", "new-waits": "waits", "new-dismissed": "dismissed"}
    seen = SeenArticles(path)
    assert seen.known(tuple(former), NOW, former, "paper") == {"new", "new-waits"}
    assert seen.known(tuple(former), NOW, former, "rival") == {
        "new",
        "new-dismissed",
    }  # those have present ids now
    assert seen.known(tuple(former), NOW, former, "third") == {"new", "new-dismissed"}
    seen.close()


def test_what_a_former_release_left_waiting_is_published_once_under_its_former_id(path: Path) -> None:
    file_of_version_1(path)
    seen = SeenArticles(path)
    former = {"new-waits": "waits"}
    assert seen.known(["new-waits"], NOW, former, "paper") == {"new-waits"}
    assert [(one.article_id, one.body) for one in seen.waiting(10)] == [("waits", article("waits").encode())]
    seen.confirm(["waits"])
    assert seen.known(["new-waits"], LATER, former, "paper") == {"new-waits"}
    seen.close()
    again = SeenArticles(path)
    assert again.known(["new-waits"], LATER, {}, "paper") == {"new-waits"}
    assert again.waiting_count == 0
    again.close()


def test_a_conversion_that_was_interrupted_is_done_at_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of_version_1(path)

    def crash(*_: object) -> int:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(news_seen_file, "_published_ms", crash)
        with pytest.raises((SystemExit, StopProgram)):
            SeenArticles(path)
    seen = SeenArticles(path)
    assert seen.waiting_count == 1
    assert seen.known(["new"], NOW, {"new": "seen"}, "Paper") == {"new"}
    seen.close()


def test_two_sources_may_note_at_the_same_time(path: Path) -> None:
    seen = SeenArticles(path)

    def note(source: str) -> None:
        for number in range(50):
            seen.note([article(str(number), source)], [], source, NOW)

    threads = [threading.Thread(target=note, args=(source,)) for source in ("paper", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen.waiting(1000)) == 50
    seen.close()


def test_what_no_feed_lists_any_more_is_forgotten_unless_it_waits(path: Path) -> None:
    seen = SeenArticles(path)
    seen.note([article("done"), article("waits")], ["listed", "gone"], "paper", NOW)
    seen.confirm(["done"])
    seen.known(["listed"], LATER)
    assert seen.purge(LATER) == 2
    assert seen.known(["done", "waits", "listed", "gone"], LATER) == {"waits", "listed"}
    seen.close()


def test_of_a_source_that_lists_without_end_what_it_listed_last_is_remembered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news_seen, "MOST_SEEN", 3)
    seen = SeenArticles(path)
    flood = [f"f{number}" for number in range(9)]
    seen.note([article("waits", "flood")], flood, "flood", NOW)
    seen.note([], ["a", "b", "c"], "paper", NOW)
    assert seen.known(flood[:2], LATER) == {"f0", "f1"}
    assert seen.purge(NOW) == 6
    assert seen.known(["waits", *flood, "a", "b", "c"], LATER) == {"waits", "f0", "f1", "f8", "a", "b", "c"}
    assert seen.purge(NOW) == 0
    seen.close()


def test_articles_wait_in_bounded_number(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news_seen, "MAX_WAITING", 2)
    seen = SeenArticles(path)
    seen.note([article("a"), article("b")], [], "paper", NOW)
    with pytest.raises(TryLater, match="2 articles already wait"):
        seen.note([article("c")], ["old"], "paper", NOW)
    assert seen.known(["c", "old"], NOW) == frozenset()
    seen.confirm(["a"])
    assert seen.note([article("c")], [], "paper", NOW) == 1
    seen.close()


def test_each_owner_of_sources_has_his_part_of_what_may_wait(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news_seen, "MAX_WAITING", 4)
    seen = SeenArticles(path, {"paper": "House", "gazette": "house", "other": ""})
    assert seen.note([article("a")], [], "paper", NOW) == 1
    assert seen.note([article("b", "gazette")], [], "gazette", NOW) == 1
    assert [seen.room(source) for source in ("paper", "gazette", "other")] == [0, 0, 2]
    with pytest.raises(TryLater, match="1 articles already wait"):
        seen.note([article("c")], [], "paper", NOW)
    assert seen.note([article("c", "other"), article("d", "other")], [], "other", NOW) == 2
    seen.close()


def test_the_newest_of_an_owner_are_found_in_the_order_in_which_they_were_noted(path: Path) -> None:
    seen = SeenArticles(path, {"paper": "house", "gazette": "house", "other": ""})
    seen.note([aged("p3", 3), aged("p1", 1)], [], "paper", NOW)
    seen.note([aged("g2", 2, "gazette"), aged("g0", 0, "gazette")], [], "gazette", NOW)
    seen.note([aged("o0", 0, "other")], [], "other", NOW)
    assert seen.newest("house", 3) == ["p1", "g2", "g0"]
    assert seen.newest("house", 0) == []
    seen.confirm(["g0"])
    assert [one.article_id for one in seen.articles(["g2", "g0", "p1"])] == ["g2", "p1"]
    seen.close()


def test_what_has_waited_until_it_was_too_old_counts_as_seen_and_is_counted(path: Path) -> None:
    seen = SeenArticles(path)
    seen.note([aged("old", 3), aged("older", 4), aged("new", 1)], [], "paper", NOW)
    assert seen.expire(NOW - timedelta(hours=2)) == {"paper": 2}
    assert [one.article_id for one in seen.waiting(10)] == ["new"]
    assert seen.known(["old", "older"], NOW) == {"old", "older"}
    assert seen.expire(NOW - timedelta(hours=2)) == {}
    seen.close()


def test_what_is_left_of_a_quota_is_kept_with_what_was_published(path: Path) -> None:
    seen = SeenArticles(path)
    seen.note([article("a")], [], "paper", NOW)
    seen.confirm(["a"], {"paper": Allowance(2.5, 7)})
    seen.close()
    again = SeenArticles(path)
    assert again.allowances() == {"paper": Allowance(2.5, 7)}
    again.close()


@pytest.mark.parametrize(
    "content", [b"this is no database, and never was one", b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_file_ends_the_start_with_the_way_out(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StopProgram, match="move the file away"):
        SeenArticles(path)


def test_a_file_from_before_there_were_quotas_is_used_on(path: Path) -> None:
    seen = SeenArticles(path)
    seen.note([article("a")], [], "paper", NOW)
    seen.close()
    with sqlite3.connect(path) as db:
        db.executescript("DROP TABLE allowances; PRAGMA user_version = 2;")
    db.close()
    seen = SeenArticles(path)
    assert (seen.allowances(), seen.waiting_count) == ({}, 1)
    seen.close()


def test_a_file_of_a_later_version_ends_the_start(path: Path) -> None:
    SeenArticles(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StopProgram, match=r"version is 99.*install that one again"):
        SeenArticles(path)


def test_a_folder_that_cannot_be_made_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StopProgram, match="STATE_DIR"):
        SeenArticles(tmp_path / "file" / "seen.sqlite3")


def test_a_file_that_another_holds_is_tried_again_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news_seen, "BUSY_TIMEOUT_SECONDS", 0.0)
    seen = SeenArticles(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryLater, match="locked"):
        seen.note([article("a")], [], "paper", NOW)
    assert not seen.health().ok
    other.execute("ROLLBACK")
    other.close()
    assert seen.note([article("a")], [], "paper", NOW) == 1
    assert seen.health().ok
    seen.close()


def test_closing_twice_does_no_harm(path: Path) -> None:
    seen = SeenArticles(path)
    seen.close()
    seen.close()
    with pytest.raises(TryLater):
        seen.waiting(1)
