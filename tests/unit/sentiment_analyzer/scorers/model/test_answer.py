from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.values import EventType
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.scorers.model.answer import BadAnswerError, read_answer
from services.sentiment_analyzer.scorers.port import AssetScore

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
    [
        "```json\n{}\n```",
        "Here it is: {} I hope it helps.",
        '<think>Say {"BTC": 1}? No.</think>\n{}',
        '<|channel|>analysis<|message|>We need {"x": 1} and {think}<|end|>final<|message|>{}',
        'Example: {"BTC": {}}\nMy answer:\n{}',
        "{}\nNote: scores are in {-10..10}.",
        '{}\nAs asked: {"score": 5}',
        '{"scores": {}}',
        "[{}]",
        '{"BTC": {"reason": "cut off {}',
    ],
)
def test_text_around_the_object_is_passed_over(wrapped: str) -> None:
    assert read_answer(wrapped.replace("{}", answer(BTC=entry())), [BTC])["BTC"].score == 0.5


def test_of_several_answers_the_last_that_is_complete_counts() -> None:
    said = f"{answer(BTC=entry(-9))} No: {answer(BTC=entry(4))} That is {answer(BTC=entry(99))}"

    assert read_answer(said, [BTC])["BTC"].score == 0.4


def test_a_list_of_entries_that_name_their_tickers_is_read() -> None:
    said = json.dumps([entry(4) | {"ticker": "ETH"}, entry(-3) | {"ticker": "BTC"}])

    assert {ticker: each.score for ticker, each in read_answer(said, [BTC, ETH]).items()} == {
        "BTC": -0.3,
        "ETH": 0.4,
    }
    with pytest.raises(BadAnswerError):
        read_answer(said, [BTC])


def test_an_entry_without_its_ticker_is_nobodys() -> None:
    with pytest.raises(BadAnswerError):
        read_answer(json.dumps(entry()), [BTC])


def test_an_integer_may_have_a_fraction_of_zero_and_on_the_last_try_quotes() -> None:
    assert read_answer(answer(BTC=entry(7.0)), [BTC])["BTC"].score == 0.7

    quoted = answer(BTC=entry("-7", "8.0"))
    with pytest.raises(BadAnswerError, match=r"BTC\.score"):
        read_answer(quoted, [BTC])
    assert read_answer(quoted, [BTC], is_last_try=True)["BTC"].score == -0.7


@pytest.mark.parametrize("score", ["11", "0.5", "five", "", "1e0", True, None, 0.5, 10.5])
def test_the_last_try_takes_nothing_else_for_a_score(score: object) -> None:
    with pytest.raises(BadAnswerError, match=r"BTC\.score"):
        read_answer(answer(BTC=entry(score)), [BTC], is_last_try=True)


@pytest.mark.parametrize(
    "printed", ['{"BTC":' * 2_800, "{" * 20_000, '{"' * 10_000, '{"BTC":[' * 2_400 + "}"]
)
def test_what_never_ends_is_refused_in_time(printed: str) -> None:
    with pytest.raises(BadAnswerError):
        read_answer(printed, [BTC])


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
