"""The quick way to read a signal takes nothing that the thorough way would not take as the same."""

from __future__ import annotations

import json
from typing import Any

import cryptoboy_sentiment as news
import pytest
from cryptoboy_sentiment.members import parse_message, plain_signal
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategy_samples import message, signal

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.just(2**63),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(
        ["asset", "market", "neutral", "0.5", "true", "2025-06-02T12:00:00", "2025-06-02T14:00:00+02:00"]
    ),
    st.lists(st.integers(), max_size=1),
)


def usual() -> dict[str, Any]:
    return dict(json.loads(message(signal(score=0.5), weight=1.5, corroboration=2)))


def test_what_our_own_writer_stores_is_read_the_quick_way() -> None:
    assert plain_signal(usual()) == parse_message(usual())
    assert plain_signal(usual()) is not None


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(usual())), ODD, max_size=2),
    st.sets(st.sampled_from(sorted(usual())), max_size=1),
)
def test_both_ways_agree_on_whatever_the_quick_one_takes(changed: dict[str, Any], missing: set[str]) -> None:
    fields = {name: value for name, value in (usual() | changed).items() if name not in missing}
    quick = plain_signal(fields)
    if quick is not None:
        assert quick == parse_message(fields)
        assert [type(value) for value in quick] == [type(value) for value in parse_message(fields)]


@pytest.mark.parametrize("body", [b"{", b"[" * 5000, b'{"pair": "BTC/USDT", "headline": "\\ud800"}', b"\xff"])
def test_what_is_no_json_is_no_signal(body: bytes) -> None:
    with pytest.raises(news.SignalError, match="not JSON"):
        news.decode_member(body, "BTC/USDT")
