"""The port of a server that runs a language model."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from services.common.errors import TryLater
from services.common.network.compose_names import explain_compose_name
from services.common.network.proxies import by_way_of
from services.common.tls import TlsFiles, client_context, explain_tls, usual_trust

Messages = Sequence[Mapping[str, str]]
"""A conversation, each message of which has a `role` (system, user, assistant) and a `content`."""

CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""The time limit in seconds for the answer to the question whether a server has a model. Only loading the model and
generating an answer may take long."""
MAX_SAID_CHARS = 200
MOST_COUNTED_TOKENS = 10**9
"""The largest number that can be a count of tokens, which is more than the context of any model can contain."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The output of a model.

    Attributes:
        is_cut: whether the output reached the limit of tokens before its end.
        thoughts: the reasoning of the model, if the server sends it separately from the text.
        declined: the refusal of the model to answer; empty if it did not refuse.
        prompt_tokens: the number of tokens in the prompt, as counted by the server; 0 if the server does not count
            them. `answer_tokens` is the corresponding number for the answer.
    """

    text: str
    is_cut: bool = False
    thoughts: str = ""
    declined: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0


class ChatServer(Protocol):
    """One model on one server. All methods may be called from any thread."""

    @property
    def url(self) -> str:
        """The URL of the server, for messages to people. It never contains a secret."""
        ...

    @property
    def timeout(self) -> float:
        """The longest time in seconds for which the server may send nothing while it works on an answer."""
        ...

    @property
    def digest(self) -> str:
        """An identifier of the model's weights, if the server states one; empty until the server has stated it."""
        ...

    def probe(self) -> None:
        """Ask, within `CHECK_SECONDS`, whether the server is available and has the model.

        Raises:
            TryLater: the server is unavailable or busy.
            PersonNeededError: the server lacks the model, or refuses us.
        """
        ...

    def chat(
        self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int, is_check: bool = False
    ) -> Reply:
        """Have the model answer at temperature 0, in the form of `schema` as far as the server can.

        Args:
            messages: the conversation.
            schema: the JSON schema of the answer.
            max_tokens: the limit of tokens in the answer.
            is_check: whether the request belongs to a check. An internal error of the server then counts as a refusal
                too, so that plainer requests are tried.

        Raises:
            TryLater: the server is unavailable, busy or too slow, or the answer does not follow the protocol.
            PersonNeededError: the server lacks the model, or refuses us.
            NeverWorks: the server refuses this very request, even in its plainest form.
        """
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...


class PersonNeededError(TryLater):
    """The server lacks something that a person has to supply. Articles wait until then, even at the program start."""


class UntrustedError(PersonNeededError):
    """The certificate of the server is not trusted, so another program may answer or read the requests."""


def trust(ca_file: Path | None, names: str) -> ssl.SSLContext | bool:
    """Return the certificates against which a client with `trust_env=False` checks the server's certificate.

    Args:
        ca_file: the certificate of a CA in PEM format; None stands for the usual CAs.
        names: the prefix of the server's variables, such as OLLAMA.

    Raises:
        StopProgram: the file cannot be used.
    """
    return usual_trust() if ca_file is None else client_context(TlsFiles(names, ca_file))


def why_unreachable(error: BaseException, url: str, names: str) -> TryLater:
    """Return the error for a connection that failed. A wrong certificate can be corrected only by a person.

    Args:
        error: the error that the library raised.
        url: the URL of the server, optionally preceded by words that describe the server.
        names: the prefix of the server's variables, such as OLLAMA.
    """
    if advice := explain_tls(_whole(error), names):
        return UntrustedError(f"{url} cannot be used over TLS: {advice}")
    address = url.rpartition(" ")[2]
    variable = "OLLAMA_HOST" if names == "OLLAMA" else "OPENAI_BASE_URL"
    if why := explain_compose_name(variable, urlsplit(address).hostname or ""):
        return TryLater(f"{url} cannot be reached: {why}")
    return TryLater(f"{url} cannot be reached ({type(error).__name__}{by_way_of(address)})")


def _whole(error: BaseException | None) -> str:
    """Return the messages of an error and of the errors that led to it."""
    said = []
    while error is not None:
        said.append(str(error))
        error = error.__cause__ or error.__context__
    return " ".join(said)


def token_count(counted: object) -> int:
    """Return a count of tokens as a server states it; 0 if the server states nothing that can be a count."""
    is_count = isinstance(counted, int) and 0 <= counted <= MOST_COUNTED_TOKENS
    return int(counted) if is_count else 0  # type: ignore[call-overload]  # an int, as was looked at


def shown_url(url: str) -> str:
    """Return a URL without the user name and password that it may contain."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
