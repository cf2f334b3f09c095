from __future__ import annotations

import io
import json
import threading

import pytest
import structlog

from services.common.runtime.logging import configure_logging
from services.common.runtime.tracing import HEADER_TRACE, following, trace_headers, trace_id_of
from services.common.settings.settings import LogFormat, Settings

ID = "0123456789abcdef0123456789abcdef"


def test_what_is_put_into_the_headers_is_found_again() -> None:
    assert trace_id_of(trace_headers(ID), "another") == ID


@pytest.mark.parametrize("header", [None, 7, "", "two words", "line\nbreak", "x" * 129])
def test_a_header_that_is_no_id_is_not_believed(header: object) -> None:
    assert trace_id_of({HEADER_TRACE: header}, f"{ID}:BTC/USDT:lexicon 3:0") == ID


def test_without_any_id_there_is_none() -> None:
    assert trace_id_of({}, "not an id") == ""


@pytest.fixture
def lines() -> list[dict[str, object]]:
    """What was logged as JSON: a line within and one after following an id, from a thread of its own."""
    stream = io.StringIO()
    configure_logging(Settings(log_format=LogFormat.JSON), "tester", stream)

    def work() -> None:
        log = structlog.get_logger("worker")
        with following(ID):
            log.info("within")
        log.info("after")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    structlog.reset_defaults()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_within_carry_the_id_and_those_after_do_not(lines: list[dict[str, object]]) -> None:
    assert [(line["event"], line.get("trace_id")) for line in lines] == [("within", ID), ("after", None)]


def test_lines_of_every_thread_name_the_service(lines: list[dict[str, object]]) -> None:
    assert [line["service"] for line in lines] == ["tester", "tester"]
