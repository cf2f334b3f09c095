from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.broker.envelope import (
    MAX_HEADERS_BYTES,
    FailedCopy,
    attempts_of,
    bounded,
    check_outgoing,
    copy_after_failure,
    headers_of_received,
    identity,
    plain_headers,
)
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery, OutgoingMessage
from services.common.broker.topology import (
    HEADER_ATTEMPTS,
    HEADER_FIRST_ERROR,
    HEADER_LAST_ERROR,
    HEADER_QUEUE,
    HEADER_REASON,
    RAW_NEWS_DATA,
)
from services.common.errors import NeverWorks

OPTIONS = BrokerOptions()


def _delivery(attempts: int = 0, headers: Mapping[str, str | int] | None = None) -> Delivery:
    return Delivery(RAW_NEWS_DATA.name, b"{}", "id-1", headers or {}, attempts, redelivered=False, token=None)


def _retried(delivery: Delivery, error: str, max_attempts: int) -> FailedCopy:
    return copy_after_failure(RAW_NEWS_DATA, delivery, error, max_attempts, OPTIONS)


def test_the_delay_grows_with_the_attempts_up_to_five_minutes() -> None:
    delays = [_retried(_delivery(attempts), "no", 100).delay for attempts in range(9)]
    assert delays == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_the_last_allowed_failure_leads_to_the_dead_letters() -> None:
    assert _retried(_delivery(attempts=3), "no", 5).delay is not None
    assert _retried(_delivery(attempts=4), "no", 5).delay is None
    assert _retried(_delivery(attempts=40), "no", 5).delay is None


def test_the_first_error_is_kept_and_the_last_replaced() -> None:
    first = _retried(_delivery(), "one", 5)
    second = _retried(_delivery(1, headers=first.headers), "two", 5)
    assert second.headers[HEADER_FIRST_ERROR] == "one"
    assert second.headers[HEADER_LAST_ERROR] == "two"
    assert second.headers[HEADER_ATTEMPTS] == 2
    assert second.queue is RAW_NEWS_DATA


@pytest.mark.parametrize("value", ["3", True, -1, None, 2.0])
def test_an_attempt_count_that_is_no_count_is_zero(value: object) -> None:
    assert attempts_of({HEADER_ATTEMPTS: value}) == 0


def test_an_absurd_attempt_count_is_cut() -> None:
    assert attempts_of({HEADER_ATTEMPTS: 10**18}) == 1_000_000


def test_headers_of_the_broker_and_of_other_kinds_are_left_out() -> None:
    foreign = {
        "x-death": [{"count": 1}],
        "x-delivery-count": 3,
        "x-first-death-queue": "q",
        "CC": "elsewhere",
        "flag": True,
        "ratio": 0.5,
        "nothing": None,
        "x-trace": "kept",
        "n": 7,
    }
    assert plain_headers(foreign) == {"x-trace": "kept", "n": 7}
    assert plain_headers(None) == {}


EXPIRED = {"reason": "expired", "queue": "raw_news_data.retry", "count": 2}
LIMIT = {"reason": "delivery_limit", "queue": "raw_news_data", "count": 1}


def test_the_newest_of_what_rabbitmq_says_is_why_it_gave_a_message_up() -> None:
    received = {"x-death": [LIMIT, EXPIRED], "x-first-death-reason": "expired", HEADER_FIRST_ERROR: "one"}
    headers = headers_of_received(RAW_NEWS_DATA, received)
    assert "20 deliveries" in str(headers[HEADER_REASON])
    assert headers[HEADER_QUEUE] == "raw_news_data"
    assert headers[HEADER_FIRST_ERROR] == "one"
    assert headers[HEADER_LAST_ERROR] == headers[HEADER_REASON]
    other = headers_of_received(RAW_NEWS_DATA, {"x-death": [{"reason": "max\nlen"}]})
    assert other[HEADER_REASON] == "RabbitMQ dead-lettered it: max len"


def test_a_reason_of_our_own_is_kept() -> None:
    received = {HEADER_REASON: "not JSON", "x-death": [EXPIRED]}
    assert headers_of_received(RAW_NEWS_DATA, received) == {HEADER_REASON: "not JSON"}


@pytest.mark.parametrize("deaths", [None, [], ["x"], [{}], [{"reason": 7}], {"reason": "rejected"}])
def test_without_a_reason_of_rabbitmq_none_is_made_up(deaths: object) -> None:
    assert headers_of_received(RAW_NEWS_DATA, {"x-death": deaths, "n": 7}) == {"n": 7}


def test_what_came_back_from_the_retry_queue_was_not_given_up() -> None:
    assert headers_of_received(None, {"x-death": [EXPIRED]}) == {}


def test_of_endless_headers_only_as_many_are_kept_as_can_be_sent_on() -> None:
    kept = plain_headers({f"h{number}": "x" * 1000 for number in range(100)})
    assert 0 < sum(len(name) + len(str(value)) for name, value in kept.items()) <= MAX_HEADERS_BYTES


def test_without_an_id_the_same_body_has_the_same_one() -> None:
    assert identity("given", b"x") == "given"
    assert identity(None, b"x") == identity("", b"x") != identity("", b"y")


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (OutgoingMessage("k", b"", "i" * 256), "id or routing key"),
        (OutgoingMessage("k" * 256, b"", "i"), "id or routing key"),
        (OutgoingMessage("k", b"", "i", {"h": "x" * MAX_HEADERS_BYTES}), "bytes of headers"),
        (OutgoingMessage("k", b"", "i", {"h": 2**63}), "64 bits"),
        (OutgoingMessage("k", b"", "\ud800"), "Unicode"),
    ],
)
def test_what_no_broker_takes_is_refused(message: OutgoingMessage, problem: str) -> None:
    with pytest.raises(NeverWorks, match=problem):
        check_outgoing([message])


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_bounded_text_always_fits_a_header(text: str, length: int) -> None:
    result = bounded(text, length)
    assert len(result) <= length
    assert result.isprintable()
    result.encode()
