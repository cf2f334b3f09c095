"""Maps refusals by RabbitMQ and lost connections to this project's errors, each with the corrective action.

The functions are pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from pika import exceptions

from services.common.broker.envelope import bounded
from services.common.errors import CryptoBoyError, StopProgram, TryLater
from services.common.tls import explain_tls

ACCESS_REFUSED = 403
NOT_FOUND = 404
PRECONDITION_FAILED = 406


@dataclass(frozen=True, slots=True)
class Place:
    """The address and user of a connection, for messages; never contains the password."""

    host: str
    port: int
    vhost: str
    user: str

    def __str__(self) -> str:
        return f"RabbitMQ at {self.host}:{self.port}, vhost {self.vhost}"


def why_not_open(error: BaseException, place: Place) -> CryptoBoyError:
    """The error to raise for a connection that could not be opened."""
    text = bounded(str(error) or type(error).__name__)
    # pika guesses from the stage at which the stream ended; only what the server said counts, because a server
    # that is just starting or stopping ends streams as well.
    if isinstance(error, exceptions.ProbableAuthenticationError) and "ACCESS_REFUSED" in text:
        return StopProgram(
            f"{place} refuses the user {place.user!r} or the password. Set RABBITMQ_USER and RABBITMQ_PASS; "
            "a new server knows only its own default user, and `guest` only from the same machine."
        )
    if isinstance(error, exceptions.ProbableAccessDeniedError) and "NOT_ALLOWED" in text:
        if "not found" in text:
            return StopProgram(
                f"{place}: there is no such vhost. Set RABBITMQ_VHOST, or make it: "
                f"rabbitmqctl add_vhost {place.vhost}"
            )
        # The same words begin "... vhost is down" and "... connection limit is reached", which pass.
        if "refused for user" in text and "limit" not in text and "down" not in text:
            return StopProgram(
                f"{place}: the user {place.user!r} has no rights there. Grant them: rabbitmqctl "
                f"set_permissions --vhost {place.vhost} {place.user} CONFIGURE WRITE READ"
            )
    if advice := explain_tls(repr(error), "RABBITMQ"):
        return StopProgram(f"{place} cannot be used over TLS: {advice}")
    return TryLater(f"{place} cannot be reached: {_plain(error)}")


def why_lost(error: BaseException, place: Place) -> TryLater:
    """The error to raise for an open connection that ended."""
    return TryLater(f"the connection to {place} was lost: {_plain(error)}")


def why_refused(error: BaseException, doing: str, place: Place) -> CryptoBoyError:
    """The error to raise if RabbitMQ closed a channel; `doing` completes the sentence "RabbitMQ cannot ..."."""
    code = error.reply_code if isinstance(error, exceptions.ChannelClosedByBroker) else None
    said = _plain(error)
    if code == ACCESS_REFUSED:
        return StopProgram(
            f"{place} does not let the user {place.user!r} {doing}: {said}. Grant the right, or, where "
            "queues come from a definitions file, set RABBITMQ_DECLARE=false."
        )
    if code == PRECONDITION_FAILED and "inequivalent" in said:
        return StopProgram(
            f"{place} cannot {doing}, because it exists with other properties: {said}. Set what differs back "
            "(x-max-length is QUEUE_MAX_LENGTH), or delete it and let it be declared again: first let its "
            "consumers drain it, because messages in a deleted queue are lost; then "
            f"rabbitmqctl delete_queue --vhost {place.vhost} NAME"
        )
    if code == NOT_FOUND:
        return StopProgram(
            f"{place} cannot {doing}: {said}. Import deploy/rabbitmq/definitions.json, or set "
            "RABBITMQ_DECLARE=true to have everything declared at start."
        )
    return TryLater(f"{place} closed the channel while we wanted to {doing}: {said}")


def _plain(error: BaseException) -> str:
    error = _innermost(error)
    if isinstance(error, exceptions.ConnectionClosed | exceptions.ChannelClosed):
        return bounded(f"{error.reply_code} {error.reply_text}")
    said = error.strerror if isinstance(error, OSError) else None
    return bounded(said or str(error) or type(error).__name__)


def _innermost(error: BaseException) -> BaseException:
    """The original error: pika wraps an operating system error three times, and the outer errors have no text."""
    wrapped = (*error.args, *getattr(error, "exceptions", ()), getattr(error, "exception", None))
    inner = [each for each in wrapped if isinstance(each, BaseException)]
    return _innermost(inner[-1]) if inner else error
