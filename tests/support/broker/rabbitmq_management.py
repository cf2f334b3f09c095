"""The few calls of RabbitMQ's management API that tests make."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from tests.support.servers.server_control import RabbitServer


class Management:
    """A client of the API of one server. Every call raises httpx.HTTPError if the server refuses."""

    def __init__(self, server: RabbitServer) -> None:
        self._user = server.user
        self._client = httpx.Client(
            base_url=f"http://{server.host}:{server.management_port}/api/",
            auth=(server.user, server.password),
            timeout=30,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer to a request; `path` is relative to /api/ and already quoted."""
        answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def create_vhost(self, vhost: str) -> None:
        """Make a virtual host in which the server's user may do everything."""
        self.call("PUT", f"vhosts/{quoted(vhost)}")
        self.allow(vhost, self._user)

    def delete_vhost(self, vhost: str) -> None:
        """Remove a virtual host with all that is in it."""
        self.call("DELETE", f"vhosts/{quoted(vhost)}")

    def create_user(self, user: str, password: str) -> None:
        """Make a user with no rights anywhere yet."""
        self.call("PUT", f"users/{quoted(user)}", {"password": password, "tags": ""})

    def delete_user(self, user: str) -> None:
        """Remove a user."""
        self.call("DELETE", f"users/{quoted(user)}")

    def allow(
        self, vhost: str, user: str, configure: str = ".*", write: str = ".*", read: str = ".*"
    ) -> None:
        """Set a user's rights in a virtual host, as regular expressions of names."""
        rights = {"configure": configure, "write": write, "read": read}
        self.call("PUT", f"permissions/{quoted(vhost)}/{quoted(user)}", rights)

    def connections(self, vhost: str) -> list[str]:
        """The names of the connections to a virtual host; the newest may be missing for some seconds."""
        return [each["name"] for each in self.call("GET", f"vhosts/{quoted(vhost)}/connections")]

    def close_connection(self, name: str) -> None:
        """End a connection from the server's side."""
        self.call("DELETE", f"connections/{quoted(name)}")


def quoted(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")
