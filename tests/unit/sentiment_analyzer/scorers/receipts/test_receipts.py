"""Receipts: kept once, found again, and shared by threads and processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.errors import CannotSay, StopProgram, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.values import EventType
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import Abstained, AssetScore, Scores, Usage
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, ReceiptKey, Receipts, content_hash
from services.sentiment_analyzer.scorers.receipts.scorer import ReceiptScorer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BTC, ETH = Asset(ticker="BTC", name="Bitcoin"), Asset(ticker="ETH", name="Ethereum")
TEXT = ArticleText("Bitcoin rises", "A little.")
USAGE = Usage("sha256:1", '{"BTC": ...}', 1, 400, 30, 1.5)
SCORE = AssetScore(0.4, 0.6, "funds buy", EventType.ADOPTION)


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[Receipts]:
    store = Receipts(tmp_path / "state" / "receipts.sqlite")
    yield store
    store.close()


def key(content: str = "c") -> ReceiptKey:
    return ReceiptKey(content, "mistral:7b", "sha256:1", 2)


class Counting:
    """A scorer that counts what it is asked, and says what it is told to."""

    name = "counting"
    articles_at_once = 1
    patience = 0.0

    def __init__(self) -> None:
        self.model, self.weights, self.asked = "m:1", "sha256:1", 0
        self.answer: Scores | Exception = Scores("m:1", {"BTC": SCORE}, usage=(USAGE,))

    def score(self, _text: ArticleText, _assets: Sequence[Asset]) -> Scores:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def check(self) -> None: ...

    def close(self) -> None: ...

    def digest(self) -> str:
        return self.weights

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=True, detail="")


def keeping(scorer: Counting, receipts: Receipts, prompt_version: int = 2) -> ReceiptScorer:
    return ReceiptScorer(scorer, receipts, prompt_version=prompt_version, clock=ManualClock(NOON))


def test_a_receipt_is_found_as_it_was_put(receipts: Receipts) -> None:
    receipt = Receipt(key(), NOON, {"BTC": SCORE}, "", (USAGE,))
    receipts.put(receipt)
    assert receipts.get(key()) == receipt
    assert receipts.get(key("another")) is None


def test_the_first_receipt_under_a_key_stays(receipts: Receipts) -> None:
    receipts.put(Receipt(key(), NOON, {"BTC": SCORE}))
    receipts.put(Receipt(key(), NOON, {}, "cannot say"))
    found = receipts.get(key())
    assert found is not None
    assert found.scores == {"BTC": SCORE}


def test_a_kind_of_news_that_a_newer_version_wrote_is_other(receipts: Receipts, tmp_path: Path) -> None:
    receipts.put(Receipt(key(), NOON, {"BTC": SCORE}))
    with sqlite3.connect(tmp_path / "state" / "receipts.sqlite") as database:
        database.execute("UPDATE receipts SET scores = replace(scores, 'adoption', 'airdrop')")
    found = receipts.get(key())
    assert found is not None
    assert found.scores == {"BTC": replace(SCORE, event_type=EventType.OTHER)}


def test_an_article_leads_to_its_receipts(receipts: Receipts) -> None:
    receipts.put(Receipt(key(), NOON, {"BTC": SCORE}))
    for _ in range(2):
        receipts.link("article-1", key())
    assert [receipt.key for receipt in receipts.of_article("article-1")] == [key()]
    assert receipts.of_article("article-2") == []


def test_a_question_is_the_same_in_whatever_order_the_assets_come() -> None:
    assert content_hash(TEXT, [BTC, ETH]) == content_hash(TEXT, [ETH, BTC])


@pytest.mark.parametrize(
    ("text", "assets"),
    [
        (ArticleText("Bitcoin rises", "A lot."), [BTC]),
        (ArticleText("Bitcoin rises A", "little."), [BTC]),
        (TEXT, [BTC, ETH]),
        (TEXT, [ETH]),
    ],
)
def test_another_question_has_another_hash(text: ArticleText, assets: list[Asset]) -> None:
    assert content_hash(text, assets) != content_hash(TEXT, [BTC])


def test_the_same_question_is_asked_once(receipts: Receipts) -> None:
    scorer = Counting()
    assert keeping(scorer, receipts).score(TEXT, [BTC]).by_ticker == {"BTC": SCORE}
    again = keeping(scorer, receipts)
    assert again.score(TEXT, [BTC]).by_ticker == {"BTC": SCORE}
    assert (scorer.asked, again.asked, again.answered_from_receipts) == (1, 0, 1)


@pytest.mark.parametrize("changed", ["model", "weights", "prompt"])
def test_another_model_digest_or_prompt_asks_again(receipts: Receipts, changed: str) -> None:
    scorer = Counting()
    keeping(scorer, receipts).score(TEXT, [BTC])
    if changed != "prompt":
        setattr(scorer, changed, "other")
    keeping(scorer, receipts, prompt_version=3 if changed == "prompt" else 2).score(TEXT, [BTC])
    assert scorer.asked == 2


def test_an_abstention_is_kept_with_what_it_took(receipts: Receipts) -> None:
    scorer = Counting()
    scorer.answer = Abstained("the model cannot tell", (USAGE,))
    for _ in range(2):
        with pytest.raises(CannotSay, match="cannot tell"):
            keeping(scorer, receipts).score(TEXT, [BTC])
    assert scorer.asked == 1
    receipt = receipts.get(keeping(scorer, receipts).key(TEXT, [BTC]))
    assert receipt is not None
    assert receipt.usage == (USAGE,)


@pytest.mark.parametrize("answer", [TryLater("away"), Scores("m:1", {"BTC": SCORE}, degraded=True)])
def test_failures_and_what_a_fallback_says_are_not_kept(
    receipts: Receipts, answer: Scores | Exception
) -> None:
    scorer = Counting()
    scorer.answer = answer
    for _ in range(2):
        with suppress(TryLater):
            keeping(scorer, receipts).score(TEXT, [BTC])
    assert (scorer.asked, receipts.count()) == (2, 0)


def test_threads_share_a_store(receipts: Receipts) -> None:
    def put(number: int) -> Receipt | None:
        receipts.put(Receipt(key(str(number % 50)), NOON, {"BTC": SCORE}))
        return receipts.get(key(str(number % 50)))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(put, range(200)))
    assert None not in found
    assert receipts.count() == 50


WRITER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, ReceiptKey, Receipts
store = Receipts(Path(sys.argv[1]))
for number in range(100):
    store.put(Receipt(ReceiptKey(f"{number + int(sys.argv[2])}", "m", "", 1), datetime.now(UTC), {}))
store.close()
"""


def test_processes_share_a_store(receipts: Receipts, tmp_path: Path) -> None:
    path = tmp_path / "state" / "receipts.sqlite"
    programs = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(start)], cwd=Path(__file__).parents[5])
        for start in (0, 50)
    ]
    assert [program.wait(60) for program in programs] == [0, 0]
    assert receipts.count() == 150


def test_a_file_that_is_no_store_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but text of some length " * 50)
    with pytest.raises(StopProgram, match=r"notes\.txt cannot be used"):
        Receipts(path).count()
