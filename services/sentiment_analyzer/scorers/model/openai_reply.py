"""Parses the JSON that servers send as a chat completion, whatever its structure is.

The models of the client library are not used, because they do not validate. Servers send the content as a list of
parts, an error with status 200, or a page of a proxy.
"""

from __future__ import annotations

import json
from typing import Any

from services.sentiment_analyzer.article.text import clean
from services.sentiment_analyzer.scorers.model.chat import Reply, token_count

MAX_KEPT_CHARS = 1_000
"""The number of characters that are kept of an answer that is no completion. Messages show even fewer characters,
after secrets were removed."""
MAX_REFUSAL_CHARS = 200
_THOUGHTS = ("reasoning_content", "reasoning")
"""The fields in which servers send the reasoning of a model. vLLM and DeepSeek use the first, OpenRouter and newer
vLLM the second."""
_STATUS_OF_WORD = {
    "rate_limit": 429,
    "quota": 429,
    "api_key": 401,
    "auth": 401,
    "permission": 403,
    "not_found": 404,
    "invalid_request": 400,
    "badrequest": 400,
}
_BAD_GATEWAY = 502
_ERRORS = range(400, 600)


class NoCompletionError(ValueError):
    """The answer is no completion. The message contains the beginning of the answer."""


class ErrorInsideError(ValueError):
    """The answer is an error that was sent with status 200. `status` is the status that the error should have had."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_completion(body: str) -> tuple[Reply, str]:
    """Return the model's reply, and the `system_fingerprint` of the server, which is empty if it sends none.

    Raises:
        ErrorInsideError: the answer is an error.
        NoCompletionError: the answer is neither a completion nor an error.
    """
    answer = _parsed(body)
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    for holder in (answer, choice):
        if isinstance(holder, dict) and holder.get("error"):
            raise _error(holder["error"])
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise NoCompletionError(clean(body, MAX_KEPT_CHARS))
    fingerprint = answer.get("system_fingerprint")
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    text, thoughts = _texts(message)
    reply = Reply(
        text=text,
        is_cut=choice.get("finish_reason") == "length",
        thoughts=thoughts,
        declined="" if text.strip() else _declined(choice, message),
        prompt_tokens=token_count(counts.get("prompt_tokens")),
        answer_tokens=token_count(counts.get("completion_tokens")),
    )
    return reply, fingerprint if isinstance(fingerprint, str) else ""


def _parsed(body: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise NoCompletionError(clean(body, MAX_KEPT_CHARS))
    return answer


def _texts(message: dict[str, Any]) -> tuple[str, str]:
    """Return the text of a message, and the model's reasoning in the message."""
    thoughts = "".join(each for name in _THOUGHTS if isinstance(each := message.get(name), str))
    parts = _parts(message.get("content"))
    said = "".join(_text_of(part) for part in parts if part.get("type") in {"text", "output_text", None})
    return said, thoughts + "".join(_text_of(part) for part in parts if part.get("type") == "thinking")


def _parts(content: object) -> list[dict[str, Any]]:
    """Return the parts of a content, which may be a text, one part, a list of both, or nothing.

    Raises NoCompletionError for any other content.
    """
    if content is None:
        return []
    if not isinstance(content, str | list) and not (isinstance(content, dict) and "text" in content):
        raise NoCompletionError(f"a content that is no text: {clean(json.dumps(content), MAX_KEPT_CHARS)}")
    parts = content if isinstance(content, list) else [content]
    texts = [{"text": part} if isinstance(part, str) else part for part in parts]
    return [part for part in texts if isinstance(part, dict)]


def _text_of(part: dict[str, Any]) -> str:
    """Return the text of a part. If the part contains reasoning, return the text of the parts within it."""
    text = part.get("text", part.get("thinking"))
    if isinstance(text, list):
        return "".join(
            inner for each in text if isinstance(each, dict) and isinstance(inner := each.get("text"), str)
        )
    return text if isinstance(text, str) else ""


def _declined(choice: dict[str, Any], message: dict[str, Any]) -> str:
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal.strip():
        return clean(refusal, MAX_REFUSAL_CHARS)
    return "its filter of contents" if choice.get("finish_reason") == "content_filter" else ""


def _error(error: object) -> ErrorInsideError:
    """Return the error. Its status is the code in the error, or the status that the words of the error mean."""
    if not isinstance(error, dict):
        return ErrorInsideError(_BAD_GATEWAY, str(error))
    message = error.get("message") or error
    for code in (error.get("code"), error.get("status")):
        if str(code).isdecimal() and int(str(code)[:4]) in _ERRORS:
            return ErrorInsideError(int(str(code)), str(message))
    named = f"{error.get('code')} {error.get('type')}".lower()
    status = next((number for word, number in _STATUS_OF_WORD.items() if word in named), _BAD_GATEWAY)
    return ErrorInsideError(status, str(message))
