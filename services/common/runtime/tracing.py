"""The trace id: one id that follows an article from the feed to the trade.

It is the article's id, a hash of its address, so it stays the same after a restart, a redelivery, another attempt or a
replay of dead letters. Every message, every signal in the store and the custom data of a trade have it. A header of
messages has it as well, so that a message with an unreadable body can be followed; log lines have it as `trace_id`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager

import structlog

HEADER_TRACE = "x-cryptoboy-trace"
_TRACE_ID = re.compile(r"[A-Za-z0-9_.:\-]{1,128}")  # as messages.Identifier


def trace_headers(trace_id: str) -> dict[str, str | int]:
    """The headers of a message about this article."""
    return {HEADER_TRACE: trace_id}


def trace_id_of(headers: Mapping[str, object], message_id: str) -> str:
    """The trace id of a received message; anybody may write headers, so only what looks like one is believed.

    Without it the message's id serves, which for an article is the same and for a signal begins with it, before a
    colon; empty if that is no id either.
    """
    for value in (headers.get(HEADER_TRACE), message_id.partition(":")[0]):
        if isinstance(value, str) and _TRACE_ID.fullmatch(value):
            return value
    return ""


def following(trace_id: str) -> AbstractContextManager[None]:
    """Add `trace_id` to every line that this thread logs within the context."""
    return structlog.contextvars.bound_contextvars(trace_id=trace_id)
