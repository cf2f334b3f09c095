from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment_analyzer.scorers.model.chat import Reply
from services.sentiment_analyzer.scorers.model.openai_reply import (
    ErrorInsideError,
    NoCompletionError,
    read_completion,
)

FIELDS = """
choices message content error code status type text thinking usage refusal reasoning reasoning_content
finish_reason prompt_tokens system_fingerprint
"""
NAMES = st.sampled_from(FIELDS.split())
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def completion(message: object, **choice: object) -> str:
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop", **choice}]})


@pytest.mark.parametrize(
    ("message", "text", "thoughts"),
    [
        ({"content": "yes"}, "yes", ""),
        ({"content": None}, "", ""),
        ({}, "", ""),
        ({"content": ["a", {"type": "text", "text": "b"}, "c"]}, "abc", ""),
        ({"content": {"type": "text", "text": "a"}}, "a", ""),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab", ""),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}, "", "hm"),
        ({"content": [{"type": "image_url", "image_url": "x"}, 7, None]}, "", ""),
        ({"content": "yes", "reasoning_content": "hm"}, "yes", "hm"),
        ({"content": "", "reasoning": "hm"}, "", "hm"),
        ({"content": "", "reasoning": {"text": "hm"}}, "", ""),
    ],
)
def test_the_text_and_the_reasoning_are_told_apart(message: Any, text: str, thoughts: str) -> None:
    reply, _ = read_completion(completion(message))

    assert (reply.text, reply.thoughts) == (text, thoughts)


@pytest.mark.parametrize(
    "usage", [None, 7, [], {"prompt_tokens": None}, {"prompt_tokens": -1}, {"prompt_tokens": 10**400}]
)
def test_counts_of_tokens_that_are_none_count_as_none(usage: object) -> None:
    body = json.loads(completion({"content": "yes"})) | {"usage": usage}

    assert read_completion(json.dumps(body)) == (Reply("yes"), "")


NONE = """
null
[]
"text"
<html>
{}
{"choices": []}
{"choices": [7]}
{"choices": [{"message": null}]}
{"choices": [{"message": "yes"}]}
{"choices": [{"message": {"content": 7}}]}
{"choices": [{"message": {"content": {"BTC": {"score": 7}}}}]}
{"choices": {"0": {}}}
"""


@pytest.mark.parametrize("body", [*NONE.splitlines(), "[" * 100_000])
def test_what_is_no_completion_is_refused(body: str) -> None:
    with pytest.raises(NoCompletionError):
        read_completion(body)


def test_an_error_of_one_choice_is_an_error() -> None:
    body = json.dumps({"choices": [{"error": {"code": 503, "message": "gone"}, "message": {"content": ""}}]})

    with pytest.raises(ErrorInsideError, match="gone") as caught:
        read_completion(body)

    assert caught.value.status == 503


@given(st.dictionaries(NAMES, ANY) | ANY, ANY, ANY)
def test_any_json_is_a_reply_or_an_error_of_one_of_two_kinds(
    whole: object, message: object, error: object
) -> None:
    for body in (
        whole,
        {"choices": [whole]},
        {"choices": [{"message": message}]},
        {"error": error, "choices": whole},
    ):
        try:
            reply, fingerprint = read_completion(json.dumps(body))
        except (NoCompletionError, ErrorInsideError):
            continue
        assert all(
            isinstance(text, str) for text in (reply.text, reply.thoughts, reply.declined, fingerprint)
        )
        assert min(reply.prompt_tokens, reply.answer_tokens) >= 0
