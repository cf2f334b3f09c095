from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.values import EventType
from services.sentiment_analyzer.answer import BadAnswerError, read_answer
from services.sentiment_analyzer.assets import load_registry
from services.sentiment_analyzer.scorer import AssetScore

BTC = load_registry().asset("BTC")
ETH = load_registry().asset("ETH")


def entry(score: object = 5, confidence: object = 8, reason: object = "A fund bought.") -> dict[str, object]:
    return {"reason": reason, "event_type": "other", "score": score, "confidence": confidence}


def answer(**entries: object) -> str:
    return json.dumps(entries)


def test_integers_are_scaled_to_the_range_of_scores_and_confidences() -> None:
    scores = read_answer(answer(BTC=entry(-10, 10), ETH=entry(3, 1)), [BTC, ETH])

    assert scores == {
        "BTC": AssetScore(-1.0, 1.0, "A fund bought."),
        "ETH": AssetScore(0.3, 0.1, "A fund bought."),
    }


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("", "no complete JSON object"),
        ("The outlook is good.", "no complete JSON object"),
        ('{"BTC": {"reason": "It was cut', "no complete JSON object"),
        ('{"BTC": {"reason": "half"}', "Invalid JSON"),
        (answer(BTC=entry(11)), "less than or equal to 10"),
        (answer(BTC=entry(10**15)), "less than or equal to 10"),
        (answer(BTC=entry(-11)), "greater than or equal to -10"),
        (answer(BTC=entry(confidence=11)), "less than or equal to 10"),
        (answer(BTC=entry(confidence=-1)), "greater than or equal to 0"),
        ('{"BTC": {"reason": "r", "event_type": "other", "score": NaN, "confidence": 1}}', "BTC.score"),
        ('{"BTC": {"reason": "r", "event_type": "other", "score": Infinity, "confidence": 1}}', "BTC.score"),
        (answer(BTC=entry(0.5)), "BTC.score"),
        (answer(BTC=entry("5")), "BTC.score"),
        (answer(BTC=entry(True)), "BTC.score"),
        (answer(BTC=entry(None)), "BTC.score"),
        (answer(BTC=entry(reason=None)), "BTC.reason"),
        ('{"BTC": {"reason": "r", "score": 5, "confidence": 8}}', "BTC.event_type: Field required"),
        (answer(BTC=entry() | {"event_type": "rumour"}), "'regulation', 'hack'"),
        (answer(BTC=7), "BTC"),
        (answer(BTC=entry(), ETH=entry()), "exactly BTC"),
        (answer(ETH=entry()), "exactly BTC"),
        ("{}", "exactly BTC"),
        ("[" * 30_000 + "{}", "no complete JSON object"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_with_the_reason(bad: str, problem: str) -> None:
    with pytest.raises(BadAnswerError, match=problem):
        read_answer(bad, [BTC])


def test_a_missing_asset_is_refused() -> None:
    with pytest.raises(BadAnswerError, match="exactly BTC, ETH"):
        read_answer(answer(BTC=entry()), [BTC, ETH])


@pytest.mark.parametrize(
    "wrapped",
    ["```json\n{}\n```", "Here it is: {} I hope it helps.", '<think>Say {"BTC": 1}? No.</think>\n{}'],
)
def test_text_around_the_object_is_passed_over(wrapped: str) -> None:
    assert read_answer(wrapped.replace("{}", answer(BTC=entry())), [BTC])["BTC"].score == 0.5


def test_the_kind_of_news_is_kept() -> None:
    said = answer(BTC=entry() | {"event_type": "hack"})

    assert read_answer(said, [BTC])["BTC"].event_type is EventType.HACK


def test_an_asset_without_any_confidence_has_no_score() -> None:
    assert set(read_answer(answer(BTC=entry(), ETH=entry(9, 0)), [BTC, ETH])) == {"BTC"}


def test_the_reason_is_cleaned_and_bounded() -> None:
    scores = read_answer(answer(BTC=entry(reason="up\u202e\n\x00 " + "x" * 5000)), [BTC])

    assert scores["BTC"].rationale.startswith("up x")
    assert len(scores["BTC"].rationale) == 200


@given(
    st.text()
    | st.recursive(
        st.none() | st.integers() | st.floats() | st.text(), lambda inner: st.dictionaries(st.text(), inner)
    ).map(json.dumps)
)
def test_whatever_a_model_prints_is_a_score_in_range_or_refused(printed: str) -> None:
    try:
        scores = read_answer(printed, [BTC])
    except BadAnswerError:
        return
    assert all(-1 <= score.score <= 1 for score in scores.values())
