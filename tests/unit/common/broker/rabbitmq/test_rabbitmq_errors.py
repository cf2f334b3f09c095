from __future__ import annotations

import socket

import pika
import pytest
from pika import exceptions

from services.common.broker.rabbitmq.errors import Place, why_lost, why_not_open, why_refused
from services.common.errors import CryptoBoyError, StopProgram, TryLater

PLACE = Place("broker.example", 5672, "/", "reader")


def _denied(text: str) -> exceptions.ProbableAccessDeniedError:
    return exceptions.ProbableAccessDeniedError(f'ConnectionClosedByBroker: (530) "NOT_ALLOWED - {text}"')


@pytest.mark.parametrize(
    ("error", "reaction"),
    [
        (_denied("vhost trading not found"), StopProgram),
        (_denied("access to vhost '/' refused for user 'reader'"), StopProgram),
        (_denied("access to vhost '/' refused for user 'reader': connection limit (1) is reached"), TryLater),
        (_denied("access to vhost '/' refused for user 'reader': vhost '/' is down"), TryLater),
        (exceptions.ProbableAuthenticationError("(403) 'ACCESS_REFUSED - Login was refused'"), StopProgram),
        # The stream ended while we logged in, as when a server is just stopping: nobody refused anything.
        (exceptions.ProbableAuthenticationError("StreamLostError: connection reset by peer"), TryLater),
        (exceptions.ProbableAccessDeniedError("StreamLostError: end of file"), TryLater),
        (exceptions.AMQPConnectionError("connection refused"), TryLater),
        (OSError("name or service not known"), TryLater),
        (TimeoutError(), TryLater),
    ],
)
def test_only_what_the_server_said_for_good_stops_the_program(
    error: Exception, reaction: type[CryptoBoyError]
) -> None:
    assert type(why_not_open(error, PLACE)) is reaction


def test_a_server_that_is_not_there_is_told_in_the_words_of_the_system() -> None:
    def told(connection: pika.SelectConnection, error: BaseException) -> None:
        reasons.append(str(why_not_open(error, PLACE)))
        connection.ioloop.stop()

    reasons: list[str] = []
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        parameters = pika.ConnectionParameters("127.0.0.1", nobody.getsockname()[1])
        pika.SelectConnection(parameters, on_open_error_callback=told).ioloop.start()
    assert reasons == [f"{PLACE} cannot be reached: Connection refused"]


@pytest.mark.parametrize(
    ("code", "text", "reaction"),
    [
        (403, "ACCESS_REFUSED - configure access refused", StopProgram),
        (404, "NOT_FOUND - no queue", StopProgram),
        (406, "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q'", StopProgram),
        (406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out", TryLater),
        (405, "RESOURCE_LOCKED", TryLater),
        (541, "INTERNAL_ERROR", TryLater),
    ],
)
def test_a_closed_channel_stops_the_program_only_if_a_person_must_act(
    code: int, text: str, reaction: type[CryptoBoyError]
) -> None:
    error = why_refused(exceptions.ChannelClosedByBroker(code, text), "declare the queue q", PLACE)
    assert type(error) is reaction
    assert text in str(error)
    assert "declare the queue q" in str(error)


def test_a_lost_connection_is_a_matter_of_time() -> None:
    error = why_lost(exceptions.ConnectionClosedByBroker(320, "CONNECTION_FORCED"), PLACE)
    assert "broker.example:5672" in str(error)
    assert "CONNECTION_FORCED" in str(error)
