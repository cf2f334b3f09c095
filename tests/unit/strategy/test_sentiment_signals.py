"""What is taken for a signal and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import cryptoboy_sentiment as news
import pytest

from tests.support.strategy.strategy_samples import PAIR, at, message, raw, signal


def test_cells_of_text_become_typed_values() -> None:
    one = signal(score=-0.5, degraded=True, revision=3)
    assert news.parse_signal(raw(one)) == one


def test_a_message_becomes_the_signal_it_says() -> None:
    one = signal(score=0.1, scope="market", revision=1)
    assert news.decode_member(message(one), PAIR) == one


def test_a_message_may_have_weight_corroboration_and_fields_yet_unknown() -> None:
    decoded = news.decode_member(message(signal(), weight=0.5, corroboration=2, novelty=1), PAIR)
    assert (decoded.weight, decoded.corroboration) == (0.5, 2.0)


@pytest.mark.parametrize("written", ["airdrop", "HACK", "", None, 7, ["hack"]])
def test_a_kind_of_news_that_is_not_known_is_other_and_the_signal_counts(written: object) -> None:
    decoded = news.decode_member(message(signal(event_type="hack"), event_type=written), PAIR)
    assert decoded == signal(event_type="other")


def test_a_message_without_a_kind_of_news_is_other() -> None:
    body = json.loads(message(signal()))
    del body["event_type"]
    assert news.decode_member(json.dumps(body).encode(), PAIR) == signal(event_type="other")


@pytest.mark.parametrize("kind", ["delisting", "withdrawal_halt", "depeg", "enforcement"])
def test_a_reader_of_the_version_before_takes_a_new_kind_for_other(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    assert news.decode_member(message(signal(event_type=kind)), PAIR).event_type == kind
    known_then = tuple(each for each in news.EVENT_TYPES if each != kind)
    monkeypatch.setattr("cryptoboy_sentiment.signals.EVENT_TYPES", known_then)
    assert news.decode_member(message(signal(event_type=kind)), PAIR).event_type == "other"


def test_another_offset_is_the_same_instant_in_utc() -> None:
    shifted = {"published": "2025-06-02T14:00:00+02:00", "available_at": "2025-06-02T12:01:00Z"}
    parsed = news.parse_signal(raw(signal()) | shifted)
    assert parsed.published == datetime(2025, 6, 2, 12, tzinfo=UTC)
    assert parsed.published.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("score", "NaN", "a number from -1 to 1"),
        ("score", "1.01", "a number from -1 to 1"),
        ("score", "-inf", "a number from -1 to 1"),
        ("score", "", "a number from -1 to 1"),
        ("confidence", "1.5", "a number from 0 to 1"),
        ("weight", "inf", "not negative"),
        ("weight", "-1", "not negative"),
        ("corroboration", "nan", "not negative"),
        ("label", "moon", "very_bearish, bearish, neutral, bullish, very_bullish"),
        ("scope", "galaxy", "asset or market"),
        ("degraded", "maybe", "true or false"),
        ("revision", "-1", "a whole number"),
        ("revision", "1.5", "a whole number"),
        ("article_id", " ", "not empty"),
        ("pair", "", "not empty"),
        ("published", "2025-06-02T12:00:00", "explicit offset"),
        ("published", "yesterday", "explicit offset"),
        ("available_at", "0001-01-01T00:00:00+23:00", "explicit offset"),
        ("available_at", "1748866800000", "explicit offset"),
    ],
)
def test_a_field_that_is_not_valid_is_named_with_what_was_expected(
    field: str, value: str, expected: str
) -> None:
    with pytest.raises(news.SignalError, match=f"^{field} is .*{expected}"):
        news.parse_signal({**raw(signal()), field: value})


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("sentiment_score", True, "score is 'True', expected a number from -1 to 1"),
        ("sentiment_score", None, "score is 'None', expected a number from -1 to 1"),
        ("sentiment_score", 10**400, "score is .*expected a number from -1 to 1"),
        ("sentiment_label", "moon", "label is 'moon', expected one of very_bearish"),
        ("degraded", None, "degraded is 'None', expected true or false"),
        ("revision", 1.5, "revision is '1.5', expected a whole number"),
        ("revision", 2**63, "revision is .*expected a whole number"),
        ("article_id", "", "article_id is '', expected text that is not empty"),
        ("headline", 7, "headline is '7', expected text"),
        ("available_at", 1748866800000, "available_at is .*explicit offset"),
    ],
)
def test_a_field_of_a_message_that_is_not_valid_is_named_likewise(
    name: str, value: object, refused: str
) -> None:
    with pytest.raises(news.SignalError, match=f"^{refused}"):
        news.decode_member(message(signal(), **{name: value}), PAIR)


@pytest.mark.parametrize("field", news.Signal._fields[:-3])
def test_every_field_of_the_first_version_is_required(field: str) -> None:
    cells = raw(signal())
    del cells[field]
    with pytest.raises(news.SignalError, match=f"^{field} is missing"):
        news.parse_signal(cells)


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(news.SignalError) as problem:
        news.parse_signal(raw(signal()) | {"label": "x" * 10_000})
    assert len(str(problem.value)) < 300


def test_nothing_is_available_before_it_was_published() -> None:
    with pytest.raises(news.SignalError, match="no earlier than published"):
        news.parse_signal(raw(signal(published=10, available=5)))


def test_a_live_publication_slightly_ahead_of_our_clock_is_set_back() -> None:
    decoded = news.decode_member(message(signal(published=10, available=9)), PAIR)
    assert decoded.published == decoded.available_at == at(9)


def test_a_live_publication_far_ahead_of_our_clock_is_refused() -> None:
    with pytest.raises(news.SignalError, match="no earlier than published"):
        news.decode_member(message(signal(published=10, available=4)), PAIR)


@pytest.mark.parametrize(
    "member",
    [
        b"not json",
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
        b"[1, 2]",
        b"null",
        message(signal(), sentiment_score=float("nan")),
        message(signal(), sentiment_score=1e15),
        message(signal(), pair="ETH/USDT"),
        message(signal(), degraded=None),
        json.dumps({"pair": PAIR}).encode(),
    ],
    ids=lambda member: bytes(member)[:12].decode(errors="replace"),
)
def test_a_member_that_is_no_signal_of_the_pair_is_refused(member: bytes) -> None:
    with pytest.raises(news.SignalError):
        news.decode_member(member, PAIR)


def test_a_frame_has_the_same_types_with_and_without_rows() -> None:
    empty, one = news.signals_frame([]).dtypes, news.signals_frame([signal()]).dtypes
    assert empty.to_dict() == one.to_dict()
    assert str(empty["available_at"]) == "datetime64[us, UTC]"
