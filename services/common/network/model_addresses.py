"""Parsing of OLLAMA_HOST and OPENAI_BASE_URL, which contain addresses of model servers. Does no input or output.

The Ollama server reads its listening address from the same OLLAMA_HOST, so we parse the variable as the server does
(https://github.com/ollama/ollama/blob/main/envconfig/config.go).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from services.common.network.credentials import without_credentials

OLLAMA_PORT = 11434
_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65535
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.\-]*[A-Za-z0-9_.])?\Z", re.ASCII)
_BLANKS_AND_QUOTES = " \t\r\n\"'"


def ollama_servers(text: str) -> tuple[str, ...]:
    """Return the URLs of the Ollama servers in a comma-separated list, in its order and without duplicates.

    Raises:
        ValueError: a part of the list is not valid. The message names the part and the allowed form.
    """
    return _split(text.strip(_BLANKS_AND_QUOTES), ollama_address)


def openai_servers(text: str) -> tuple[str, ...]:
    """Return the URLs of the OpenAI-compatible servers in a comma-separated list, in its order, without duplicates.

    Raises:
        ValueError: a part of the list is not valid. The message names the part and the allowed form.
    """
    return _split(text, _openai_address)


def ollama_address(text: str) -> str:
    """Return the URL of an Ollama server that is given as `host`, `host:port`, `:port` or a URL.

    Without a scheme, the default is http and port 11434. With a scheme, the default is the scheme's own port. No
    host, 0.0.0.0 and :: mean this machine.

    Raises:
        ValueError: the text is not such an address. The message describes the allowed form.
    """
    given = text.strip(_BLANKS_AND_QUOTES)
    scheme, mark, rest = given.rpartition("://")
    scheme = scheme.lower() if mark else "https" if rest == "ollama.com" else "http"
    default = OLLAMA_PORT if not mark and scheme == "http" else _PORTS.get(scheme)
    server, _, path = rest.partition("/")
    login, at, server = server.rpartition("@")
    try:
        host, port = _host_and_port(server, scheme)
    except ValueError:
        raise ValueError(
            f"{without_credentials(given)!r} is no address of a server; write HOST, HOST:PORT, :PORT or "
            "http://HOST:PORT, such as localhost:11434"
        ) from None
    path = path.rstrip("/")
    return f"{scheme}://{login}{at}{host}:{port or default}{'/' if path else ''}{path}"


def _openai_address(text: str) -> str:
    scheme, _, rest = text.partition("://")
    try:
        server = rest.partition("/")[0].rpartition("@")[2]
        _host_and_port(server, scheme.lower() if server else "")
    except ValueError:
        raise ValueError(
            f"{without_credentials(text)!r} is no address of a server; write it with http:// or https:// and, "
            "as a rule, /v1, such as http://localhost:8000/v1"
        ) from None
    return text.rstrip("/")


def _split(text: str, read: Callable[[str], str]) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(read(part) for part in parts if part or len(parts) == 1))


def _host_and_port(server: str, scheme: str) -> tuple[str, int | None]:
    """Return the host as in a URL, and the port or None. Raises ValueError for a bad address or scheme."""
    if scheme not in _PORTS:
        raise ValueError(scheme)
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]") or (host.count(":") and not host.startswith("[")):
        host, port = server, ""  # an IPv6 address ends in no port unless it stands in brackets
    if not port:
        return _host(host), None
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= _LARGEST_PORT):
        raise ValueError(port)
    return _host(host), int(port)


def _host(host: str) -> str:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if bare in {"", "0.0.0.0"}:  # noqa: S104 # nosec B104 - recognised, not listened on
        return "127.0.0.1"
    if ":" in bare:
        address = ipaddress.IPv6Address(bare)
        # Ollama that listens on :: answers over IPv4 as well.
        return "127.0.0.1" if address.is_unspecified else f"[{address.compressed}]"
    if bare != host or not _NAME.match(bare):
        raise ValueError(host)
    return bare
