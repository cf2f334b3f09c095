"""Host names that are known only inside Compose, and what to write instead elsewhere."""

from __future__ import annotations

import socket

COMPOSE_HOSTS = frozenset({"rabbitmq", "redis", "ollama"})


def explain_compose_name(variable: str, host: str) -> str | None:
    """What to write instead of a host that is a service's name in Compose and unknown here; None if it is not that.

    Asks the resolver, and only for such a name.

    Args:
        variable: the one that names the host.
        host: a name or an IP address.
    """
    if host.lower() not in COMPOSE_HOSTS or _is_known(host):
        return None
    return (
        f"{variable} names the host {host}, which is known inside Compose only: for a server on this machine write "
        f"localhost instead of {host} in {variable}"
    )


def _is_known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True
