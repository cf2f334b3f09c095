"""The receipt of an article as the history gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.messages import ScoringReceipt
from services.sentiment_analyzer.scorers.port import AssetScore, Usage
from services.sentiment_analyzer.scorers.receipts.published import receipt_of
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, ReceiptKey, Receipts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCORES = {"BTC": AssetScore(0.5, 0.8, "surges")}


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[Receipts]:
    receipts = Receipts(tmp_path / "receipts.sqlite")
    yield receipts
    receipts.close()


def put(receipts: Receipts, model: str, *usage: Usage, content: str = "c", minutes: int = 0) -> None:
    key = ReceiptKey(content, model, "digest", 3)
    receipts.put(Receipt(key, NOON + timedelta(minutes=minutes), SCORES, "", usage), "a1")


def test_it_has_the_answers_and_costs_of_all_models_that_were_asked(receipts: Receipts) -> None:
    put(receipts, "two", Usage("", "first", 1, 100, 10, 0.5), Usage("", "second", 2, 200, 20, 1.5))
    assert receipt_of(receipts, "two", "a1", degraded=False) == ScoringReceipt(
        model="two", digest="digest", prompt_version=3, answer="first\nsecond", tokens=330, latency=2.0
    )


def test_without_a_language_model_the_answer_is_the_scores_and_their_reasons(receipts: Receipts) -> None:
    put(receipts, "words")
    found = receipt_of(receipts, "words", "a1", degraded=False)
    assert found is not None
    assert (found.tokens, found.latency) == (0, 0.0)
    assert json.loads(found.answer) == {
        "BTC": {"score": 0.5, "confidence": 0.8, "rationale": "surges", "event_type": "other"}
    }


def test_it_is_the_newest_of_the_configured_model_or_of_the_fallback_that_scored(receipts: Receipts) -> None:
    put(receipts, "mistral", content="before it was edited")
    put(receipts, "mistral", minutes=1)
    put(receipts, "words", minutes=2)
    for model, degraded, wanted in (("mistral", False, "mistral"), ("mistral", True, "words")):
        found = receipt_of(receipts, model, "a1", degraded=degraded)
        assert found is not None
        assert found.model == wanted


def test_what_was_not_kept_is_none(receipts: Receipts) -> None:
    put(receipts, "mistral")
    assert receipt_of(receipts, "mistral", "a2", degraded=False) is None
    assert receipt_of(receipts, "mistral", "a1", degraded=True) is None


def test_a_long_answer_is_cut(receipts: Receipts) -> None:
    put(receipts, "mistral", Usage("", "x" * 100_000, 1, 1, 1, 0.1))
    found = receipt_of(receipts, "mistral", "a1", degraded=False)
    assert found is not None
    assert len(found.answer) == 20_000
