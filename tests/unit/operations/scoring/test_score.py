"""What the pipeline would make of a headline, for an operator who asks."""

from __future__ import annotations

import pytest

from services.common.errors import StopProgram, TryLater
from services.common.runtime.ports import free_port
from services.common.settings.reach import Part
from services.common.settings.settings import Fallback, ScorerKind, Settings
from services.operations.scoring.score import score_headline

LEXICON = Settings(sentiment_scorer=ScorerKind.LEXICON, trading_pairs=("BTC/USDT", "ETH/USDT"))


def test_a_headline_is_matched_to_the_traded_pairs_and_scored() -> None:
    judgement = score_headline(LEXICON, "Bitcoin surges as ETF inflows hit a record")
    assert [signal.pair for signal in judgement.signals] == ["BTC/USDT"]
    assert judgement.signals[0].sentiment_score > 0


def test_a_headline_about_nothing_that_is_traded_says_so() -> None:
    judgement = score_headline(LEXICON, "Rain is expected in Lisbon")
    assert judgement.signals == ()
    assert judgement.reason


def test_the_text_beneath_counts_too() -> None:
    judgement = score_headline(LEXICON, "Markets today", "Ethereum was hacked, and funds were stolen")
    assert [signal.pair for signal in judgement.signals] == ["ETH/USDT"]


def test_a_scorer_out_of_reach_is_not_asked_and_the_message_says_what_works_instead() -> None:
    here = LEXICON.changed(out_of_reach=(Part.SCORER,))
    with pytest.raises(StopProgram, match=r"OUT_OF_REACH.*--scorer lexicon.*score --explain ID"):
        score_headline(here.changed(sentiment_scorer=ScorerKind.OPENAI), "Bitcoin surges")
    assert score_headline(here, "Bitcoin surges").signals


def test_a_scorer_that_is_away_is_an_error_with_the_next_step_and_no_fallback_answers() -> None:
    settings = LEXICON.changed(
        sentiment_scorer=ScorerKind.OLLAMA,
        ollama_host=f"http://127.0.0.1:{free_port()}",
        sentiment_fallback=Fallback.LEXICON,
    )
    with pytest.raises(TryLater, match=r"\./cryptoboy doctor says how to fix it"):
        score_headline(settings, "Bitcoin surges")
