"""A model on a server that speaks OpenAI's chat completions: vLLM, llama.cpp, LM Studio, hosted ones.

Such servers differ in what they take. One that refuses a request for naming something it does not know is asked
again without it, and from then on at once; the prompt says what shape the answer must have, and every answer is
checked, so nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.proxies import proxy_for
from services.sentiment_analyzer.chat import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    MAX_SAID_CHARS,
    Messages,
    PersonNeededError,
    Reply,
    UntrustedError,
    shown_url,
    trust,
    why_unreachable,
)

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

log = structlog.get_logger(__name__)

NO_KEY = "none"
_NOT_FOUND = 404
_REFUSED = frozenset({400, 413, 422})
_NO_RIGHTS = frozenset({401, 403})

T = TypeVar("T")


class OpenAiServer:
    """See `chat.ChatServer`.

    Args:
        url: the base URL, ending in /v1 as a rule.
        key: sent as the bearer token; never shown.
        timeout: longest silence of the server while it works on an answer, in seconds.
        ca_file: CA that the server's certificate is checked against; None: the usual ones.

    Raises:
        StopProgram: the file, or the proxy that the environment names for the server, cannot be used.
    """

    def __init__(
        self, url: str, model: str, *, key: str | None, timeout: float, ca_file: Path | None = None
    ) -> None:
        self.url = shown_url(url)
        self._address = url
        self.digest = ""
        self._model = model
        self._key = key or NO_KEY
        self._timeout = timeout
        self._verify = trust(ca_file, "OPENAI")
        self._proxy = proxy_for(url)
        self._client: OpenAI | None = None
        self._not_taken: frozenset[str] = frozenset()

    def probe(self) -> None:
        """See `chat.ChatServer.probe`. Servers that list no models are taken at their word later."""
        client = self._connect().with_options(timeout=min(CHECK_SECONDS, self._timeout))
        try:
            models = {model.id for model in self._ask(lambda: list(client.models.list()))}
        except (_NoRightsError, UntrustedError):
            raise
        except (PersonNeededError, NeverWorks):
            return
        if models and self._model not in models:
            there = ", ".join(sorted(models)[:10])
            raise PersonNeededError(
                f"{self.url} does not have the model {self._model}; set OPENAI_MODEL to one it has: {there}"
            )

    def chat(self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int) -> Reply:
        """See `chat.ChatServer.chat`."""
        while True:
            not_taken = self._not_taken
            arguments = _arguments(messages, schema, max_tokens, not_taken)
            try:
                return self._ask(lambda: self._complete(arguments))  # noqa: B023 - called before the next turn
            except _NotTakenError as error:
                if error.name in not_taken or error.name not in arguments:
                    raise NeverWorks(str(error)) from None
                log.info("server_takes_less", server=self.url, without=error.name, error=str(error))
                self._not_taken = not_taken | {error.name}

    def close(self) -> None:
        """See `chat.ChatServer.close`."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self) -> OpenAI:
        if self._client is None:
            # It takes a second to import, which only those who use such a server should wait for.
            from openai import DefaultHttpxClient, OpenAI, Timeout

            timeout = Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout))
            self._client = OpenAI(
                base_url=self._address,
                api_key=self._key,
                timeout=timeout,
                max_retries=0,
                http_client=DefaultHttpxClient(verify=self._verify, proxy=self._proxy, trust_env=False),
            )
        return self._client

    def _complete(self, arguments: dict[str, Any]) -> Reply:
        completion = self._connect().chat.completions.create(model=self._model, **arguments)
        (choice, *_) = completion.choices
        usage = completion.usage
        self.digest = completion.system_fingerprint or self.digest
        return Reply(
            text=choice.message.content or "",
            is_cut=choice.finish_reason == "length",
            prompt_tokens=usage.prompt_tokens if usage else 0,
            answer_tokens=usage.completion_tokens if usage else 0,
        )

    def _ask(self, call: Callable[[], T]) -> T:
        """Make a request, and turn its failure into the reaction to it."""
        import openai

        try:
            return call()
        except openai.APIStatusError as error:
            raise self._failure(error) from None
        except openai.APITimeoutError:
            raise TryLater(f"{self.url} gave no answer within {self._timeout:g} s") from None
        except openai.APIConnectionError as error:
            raise why_unreachable(error.__cause__ or error, self.url, "OPENAI") from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):  # answers of another shape
            raise TryLater(f"what answers at {self.url} does not speak OpenAI's protocol") from None

    def _failure(self, error: APIStatusError) -> CryptoBoyError:
        body = f" - {error.body}" if isinstance(error.body, str) else ""
        status, message = error.status_code, self._without_key(error.message + body)
        said = f"status {status}: {message[:MAX_SAID_CHARS]}"
        if status in _NO_RIGHTS:
            return _NoRightsError(f"{self.url} refuses us ({said}); check OPENAI_API_KEY")
        if status == _NOT_FOUND:
            return PersonNeededError(
                f"{self.url} does not have the model {self._model}, or is no such server ({said}); "
                "check OPENAI_BASE_URL, which usually ends in /v1, and OPENAI_MODEL"
            )
        if status in _REFUSED:
            if name := _blamed(message):
                return _NotTakenError(f"{self.url} refuses the request ({said})", name)
            return NeverWorks(f"{self.url} refuses the request ({said})")
        return TryLater(f"{self.url} cannot answer now ({said})", after=_asked_pause(error))

    def _without_key(self, message: str) -> str:
        return message.replace(self._key, "***") if self._key != NO_KEY else message


class _NoRightsError(PersonNeededError):
    """The key is missing, wrong, or not enough."""


class _NotTakenError(NeverWorks):
    """The server does not know one of the arguments."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


def _arguments(
    messages: Messages, schema: dict[str, Any] | None, max_tokens: int, not_taken: frozenset[str]
) -> dict[str, Any]:
    bound = "max_completion_tokens" if "max_tokens" in not_taken else "max_tokens"
    arguments: dict[str, Any] = {"messages": list(messages), "temperature": 0, bound: max_tokens}
    if schema is not None:
        arguments["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "scores", "schema": schema, "strict": True},
        }
    return {name: value for name, value in arguments.items() if name not in not_taken}


def _blamed(message: str) -> str | None:
    """The argument that a refusal is about."""
    lower = message.lower()
    if "max_tokens" in lower and "max_completion_tokens" in lower:
        return "max_tokens"
    if "response_format" in lower or "json_schema" in lower:
        return "response_format"
    return "temperature" if "temperature" in lower else None


def _asked_pause(error: APIStatusError) -> float | None:
    """The seconds of a Retry-After header, within reason."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, 600.0) if seconds > 0 else None
