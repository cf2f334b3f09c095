"""Processes websocket control frames: subscribe, unsubscribe, list, properties, and errors as Binance reports them.

The functions are pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from services.replay_exchange.answers import Json

MOST_STREAMS = 1024
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_TEXT_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
_INTEGER_BITS = 63


@dataclass(frozen=True)
class Subscriptions:
    """The names of the streams that a connection has subscribed to, in the order of subscription.

    If `combined` is set, each event is sent together with the name of its stream.
    """

    names: tuple[str, ...] = ()
    combined: bool = False


@dataclass(frozen=True)
class Frame:
    """A well-formed control frame."""

    method: str
    params: tuple[Any, ...]
    id: int | str | None


class _FrameError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.answer: Json = {"code": code, "msg": message}


def answer_frame(text: str, before: Subscriptions) -> tuple[Json, Subscriptions, Frame | None]:
    """Return the answer to a frame, the subscriptions after it, and the parsed frame (None if it is invalid)."""
    try:
        frame = _parse(text)
        result, after = _carry_out(frame, before)
    except _FrameError as error:
        return error.answer, before, None
    return {"result": result, "id": frame.id}, after, frame


def _parse(text: str) -> Frame:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _FrameError(3, f"Invalid JSON: expected value at {where}") from None
    except RecursionError:
        raise _FrameError(3, "Invalid JSON: recursion limit exceeded") from None
    if not isinstance(content, dict):
        raise _FrameError(2, "Invalid request: invalid type, expected struct Request")
    if "method" not in content:
        raise _FrameError(2, "Invalid request: missing field `method`")
    method = content["method"]
    if method not in _METHODS:
        expected = ", ".join(f"`{name}`" for name in _METHODS)
        raise _FrameError(2, f"Invalid request: unknown variant `{method}`, expected one of {expected}")
    params = content.get("params", [])
    if not isinstance(params, list):
        raise _FrameError(2, "Invalid request: invalid type, expected a sequence in `params`")
    return Frame(method, tuple(params), _checked_id(content))


def _checked_id(content: dict[str, Any]) -> int | str | None:
    value = content.get("id")
    whole = isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _INTEGER_BITS
    text = isinstance(value, str) and _TEXT_ID.fullmatch(value)
    if not whole and not text and not (value is None and "id" in content):
        raise _FrameError(2, "Invalid request: request ID must be an unsigned integer")
    return value


def _carry_out(frame: Frame, before: Subscriptions) -> tuple[Any, Subscriptions]:
    if frame.method == "LIST_SUBSCRIPTIONS":
        return list(before.names), before
    if frame.method in {"SET_PROPERTY", "GET_PROPERTY"}:
        return _property(frame, before)
    if not all(isinstance(name, str) for name in frame.params):
        raise _FrameError(2, "Invalid request: invalid type, expected a string in `params`")
    if frame.method == "UNSUBSCRIBE":
        return None, replace(before, names=tuple(name for name in before.names if name not in frame.params))
    names = tuple(dict.fromkeys((*before.names, *frame.params)))
    if len(names) > MOST_STREAMS:
        raise _FrameError(2, "Invalid request: too many parameters")
    return None, replace(before, names=names)


def _property(frame: Frame, before: Subscriptions) -> tuple[Any, Subscriptions]:
    if not frame.params or not isinstance(frame.params[0], str):
        raise _FrameError(2, "Invalid request: property name must be a string")
    if frame.params[0] != "combined":
        raise _FrameError(0, "Unknown property")
    if frame.method == "GET_PROPERTY":
        return before.combined, before
    if not isinstance(frame.params[-1], bool):
        raise _FrameError(1, "Invalid value type: expected Boolean")
    return None, replace(before, combined=frame.params[-1])
