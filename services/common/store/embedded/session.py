"""The commands of one client of the embedded Redis server, by fakeredis, with what differs from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from fakeredis import FakeServer
from fakeredis._helpers import SimpleError
from fakeredis._socket import FakeSocket
from fakeredis.model._command_info import is_write_command

from services.common.store.keys import ENTRIES, HOLDS, HOLDS_ID

KEPT_AT_ONCE = frozenset(key.encode() for key in (ENTRIES, HOLDS, HOLDS_ID))
"""The keys that stop a bot: on the disk before a change is answered, and taken though the disk is full."""


class Session(FakeSocket):
    """fakeredis's state of one client (database, transaction, protocol) and its commands.

    Args:
        reply: takes each reply.
        failure: says why nothing can be kept just now, or None.
    """

    def __init__(
        self,
        data: FakeServer,
        reply: Callable[[object], None],
        address: str = "",
        failure: Callable[[], str | None] = lambda: None,
    ) -> None:
        super().__init__(data, 0, client_class=redis.Redis, client_info={"addr": address, "resp": 2})
        self._reply = reply
        self._failure = failure
        self.has_to_be_kept = False

    @property
    def protocol(self) -> int:
        """The version of the protocol that the client asked for."""
        return int(self._client_info.protocol_version)

    @property
    def is_killed(self) -> bool:
        """Whether somebody sent CLIENT KILL for this client."""
        return bool(self._killed)

    def run(self, fields: list[bytes]) -> None:
        """Run one command; its reply is handed over before this returns."""
        self._process_command(fields)

    def put_response(self, msg: Any) -> None:  # noqa: ANN401 - fakeredis's signature
        """Called by fakeredis with each reply, and by other clients' commands with what they publish."""
        self._reply(msg)

    def _run_command(self, func: Any, sig: Any, args: list[Any], from_script: bool) -> Any:  # noqa: ANN401 - fakeredis's signature
        """Called by fakeredis with each command, those of a script and of a transaction included."""
        writes = is_write_command(sig.name.encode())
        stops = writes and not KEPT_AT_ONCE.isdisjoint(arg for arg in args if isinstance(arg, bytes))
        self.has_to_be_kept |= stops
        failure = self._failure()
        if failure and writes and not stops:
            return SimpleError(f"MISCONF the embedded Redis takes no writes: its snapshot fails, {failure}")
        return super()._run_command(func, sig, args, from_script)

    def _decode_result(self, result: Any) -> Any:  # noqa: ANN401 - fakeredis's signature
        return (
            result  # it would turn status replies into values and errors into exceptions without their code
        )

    def _blocking(
        self,
        timeout: float | None,  # noqa: ARG002 - fakeredis's signature
        func: Callable[[bool], Any],
        shape: Callable[[Any], Any] | None = None,
    ) -> Any:  # noqa: ANN401 - fakeredis's signature
        answer = func(True)
        if answer is None and not self._in_transaction:
            raise SimpleError("ERR the embedded Redis does not wait: nothing is there now")
        return answer if shape is None else shape(answer)
