"""Explains host names that only Compose resolves, and which name to use outside of Compose."""

from __future__ import annotations

import socket

COMPOSE_HOSTS = frozenset({"rabbitmq", "redis", "ollama"})


def explain_compose_name(variable: str, host: str) -> str | None:
    """Return advice on a Compose service's name that this machine cannot resolve; None for any other host.

    Only names of Compose services are looked up in the resolver.

    Args:
        variable: the variable that contains the host.
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
