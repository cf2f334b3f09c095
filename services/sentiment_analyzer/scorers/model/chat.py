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
"""A conversation: `role` (system, user, assistant) and `content` of each message."""

CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""Time for the answer whether a model is there; only loading it and answering may take long."""
MAX_SAID_CHARS = 200
MOST_COUNTED_TOKENS = 10**9
"""More than any model's context holds; what counts more is no count."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The output of a model.

    Attributes:
        is_cut: it reached the bound of tokens before its end.
        thoughts: its reasoning, where the server sends that apart from the text.
        declined: its refusal to answer; empty where there is none.
        prompt_tokens: as the server counts them; 0 where it does not. `answer_tokens` likewise.
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
        """Where it is, for messages to people; never with a secret."""
        ...

    @property
    def timeout(self) -> float:
        """Longest silence of the server while it works on an answer, in seconds."""
        ...

    @property
    def digest(self) -> str:
        """Identifies the model's weights, as far as the server tells; empty before it did."""
        ...

    def probe(self) -> None:
        """Ask, within `CHECK_SECONDS`, whether the server is there and has the model.

        Raises:
            TryLater: it is away or busy.
            PersonNeededError: it lacks the model, or refuses us.
        """
        ...

    def chat(
        self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int, is_check: bool = False
    ) -> Reply:
        """Have the model answer, cold (temperature 0), in the shape of `schema` as far as the server can.

        Args:
            messages: the conversation.
            schema: JSON schema of the answer.
            max_tokens: bound of the answer.
            is_check: the request belongs to a check: an internal error of the server then counts as a refusal too, so
                that plainer requests are tried.

        Raises:
            TryLater: away, busy, too slow, or the answer does not follow the protocol.
            PersonNeededError: it lacks the model, or refuses us.
            NeverWorks: it refuses this very request, in its plainest form too.
        """
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...


class PersonNeededError(TryLater):
    """The server lacks something that a person has to supply; articles wait until then, at the start too."""


class UntrustedError(PersonNeededError):
    """The certificate of the server is not trusted: another program may answer, or read along."""


def trust(ca_file: Path | None, names: str) -> ssl.SSLContext | bool:
    """What a client with `trust_env=False` checks certificates against.

    Args:
        ca_file: a CA in PEM; None: the usual ones.
        names: what the variables of the server begin with, such as OLLAMA.

    Raises:
        StopProgram: the file cannot be used.
    """
    return usual_trust() if ca_file is None else client_context(TlsFiles(names, ca_file))


def why_unreachable(error: BaseException, url: str, names: str) -> TryLater:
    """The reaction to a connection that did not come about; only a person can mend a certificate.

    Args:
        error: what the library raised.
        url: of the server, perhaps after words that say what it is.
        names: what the variables of the server begin with, such as OLLAMA.
    """
    if advice := explain_tls(_whole(error), names):
        return UntrustedError(f"{url} cannot be used over TLS: {advice}")
    address = url.rpartition(" ")[2]
    variable = "OLLAMA_HOST" if names == "OLLAMA" else "OPENAI_BASE_URL"
    if why := explain_compose_name(variable, urlsplit(address).hostname or ""):
        return TryLater(f"{url} cannot be reached: {why}")
    return TryLater(f"{url} cannot be reached ({type(error).__name__}{by_way_of(address)})")


def _whole(error: BaseException | None) -> str:
    """What an error and those that led to it say."""
    said = []
    while error is not None:
        said.append(str(error))
        error = error.__cause__ or error.__context__
    return " ".join(said)


def token_count(counted: object) -> int:
    """A count of tokens as a server states it; 0 where it states none that can be one."""
    is_count = isinstance(counted, int) and 0 <= counted <= MOST_COUNTED_TOKENS
    return int(counted) if is_count else 0  # type: ignore[call-overload]  # an int, as was looked at


def shown_url(url: str) -> str:
    """A URL without the name and password that it may hold."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
