"""A model on a server with OpenAI's chat completions, such as vLLM, llama.cpp, LM Studio or a hosted service.

Such servers differ in the parameters that they accept (see `request_shapes`) and in the answers that they send (see
`openai_reply`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from services.common.errors import CryptoBoyError, TryLater
from services.common.network.proxies import proxy_for
from services.sentiment_analyzer.scorers.model.answer_bounds import event_hooks
from services.sentiment_analyzer.scorers.model.chat import (
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
from services.sentiment_analyzer.scorers.model.openai_reply import (
    ErrorInsideError,
    NoCompletionError,
    read_completion,
)
from services.sentiment_analyzer.scorers.model.request_shapes import (
    FAILED,
    NO_RIGHTS,
    NOT_FOUND,
    REFUSED,
    THE_ARTICLE,
    FailedError,
    Parameter,
    RefusedError,
    RequestShapes,
    Shape,
    blames_the_article,
    without_bounds,
    without_system_role,
)

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

NO_KEY = "none"
MAX_SHOWN_CHARS = 80
_NO_ROOM = "output limit was reached"
"""Words of OpenAI's refusal (status 400) if the reasoning of a model has used up the limit of the answer."""
_PARAMETERS = (
    Parameter("max_tokens", ("max_tokens", "max_completion_tokens", None)),
    Parameter("system", (True, False)),
    Parameter("temperature", (0, None)),
    Parameter(
        "response_format", ("schema", "schema_without_bounds", "object", None), is_dropped_when_blamed=True
    ),
)

T = TypeVar("T")


class OpenAiServer:
    """See `chat.ChatServer`.

    Args:
        url: the base URL, which usually ends in /v1.
        key: the bearer token, which is never shown.
        timeout: the longest time in seconds for which the server may send nothing while it works on an answer.
        ca_file: the CA against which the server's certificate is checked; None stands for the usual CAs.

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
        self.timeout = timeout
        self._verify = trust(ca_file, "OPENAI")
        self._proxy = proxy_for(url)
        self._client: OpenAI | None = None
        self._shapes = RequestShapes(self.url, _PARAMETERS)

    def probe(self) -> None:
        """See `chat.ChatServer.probe`. Checks only that the server answers, not that the server lists the model.

        Lists of models are often missing or incomplete. Some have names with a prefix, other names, or patterns.
        """
        client = self._connect().with_options(timeout=min(CHECK_SECONDS, self.timeout))
        try:
            self._ask(client.models.with_raw_response.list)
        except UntrustedError:
            raise
        except (PersonNeededError, RefusedError, FailedError):
            return

    def chat(
        self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int, is_check: bool = False
    ) -> Reply:
        """See `chat.ChatServer.chat`."""

        def send(shape: Shape) -> Reply:
            arguments = _arguments(messages, schema, max_tokens, shape)
            return self._ask(lambda: self._complete(arguments))

        return self._shapes.ask(send, is_check=is_check)

    def close(self) -> None:
        """See `chat.ChatServer.close`."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self) -> OpenAI:
        if self._client is None:
            # It takes a second to import, which only those who use such a server should wait for.
            from openai import DefaultHttpxClient, OpenAI, Timeout

            timeout = Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout))
            self._client = OpenAI(
                base_url=self._address,
                api_key=self._key,
                timeout=timeout,
                max_retries=0,
                http_client=DefaultHttpxClient(
                    verify=self._verify, proxy=self._proxy, trust_env=False, event_hooks=event_hooks()
                ),
            )
        return self._client

    def _complete(self, arguments: dict[str, Any]) -> Reply:
        import openai

        completions = self._connect().chat.completions.with_raw_response
        try:
            answer = completions.create(model=self._model, **arguments)
        except openai.BadRequestError as error:
            if _NO_ROOM in error.message:
                return Reply("", is_cut=True)
            raise
        reply, fingerprint = read_completion(answer.text)
        self.digest = fingerprint or self.digest
        return reply

    def _ask(self, call: Callable[[], T]) -> T:
        """Make a request, and turn its failure into the error type for the right reaction."""
        import openai

        try:
            return call()
        except openai.APIStatusError as error:
            body = f" - {error.body}" if isinstance(error.body, str) else ""
            raise self._failure(error.status_code, error.message + body, _asked_pause(error)) from None
        except ErrorInsideError as error:
            raise self._failure(error.status, str(error)) from None
        except openai.APITimeoutError:
            raise TryLater(f"{self.url} gave no answer within {self.timeout:g} s") from None
        except openai.APIConnectionError as error:
            raise why_unreachable(error.__cause__ or error, self.url, "OPENAI") from None
        except NoCompletionError as error:
            sent = self._without_key(str(error))[:MAX_SHOWN_CHARS] or "nothing"
            raise TryLater(
                f"what answers at {self.url} does not speak OpenAI's protocol: it sent {sent}"
            ) from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):  # answers of another shape
            raise TryLater(f"what answers at {self.url} does not speak OpenAI's protocol") from None

    def _failure(self, status: int, message: str, asked_pause: float | None = None) -> CryptoBoyError:
        message = self._without_key(message)
        said = f"status {status}: {message[:MAX_SAID_CHARS]}"
        if status in NO_RIGHTS:
            return PersonNeededError(f"{self.url} refuses us ({said}); check OPENAI_API_KEY")
        if status in NOT_FOUND:
            return _NotThereError(
                f"{self.url} does not have the model {self._model}, or is no such server ({said}); "
                "check OPENAI_BASE_URL, which usually ends in /v1, and OPENAI_MODEL"
            )
        if status in REFUSED:
            return RefusedError(f"{self.url} refuses the request ({said})", _blamed(message))
        kind = FailedError if status in FAILED else TryLater
        return kind(f"{self.url} cannot answer now ({said})", after=asked_pause)

    def _without_key(self, message: str) -> str:
        return message.replace(self._key, "***") if self._key != NO_KEY else message


class _NotThereError(PersonNeededError, FailedError):
    """The server lacks the model or path. A router reports this too if none of its models accepts all parameters."""


def _arguments(
    messages: Messages, schema: dict[str, Any] | None, max_tokens: int, shape: Shape
) -> dict[str, Any]:
    """Return the arguments of a request in the given shape."""
    taken = {
        "messages": list(messages) if shape["system"] else without_system_role(messages),
        "temperature": shape["temperature"],
        "response_format": None if schema is None else _format(schema, shape["response_format"]),
    }
    if shape["max_tokens"] is not None:
        taken[shape["max_tokens"]] = max_tokens
    return {name: value for name, value in taken.items() if value is not None}


def _format(schema: dict[str, Any], option: str | None) -> dict[str, Any] | None:
    if option is None:
        return None
    if option == "object":
        return {"type": "json_object"}
    imposed = schema if option == "schema" else without_bounds(schema)
    return {"type": "json_schema", "json_schema": {"name": "scores", "schema": imposed, "strict": True}}


def _blamed(message: str) -> str | None:
    """Return the parameter that the message of a refusal blames, or `THE_ARTICLE`; None if it blames neither."""
    if blames_the_article(message):
        return THE_ARTICLE
    lower = message.lower()
    if "max_tokens" in lower and "max_completion_tokens" in lower:
        return "max_tokens"
    if "response_format" in lower or "json_schema" in lower:
        return "response_format"
    return "temperature" if "temperature" in lower else None


def _asked_pause(error: APIStatusError) -> float | None:
    """Return the seconds of a Retry-After header, limited to 600; None if it states no positive number."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, 600.0) if seconds > 0 else None
