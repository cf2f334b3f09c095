"""What model servers do with a request that other servers of the same protocol do otherwise.

Each function makes a reply of the body of a request, as the named kind of server or model does in public reports.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.scoring.scripted_ollama import MODEL, Answer, Reply, chat_reply

Body = dict[str, Any]
ENTRY = {"reason": "A fact.", "event_type": "other", "score": 7, "confidence": 8}


def good_answer(body: Body) -> str:
    """An entry for each asset that the request asks about."""
    said = "\n".join(message["content"] for message in body["messages"])
    asked = said.rpartition("Assets:\n")[2].partition("<article>")[0]
    return json.dumps(dict.fromkeys(re.findall(r"^- ([A-Z0-9]+):", asked, re.MULTILINE), ENTRY))


def completion(content: object, finish_reason: str = "stop", **message: object) -> Reply:
    """A completion whose message is as given."""
    said = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "finish_reason": finish_reason, "message": said}
    return Reply(body=json.dumps({"id": "c", "object": "chat.completion", "choices": [choice]}).encode())


def refusal(message: str, status: int = 400) -> Reply:
    """An error as vLLM and others word it."""
    return Reply(status, json.dumps({"error": {"message": message, "code": status}}).encode())


def well(body: Body) -> Reply:
    """As it should be."""
    return completion(good_answer(body))


def refusing(field: str, message: str, status: int = 400) -> Answer:
    """A server that takes no request with that field, and says so in its own words."""
    return lambda body: refusal(message, status) if field in body else well(body)


def without_system_role(body: Body) -> Reply:
    """Gemma's and Mistral's templates in vLLM."""
    if any(message["role"] == "system" for message in body["messages"]):
        return refusal("Conversation roles must alternate user/assistant/user/assistant/...")
    return well(body)


def without_bounds_in_schemas(body: Body) -> Reply:
    """A grammar that knows no lengths and ranges, and says only that it failed."""
    return (
        refusal("Unimplemented keys") if "minimum" in json.dumps(body.get("response_format")) else well(body)
    )


def that_knows_little(body: Body) -> Reply:
    """Neither a system role, nor a temperature, nor the old name of the bound, nor schemas; and names none of them."""
    roles = {message["role"] for message in body["messages"]}
    is_plain = "system" not in roles and not {"temperature", "max_tokens"} & set(body)
    takes = body.get("response_format", {"type": "json_object"})["type"] == "json_object"
    return well(body) if is_plain and takes else refusal("Unprocessable Entity", 422)


def strict_about_room(least: int) -> Answer:
    """GPT-5: other names, no temperature, and a refusal where the bound is too low to say anything."""

    def answer(body: Body) -> Reply:
        if "max_tokens" in body:
            return refusal(
                "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
            )
        if body.get("temperature", 1) != 1:
            return refusal("'temperature' does not support 0 with this model.")
        if body["max_completion_tokens"] < least:
            return refusal(
                "Could not finish: max_tokens or model output limit was reached. Try higher max_tokens."
            )
        return well(body)

    return answer


def reasoning_before_it_answers(tokens: int, **message: object) -> Answer:
    """A hosted model that spends so many tokens of the bound on reasoning."""
    return lambda body: well(body) if body["max_tokens"] >= tokens else completion("", "length", **message)


def reasoning_for_ever(_body: Body) -> Reply:
    """A model that never comes to its answer."""
    return completion(None, "length", reasoning_content="hm")


def answering_in_its_reasoning(body: Body) -> Reply:
    """A template that takes the whole answer for reasoning."""
    return completion("", reasoning_content=good_answer(body))


def answering_in_parts(body: Body) -> Reply:
    """Mistral's reasoning models."""
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": '{"BTC": "hm"}'}]}
    return completion([thinking, {"type": "text", "text": good_answer(body)}])


def declining(_body: Body) -> Reply:
    """A model that was taught to decline."""
    return completion(None, refusal="I can't help with that.")


def keeping_the_connection_alive(body: Body) -> Reply:
    """White space before the answer, and no usage."""
    return Reply(body=b"\n   \n  " + well(body).body)


def error_inside(code: object, message: str = "Provider returned error") -> Answer:
    """A router that says with status 200 that its provider failed."""
    return lambda _body: Reply(body=json.dumps({"error": {"message": message, "code": code}}).encode())


def ollama_thinking(body: Body) -> Reply:
    """A thinking model on Ollama: it thinks 1,500 tokens long unless asked not to."""
    if body.get("think") is not False and body["options"]["num_predict"] < 1500:
        return ollama("", "length", thinking="Okay, the article says ...")
    return ollama(good_answer(body))


def ollama_that_cannot_be_kept_from_thinking(body: Body) -> Reply:
    """One that lists the capability, refuses the argument, and thinks."""
    if "think" in body:
        return Reply(400, json.dumps({"error": f'"{MODEL}" does not support thinking'}).encode())
    return ollama_thinking(body)


def ollama_answering_in_its_thoughts(body: Body) -> Reply:
    """The JSON of the schema lands where the thoughts go."""
    return ollama("", thinking=good_answer(body))


def ollama(content: str, done_reason: str = "stop", **message: object) -> Reply:
    """What Ollama sends, with further fields in the message."""
    body = json.loads(chat_reply(content, done_reason).body)
    return Reply(body=json.dumps(body | {"message": body["message"] | message}).encode())
