"""Scores with a language model on an Ollama server, through the official client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from services.common.errors import CannotSay, CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.common.health import DependencyHealth
from services.sentiment_analyzer.answer import BadAnswerError, read_answer
from services.sentiment_analyzer.assets import Asset
from services.sentiment_analyzer.prompt import SYSTEM_PROMPT, answer_schema, correction_prompt, user_prompt
from services.sentiment_analyzer.scorer import Scores
from services.sentiment_analyzer.text import ArticleText

if TYPE_CHECKING:
    from ollama import ChatResponse, Client

log = structlog.get_logger(__name__)

KEEP_ALIVE = "30m"
"""How long the server keeps the model loaded; its own default of 5 minutes is less than a quiet hour of news."""
CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""Time to say that a model is there; only loading it and answering may take long."""
TOKENS_PER_ASSET = 128
"""Room for the answer on one asset; more assets than OLLAMA_MAX_TOKENS has room for raise that bound."""
MAX_QUOTED_CHARS = 500

_NOT_FOUND = 404
# Statuses that blame the request itself, and would do so again.
_REFUSED = frozenset({400, 413, 422})
_NO_RIGHTS = frozenset({401, 403})

T = TypeVar("T")


class OllamaScorer:
    """Asks one model for all assets of an article in one call. Threads may share it.

    Args:
        host: URL of the server.
        timeout: longest silence of the server while it works on an answer, in seconds.
        max_tokens: bound of one answer.
    """

    name = "ollama"
    articles_at_once = 1

    def __init__(self, *, host: str, model: str, timeout: float, max_tokens: int) -> None:
        self.model = model
        self._host = host
        self._timeout = timeout
        self._max_tokens = max_tokens
        self._client: Client | None = None
        self._health = DependencyHealth(ok=False, detail="not asked yet")

    def check(self) -> None:
        """Make sure that the server has the model and can use it; loads the model.

        Raises:
            TryLater: the server is away or busy.
            StopProgram: it does not have the model, or refuses us.
        """
        from ollama import Client

        client = self._connect()
        try:
            with Client(host=self._host, timeout=min(CHECK_SECONDS, self._timeout)) as quick:
                self._ask(lambda: quick.show(self.model))
            self._ask(lambda: self._chat(client, [{"role": "user", "content": "Say ok."}], max_tokens=1))
        except _PersonNeededError as error:
            raise StopProgram(str(error)) from None
        except NeverWorks as error:
            raise StopProgram(
                f"{self._host} refuses to work with {self.model} ({error}); set OLLAMA_MODEL to a chat model"
            ) from None

    def health(self) -> DependencyHealth:
        """How the server was when last asked."""
        return self._health

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]  # the library left it without annotations
            self._client = None

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Ask for the scores; once more, with the fault named, if the answer cannot be used.

        Raises:
            TryLater: the server is away, busy or too slow, or has lost the model.
            CannotSay: the model cannot tell, or gave two answers that cannot be used.
            NeverWorks: the server refuses this very request.
        """
        client = self._connect()
        schema = answer_schema(assets)
        max_tokens = max(self._max_tokens, TOKENS_PER_ASSET * len(assets))
        messages = [
            {"role": "system", "content": SYSTEM_PROMPT},
            {"role": "user", "content": user_prompt(text, assets)},
        ]

        def ask() -> ChatResponse:
            return self._chat(client, messages, schema=schema, max_tokens=max_tokens)

        response = self._ask(ask)
        try:
            return self._read(response, assets)
        except BadAnswerError as error:
            log.info("answer_refused", model=self.model, reason=str(error))
            messages += [
                {"role": "assistant", "content": (response.message.content or "")[:MAX_QUOTED_CHARS]},
                {"role": "user", "content": correction_prompt(str(error))},
            ]
        try:
            return self._read(self._ask(ask), assets)
        except BadAnswerError as error:
            raise CannotSay(f"two answers could not be used, the second because {error}") from None

    def _connect(self) -> Client:
        if self._client is None:
            # These take a second to import, which only those who use Ollama should wait for.
            import httpx
            from ollama import Client

            timeout = httpx.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout))
            self._client = Client(host=self._host, timeout=timeout)
        return self._client

    def _chat(
        self,
        client: Client,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
    ) -> ChatResponse:
        return client.chat(
            model=self.model,
            messages=messages,
            format=schema,
            options={"temperature": 0, "num_predict": max_tokens},
            keep_alive=KEEP_ALIVE,
        )

    def _read(self, response: ChatResponse, assets: Sequence[Asset]) -> Scores:
        if response.done_reason == "length":
            raise BadAnswerError("it is too long and was cut off; shorten the reasons")
        return Scores(self.model, read_answer(response.message.content or "", assets))

    def _ask(self, call: Callable[[], T]) -> T:
        """Make a request, turn its failure into the reaction to it, and remember how the server was."""
        import httpx
        import ollama

        try:
            answer = call()
        except ollama.ResponseError as error:
            failure = self._failure(error.status_code, error.error)
        except httpx.TimeoutException:
            failure = TryLater(f"Ollama at {self._host} gave no answer within {self._timeout:g} s")
        except (ConnectionError, httpx.HTTPError) as error:
            failure = TryLater(f"Ollama at {self._host} cannot be reached ({type(error).__name__})")
        except (ValueError, TypeError, AttributeError):  # how the client fails on answers of another shape
            failure = TryLater(f"what answers at {self._host} does not speak Ollama's protocol")
        else:
            self._health = DependencyHealth(ok=True, detail=self.model)
            return answer
        # A request refused for what it is says nothing against the server.
        self._health = DependencyHealth(ok=isinstance(failure, NeverWorks), detail=str(failure))
        raise failure

    def _failure(self, status: int, message: str) -> CryptoBoyError:
        said = f"status {status}: {message[:200]}"
        if status == _NOT_FOUND and self.model in message:
            return _PersonNeededError(
                f"Ollama at {self._host} does not have the model {self.model}; "
                f"get it with `ollama pull {self.model}`"
            )
        if status in _NO_RIGHTS:
            return _PersonNeededError(f"Ollama at {self._host} refuses us ({said}); check OLLAMA_API_KEY")
        if status in _REFUSED:
            return NeverWorks(f"Ollama at {self._host} refuses the request ({said})")
        return TryLater(f"Ollama at {self._host} cannot answer now ({said})")


class _PersonNeededError(TryLater):
    """Ends the program at its start; while it runs, news waits until a person has mended it."""
