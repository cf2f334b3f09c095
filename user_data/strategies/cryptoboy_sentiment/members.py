"""A member of a pair's sorted set as a signal: a `sentiment_signal` message in JSON."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import orjson  # comes with Freqtrade; a third of the time of json

from cryptoboy_sentiment.signals import CLOCK_SKEW, LABELS, SCOPES, Signal, SignalError, parse_signal

_LABELS, _SCOPES = frozenset(LABELS), frozenset(SCOPES)
_REVISIONS = 2**63
_TIME_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?", re.ASCII)
# What the specification's message leaves out, as the services read it.
_DEFAULTS = {
    "weight": 1,
    "corroboration": 0,
    "confidence": 0.5,
    "scope": "asset",
    "degraded": False,
    "revision": 0,
}


def decode_member(member: bytes, pair: str) -> Signal:
    """The signal in a member of a pair's sorted set.

    Raises:
        SignalError: it is not JSON, not a valid signal, or another pair's.
    """
    try:
        message = orjson.loads(member)
    except ValueError as error:
        raise SignalError(f"not JSON ({type(error).__name__})") from None
    if not isinstance(message, dict) or message.get("pair") != pair:
        raise SignalError(f"not a JSON object with pair {pair}")
    return plain_signal(message) or parse_message(message)


def parse_message(message: Mapping[str, object]) -> Signal:
    """Validate a message field by field. A time without an offset is UTC, and a field that is not known is ignored.

    Raises:
        SignalError: says which field, its value, and what was expected.
    """
    names = {"sentiment_score": "score", "sentiment_label": "label"}
    fields: dict[str, object] = dict(_DEFAULTS)
    fields |= {names.get(str(name), str(name)): value for name, value in message.items()}
    for name in ("available_at", "published"):
        if _TIME_WITHOUT_OFFSET.fullmatch(str(fields.get(name, ""))):
            fields[name] = f"{fields[name]}+00:00"
    return parse_signal(fields, skew=CLOCK_SKEW)


def plain_signal(message: Mapping[str, Any]) -> Signal | None:
    """What `parse_message` gives, in a fifth of its time: a bot reads thousands when it starts.

    Returns:
        None where a value is not of the very type that our own writer gives it, or not in its range;
        `parse_message` then decides.
    """
    try:
        available_at = datetime.fromisoformat(message["available_at"])
        published = datetime.fromisoformat(message["published"])
        score, confidence, degraded = message["sentiment_score"], message["confidence"], message["degraded"]
        weight, corroboration = message.get("weight", 1), message.get("corroboration", 0)
        label, scope, revision = message["sentiment_label"], message["scope"], message["revision"]
        texts = [message[name] for name in ("pair", "article_id", "model", "source", "headline")]
        owner, suspected = message.get("owner", ""), message.get("suspected", False)
        is_plain = (
            available_at.tzinfo is UTC
            and published.tzinfo is UTC
            and published <= available_at
            and {type(score), type(confidence), type(weight), type(corroboration)} <= {float, int}
            and -1 <= score <= 1
            and 0 <= confidence <= 1
            and weight >= 0
            and corroboration >= 0
            and isfinite(weight)
            and isfinite(corroboration)
            and label in _LABELS
            and scope in _SCOPES
            and type(degraded) is type(suspected) is bool
            and type(revision) is int
            and 0 <= revision < _REVISIONS
            and {type(text) for text in (*texts, owner)} == {str}
            and all(map(str.strip, texts[:3]))
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not is_plain:
        return None
    pair, article_id, model, source, headline = texts
    return Signal(
        available_at,
        published,
        pair,
        float(score),
        label,
        float(confidence),
        scope,
        degraded,
        float(weight),
        float(corroboration),
        article_id,
        revision,
        source,
        headline,
        model,
        owner,
        suspected,
    )
