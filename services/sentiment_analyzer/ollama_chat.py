"""A model on an Ollama server, through the official client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.proxies import hidden_variables, proxy_for
from services.sentiment_analyzer.chat import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    MAX_SAID_CHARS,
    Messages,
    PersonNeededError,
    Reply,
    shown_url,
    trust,
    why_unreachable,
)

if TYPE_CHECKING:
    from ollama import ChatResponse, Client

KEEP_ALIVE = "30m"
"""How long the server keeps the model loaded; its own default of 5 minutes is less than a quiet hour of news."""

_NOT_FOUND = 404
# Statuses that blame the request itself, and would do so again.
_REFUSED = frozenset({400, 413, 422})
_NO_RIGHTS = frozenset({401, 403})

T = TypeVar("T")


def _import_ollama() -> None:
    # It makes a client of its own when it is imported, which fails on values of these variables that are none of its.
    with hidden_variables("OLLAMA_HOST"):
        import ollama  # noqa: F401


class OllamaServer:
    """See `chat.ChatServer`.

    Args:
        url: URL of the server.
        timeout: longest silence of the server while it works on an answer, in seconds.
        ca_file: CA that the server's certificate is checked against; None: the usual ones.

    Raises:
        StopProgram: the file, or the proxy that the environment names for the server, cannot be used.
    """

    def __init__(self, url: str, model: str, *, timeout: float, ca_file: Path | None = None) -> None:
        self.url = shown_url(url)
        self._address = url
        self.digest = ""
        self._model = model
        _import_ollama()
        self._timeout = timeout
        self._network = {"verify": trust(ca_file, "OLLAMA"), "proxy": proxy_for(url), "trust_env": False}
        self._client: Client | None = None

    def probe(self) -> None:
        """See `chat.ChatServer.probe`. Learns the digest of the model."""
        from ollama import Client

        with Client(host=self._address, timeout=min(CHECK_SECONDS, self._timeout), **self._network) as quick:
            self._ask(lambda: quick.show(self._model))
            try:
                listed = self._ask(quick.list).models
            except CryptoBoyError:
                return  # proxies often pass on no more than what scoring needs
        wanted = {self._model, f"{self._model}:latest"}
        self.digest = next((each.digest or "" for each in listed if each.model in wanted), "")

    def chat(self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int) -> Reply:
        """See `chat.ChatServer.chat`."""
        client = self._connect()

        def ask() -> ChatResponse:
            return client.chat(
                model=self._model,
                messages=messages,
                format=schema,
                options={"temperature": 0, "num_predict": max_tokens},
                keep_alive=KEEP_ALIVE,
            )

        response = self._ask(ask)
        return Reply(
            text=response.message.content or "",
            is_cut=response.done_reason == "length",
            prompt_tokens=response.prompt_eval_count or 0,
            answer_tokens=response.eval_count or 0,
        )

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

            timeout = httpx.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout))
            self._client = Client(host=self._address, timeout=timeout, **self._network)
        return self._client

    def _ask(self, call: Callable[[], T]) -> T:
        """Make a request, and turn its failure into the reaction to it."""
        import httpx
        import ollama

        try:
            return call()
        except ollama.ResponseError as error:
            raise self._failure(error.status_code, error.error) from None
        except httpx.TimeoutException:
            raise TryLater(f"Ollama at {self.url} gave no answer within {self._timeout:g} s") from None
        except (ConnectionError, httpx.HTTPError) as error:
            raise why_unreachable(error, f"Ollama at {self.url}", "OLLAMA") from None
        except (ValueError, TypeError, AttributeError):  # how the client fails on answers of another shape
            raise TryLater(f"what answers at {self.url} does not speak Ollama's protocol") from None

    def _failure(self, status: int, message: str) -> CryptoBoyError:
        said = f"status {status}: {message[:MAX_SAID_CHARS]}"
        if status == _NOT_FOUND and self._model in message:
            return PersonNeededError(
                f"Ollama at {self.url} does not have the model {self._model}; "
                f"get it with `ollama pull {self._model}`"
            )
        if status in _NO_RIGHTS:
            return PersonNeededError(f"Ollama at {self.url} refuses us ({said}); check OLLAMA_API_KEY")
        if status in _REFUSED:
            return NeverWorks(f"Ollama at {self.url} refuses the request ({said})")
        return TryLater(f"Ollama at {self.url} cannot answer now ({said})")
