"""The trace id: one id that follows an article from the feed to the trade.

The trace id is the article's id, a hash of its address, so it stays the same after a restart, a redelivery, another
attempt or a replay of dead letters. Every message, every signal in the store and the custom data of a trade have it.
Messages also have it in a header, so that a message with an unreadable body can be followed. Log lines have it as
`trace_id`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager

import structlog

HEADER_TRACE = "x-cryptoboy-trace"
_TRACE_ID = re.compile(r"[A-Za-z0-9_.:\-]{1,128}")  # as messages.Identifier


def trace_headers(trace_id: str) -> dict[str, str | int]:
    """Return the headers of a message about the article with this trace id."""
    return {HEADER_TRACE: trace_id}


def trace_id_of(headers: Mapping[str, object], message_id: str) -> str:
    """Return the trace id of a received message, or an empty text if none is found.

    The header is used only if its value has the form of an id, because anybody may write headers. Otherwise the
    message id is used up to its first colon: for articles and signals that part is the trace id.
    """
    for value in (headers.get(HEADER_TRACE), message_id.partition(":")[0]):
        if isinstance(value, str) and _TRACE_ID.fullmatch(value):
            return value
    return ""


def following(trace_id: str) -> AbstractContextManager[None]:
    """Add `trace_id` to every line that this thread logs within the context."""
    return structlog.contextvars.bound_contextvars(trace_id=trace_id)
