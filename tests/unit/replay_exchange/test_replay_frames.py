from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.replay_exchange.frames import MOST_STREAMS, Subscriptions, answer_frame

NONE = Subscriptions()


def send(before: Subscriptions = NONE, **frame: Any) -> tuple[dict[str, Any], Subscriptions]:
    answer, after, _ = answer_frame(json.dumps(frame), before)
    return answer, after


def test_subscribing_adds_the_streams_and_answers_null() -> None:
    answer, after = send(method="SUBSCRIBE", params=["btcusdt@kline_1m", "ethusdt@kline_1m"], id=1)
    assert answer == {"result": None, "id": 1}
    assert after.names == ("btcusdt@kline_1m", "ethusdt@kline_1m")


def test_subscribing_to_the_whole_list_again_keeps_each_stream_once() -> None:
    _, after = send(Subscriptions(("a@ticker",)), method="SUBSCRIBE", params=["a@ticker", "b@ticker"], id=7)
    assert after.names == ("a@ticker", "b@ticker")


def test_unsubscribing_removes_the_streams_named_and_no_others() -> None:
    before = Subscriptions(("a@ticker", "b@ticker"))
    answer, after = send(before, method="UNSUBSCRIBE", params=["b@ticker", "c@ticker"], id=2)
    assert (answer, after.names) == ({"result": None, "id": 2}, ("a@ticker",))


def test_listing_names_the_streams_and_changes_nothing() -> None:
    before = Subscriptions(("a@ticker", "b@ticker"))
    assert send(before, method="LIST_SUBSCRIPTIONS", id=3) == (
        {"result": ["a@ticker", "b@ticker"], "id": 3},
        before,
    )


def test_the_combined_property_can_be_read_and_set() -> None:
    answer, after = send(method="SET_PROPERTY", params=["combined", True], id=4)
    assert (answer, after.combined) == ({"result": None, "id": 4}, True)
    assert send(after, method="GET_PROPERTY", params=["combined"], id=5)[0] == {"result": True, "id": 5}


@pytest.mark.parametrize("frame_id", [0, -5, 2**62, "abc-1", None])
def test_an_id_comes_back_as_it_was_sent(frame_id: int | str | None) -> None:
    assert send(method="LIST_SUBSCRIPTIONS", id=frame_id)[0]["id"] == frame_id


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", 3, "Invalid JSON"),
        ("{", 3, "line 1 column 2"),
        ("nonsense", 3, "Invalid JSON"),
        ("[" * 100_000, 3, "Invalid JSON"),
        ("[]", 2, "Invalid request"),
        ("1", 2, "Invalid request"),
        ("{}", 2, "missing field `method`"),
        ('{"method": "HACK", "id": 1}', 2, "unknown variant `HACK`"),
        ('{"method": null, "id": 1}', 2, "unknown variant"),
        ('{"method": ["SUBSCRIBE"], "id": 1}', 2, "unknown variant"),
        ('{"method": "SUBSCRIBE", "params": "a@ticker", "id": 1}', 2, "`params`"),
        ('{"method": "SUBSCRIBE", "params": [1], "id": 1}', 2, "`params`"),
        ('{"method": "SUBSCRIBE", "params": ["a@ticker"]}', 2, "request ID"),
        ('{"method": "SUBSCRIBE", "params": ["a@ticker"], "id": 1.5}', 2, "request ID"),
        ('{"method": "SUBSCRIBE", "params": ["a@ticker"], "id": true}', 2, "request ID"),
        ('{"method": "SUBSCRIBE", "params": ["a@ticker"], "id": 9223372036854775808}', 2, "request ID"),
        ('{"method": "GET_PROPERTY", "id": 1}', 2, "property name"),
        ('{"method": "GET_PROPERTY", "params": ["colour"], "id": 1}', 0, "Unknown property"),
        ('{"method": "SET_PROPERTY", "params": ["combined", 1], "id": 1}', 1, "expected Boolean"),
    ],
)
def test_nonsense_gets_binances_error_and_changes_nothing(text: str, code: int, part: str) -> None:
    before = Subscriptions(("a@ticker",))
    answer, after, frame = answer_frame(text, before)
    assert answer["code"] == code
    assert part in answer["msg"]
    assert after == before
    assert frame is None


def test_more_streams_than_a_connection_may_have_are_refused() -> None:
    answer, after = send(method="SUBSCRIBE", params=[f"s{i}@ticker" for i in range(MOST_STREAMS + 1)], id=1)
    assert (answer["code"], after) == (2, NONE)


@given(st.text() | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps))
def test_every_text_gets_an_answer(text: str) -> None:
    answer, _, _ = answer_frame(text, NONE)
    assert "code" in answer or "result" in answer
