"""A model on an Ollama server, through the official client."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from services.common.errors import CryptoBoyError, TryLater
from services.common.network.proxies import hidden_variables, proxy_for
from services.sentiment_analyzer.article.text import clean
from services.sentiment_analyzer.scorers.model.answer_bounds import event_hooks
from services.sentiment_analyzer.scorers.model.chat import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    MAX_SAID_CHARS,
    Messages,
    PersonNeededError,
    Reply,
    shown_url,
    token_count,
    trust,
    why_unreachable,
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
    from ollama import Client

KEEP_ALIVE = "30m"
"""The time for which the server keeps the model loaded. Its default of 5 minutes is shorter than a quiet hour of
news."""

_THINKING = "thinking"
_PARAMETERS = (
    Parameter("system", (True, False)),
    Parameter("think", ("never", None)),
    Parameter("format", ("schema", "schema_without_bounds", "object", None)),
)

T = TypeVar("T")


def _import_ollama() -> None:
    # The library makes a client while it is imported, and fails on values of these variables that it does not expect.
    with hidden_variables("OLLAMA_HOST"):
        import ollama  # noqa: F401 - loaded here, used where it is imported again


class OllamaServer:
    """See `chat.ChatServer`.

    Args:
        url: the URL of the server.
        timeout: the longest time in seconds for which the server may send nothing while it works on an answer.
        ca_file: the CA against which the server's certificate is checked; None stands for the usual CAs.

    Raises:
        StopProgram: the file, or the proxy that the environment names for the server, cannot be used.
    """

    def __init__(self, url: str, model: str, *, timeout: float, ca_file: Path | None = None) -> None:
        self.url = shown_url(url)
        self._address = url
        self.digest = ""
        self._model = model
        _import_ollama()
        self.timeout = timeout
        self._network = {
            "verify": trust(ca_file, "OLLAMA"),
            "proxy": proxy_for(url),
            "trust_env": False,
            "event_hooks": event_hooks(),
        }
        self._client: Client | None = None
        self._thinks = False
        self._shapes = RequestShapes(self.url, _PARAMETERS)

    def probe(self) -> None:
        """See `chat.ChatServer.probe`. Finds out the model's digest, and whether the model reasons by default."""
        from ollama import Client

        with Client(host=self._address, timeout=min(CHECK_SECONDS, self.timeout), **self._network) as quick:
            # Proxies often pass on no more than what scoring needs, and other programs speak no more of the protocol.
            with suppress(FailedError):
                shown = self._ask(lambda: quick.show(self._model))
                self._thinks = _THINKING in (shown.capabilities or ())
            try:
                listed = self._ask(quick.list).models
            except CryptoBoyError:
                return
        wanted = {self._model, f"{self._model}:latest"}
        self.digest = next((each.digest or "" for each in listed if each.model in wanted), "")

    def chat(
        self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int, is_check: bool = False
    ) -> Reply:
        """See `chat.ChatServer.chat`."""
        client = self._connect()

        def send(shape: Shape) -> Reply:
            return self._ask(lambda: self._reply(client, messages, schema, max_tokens, shape))

        return self._shapes.ask(send, is_check=is_check)

    def close(self) -> None:
        """See `chat.ChatServer.close`."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]  # the library left it without annotations
            self._client = None

    def _connect(self) -> Client:
        if self._client is None:
            # These take a second to import, which only those who use Ollama should wait for.
            import httpx
            from ollama import Client

            timeout = httpx.Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout))
            self._client = Client(host=self._address, timeout=timeout, **self._network)
        return self._client

    def _reply(
        self,
        client: Client,
        messages: Messages,
        schema: dict[str, Any] | None,
        max_tokens: int,
        shape: Shape,
    ) -> Reply:
        response = client.chat(
            model=self._model,
            messages=messages if shape["system"] else without_system_role(messages),
            think=False if self._thinks and shape["think"] else None,
            format=None if schema is None else _format(schema, shape["format"]),
            options={"temperature": 0, "num_predict": max_tokens},
            keep_alive=KEEP_ALIVE,
        )
        return Reply(
            text=response.message.content or "",
            is_cut=response.done_reason == "length",
            thoughts=response.message.thinking or "",
            prompt_tokens=token_count(response.prompt_eval_count),
            answer_tokens=token_count(response.eval_count),
        )

    def _ask(self, call: Callable[[], T]) -> T:
        """Make a request, and turn its failure into the error type for the right reaction."""
        import httpx
        import ollama

        try:
            return call()
        except ollama.ResponseError as error:
            raise self._failure(error.status_code, str(error.error)) from None
        except httpx.TimeoutException:
            raise TryLater(f"Ollama at {self.url} gave no answer within {self.timeout:g} s") from None
        except (ConnectionError, httpx.HTTPError) as error:
            raise why_unreachable(error, f"Ollama at {self.url}", "OLLAMA") from None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:  # answers of another shape
            if inside := _error_inside(error):
                raise TryLater(f"Ollama at {self.url} answers with an error: {inside}") from None
            raise FailedError(f"what answers at {self.url} does not speak Ollama's protocol") from None

    def _failure(self, status: int, message: str) -> CryptoBoyError:
        said = f"status {status}: {message[:MAX_SAID_CHARS]}"
        if status in NOT_FOUND and self._model in message:
            return PersonNeededError(
                f"Ollama at {self.url} does not have the model {self._model}; "
                f"get it with `ollama pull {self._model}`"
            )
        if status in NO_RIGHTS:
            return PersonNeededError(f"Ollama at {self.url} refuses us ({said}); check OLLAMA_API_KEY")
        if status in REFUSED:
            return RefusedError(f"Ollama at {self.url} refuses the request ({said})", _blamed(message))
        if status in FAILED or status in NOT_FOUND:
            return FailedError(f"Ollama at {self.url} cannot answer now ({said})")
        return TryLater(f"Ollama at {self.url} cannot answer now ({said})")


def _blamed(message: str) -> str | None:
    """Return the parameter that the message of a refusal blames, or `THE_ARTICLE`; None if it blames neither."""
    if blames_the_article(message):
        return THE_ARTICLE
    return "think" if _THINKING in message else None


def _format(schema: dict[str, Any], option: str | None) -> Any:  # noqa: ANN401 - as the client has it
    match option:
        case "schema":
            return schema
        case "schema_without_bounds":
            return without_bounds(schema)
        case "object":
            return "json"
    return None


def _error_inside(error: Exception) -> str:
    """Return the error that was sent with status 200, if this error is why the client could not parse the answer."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        for problem in error.errors():
            sent = problem["input"]
            if isinstance(sent, dict) and sent.get("error"):
                return clean(str(sent["error"]), MAX_SAID_CHARS)
    return ""
