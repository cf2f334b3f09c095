"""The stream over real connections, from a real history that somebody writes meanwhile."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from services.common.history.batch import Batch
from services.common.history.port import HistoryWriter
from services.common.history.writing import open_history
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.running_api import api_settings, running_api
from tests.support.history.history_samples import article, signal
from tests.support.history.tables import with_tables
from tests.support.waiting import PATIENCE_SECONDS

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[HistoryWriter]:
    with closing(open_history(with_tables(api_settings(tmp_path)))) as opened:
        opened.write(Batch(articles=[article(1)]))
        yield opened


@pytest.fixture
def address(tmp_path: Path, writer: HistoryWriter) -> Iterator[str]:
    with running_api(api_settings(tmp_path)) as found:
        yield found


def stream(address: str, query: str = "", **options: Any) -> ClientConnection:
    # A client with unread messages does not read the answer to its own close, and would wait for it.
    opened: ClientConnection = connect(
        f"ws://{address}/v1/stream?{query}", proxy=None, close_timeout=0.1, **options
    )
    return opened


def next_of(client: ClientConnection, *kinds: str) -> dict[str, Any]:
    """The next message of one of these kinds."""
    while True:
        message: dict[str, Any] = json.loads(client.recv(PATIENCE_SECONDS))
        if message["kind"] in kinds:
            return message


def test_what_is_written_after_the_beginning_arrives_once_and_in_order(
    address: str, writer: HistoryWriter
) -> None:
    with stream(address) as client:
        start = next_of(client, "hello")["cursor"]
        for number in range(2, 12):
            writer.write(Batch(articles=[article(number)], signals=[signal(number)]))
        found = [next_of(client, "article", "signal") for _ in range(20)]
    assert [message["cursor"] for message in found] == list(range(start + 1, start + 21))
    assert [each["key"] for each in found if each["kind"] == "signal"] == [
        f"article-{n}" for n in range(2, 12)
    ]
    assert {each["data"]["pair"] for each in found if each["kind"] == "signal"} == {"BTC/USDT"}


def test_resuming_misses_nothing_and_doubles_nothing(address: str, writer: HistoryWriter) -> None:
    """A client comes back again and again while rows are written: it reads from the history, then from the buffer."""
    batches = [Batch(articles=[article(n) for n in range(first, first + 50)]) for first in range(2, 702, 50)]
    for batch in batches[:6]:
        writer.write(batch)
    writing = Thread(target=lambda: [writer.write(batch) for batch in batches[6:]])
    writing.start()
    cursor = 0
    seen: list[str] = []
    while len(seen) < 701:
        with stream(address, f"kind=article&after={cursor}") as client:
            for _ in range(min(90, 701 - len(seen))):
                message = next_of(client, "article")
                seen.append(message["key"])
                cursor = message["cursor"]
    writing.join()
    assert seen == [f"article-{number}" for number in range(1, 702)]


def test_a_client_gets_what_it_subscribes_to_and_may_change_that(address: str, writer: HistoryWriter) -> None:
    with stream(address, "kind=signal&pair=ETH/USDT&source=Other") as client:
        next_of(client, "hello")
        writer.write(
            Batch(
                articles=[article(2)],
                signals=[
                    signal(2),
                    signal(2, pair="ETH/USDT"),
                    signal(2, pair="ETH/USDT", model="b", source="Other"),
                ],
            )
        )
        found = json.loads(client.recv(PATIENCE_SECONDS))
        assert (found["kind"], found["pair"], found["source"]) == ("signal", "ETH/USDT", "Other")
        client.send(json.dumps({"kinds": ["article"]}))
        number = 3
        while True:  # the subscription counts from when the server has read it
            writer.write(Batch(articles=[article(number)], signals=[signal(number)]))
            try:
                found = json.loads(client.recv(0.2))
            except TimeoutError:
                number += 1
                continue
            break
        assert found["kind"] == "article"


def test_a_message_that_is_no_subscription_closes_the_connection_with_a_reason(address: str) -> None:
    for text in ("{", '{"kinds": ["rumour"]}', '{"sql": "select 1"}', b"\x00", ""):
        with stream(address, "kind=trade") as client:
            client.send(text)
            next_of(client, "hello")
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(PATIENCE_SECONDS)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, "not a subscription" in closed.value.rcvd.reason) == (1007, True)


def test_a_cursor_that_the_history_never_gave_is_refused(address: str) -> None:
    with stream(address, "after=999999") as client, pytest.raises(ConnectionClosed) as closed:
        client.recv(PATIENCE_SECONDS)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "unknown cursor" in closed.value.rcvd.reason) == (1008, True)


def test_a_client_that_reads_nothing_is_closed_with_a_reason_and_the_others_are_not(
    address: str, writer: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.stream.client.SEND_SECONDS", 0.3)
    long = "x" * 3_000
    with small_buffered(address) as slow, stream(address, "kind=article") as quick:
        next_of(quick, "hello")
        first = next_of(slow, "hello")["cursor"]
        count = 0
        while not refused(address, "slow"):
            writer.write(Batch(articles=[article(2 + count + each, summary=long) for each in range(200)]))
            count += 200
            for _ in range(200):
                next_of(quick, "article")
        cursors = [message["cursor"] for message in all_of(slow)]
    assert cursors == list(range(first + 1, first + 1 + len(cursors)))
    assert len(cursors) < count
    assert slow.protocol.close_rcvd is not None
    assert slow.protocol.close_rcvd.code == 1013
    assert slow.protocol.close_rcvd.reason == f"reads too slowly; resume with after={cursors[-1]}"


def all_of(client: ClientConnection) -> Iterator[dict[str, Any]]:
    """All messages up to the end of the connection."""
    try:
        while True:
            yield json.loads(client.recv(PATIENCE_SECONDS))
    except ConnectionClosed:
        return


def small_buffered(address: str) -> ClientConnection:
    host, _, port = address.partition(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((host, int(port)))
    return stream(address, "kind=article", sock=raw, max_queue=1)


def refused(address: str, reason: str) -> bool:
    with urlopen(f"http://{address}/metrics") as answer:
        return f'cryptoboy_stream_closed_total{{reason="{reason}"}}' in answer.read().decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"Authorization": "Bearer cb_00000000_" + "a" * 43},
    ],
)
def test_the_handshake_is_refused_as_a_request_would_be(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused_with:
        stream(address, additional_headers=headers)
    response = refused_with.value.response
    assert response.status_code in {401, 403}
    assert response.headers["Content-Type"] == "application/problem+json"


def test_our_own_page_and_a_key_get_in(address: str, tmp_path: Path) -> None:
    with stream(address, additional_headers={"Origin": f"http://{address}"}) as client:
        next_of(client, "hello")
    key = ApiKeys(keys_file(api_settings(tmp_path))).make("far", Scope.READ, NOW)
    headers = {"X-Forwarded-For": "10.0.0.1", "Authorization": f"Bearer {key}"}
    with stream(address, additional_headers=headers) as client:
        next_of(client, "hello")


def test_a_revoked_key_ends_the_stream_also_while_much_happens(
    address: str, writer: HistoryWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.stream.client.CHECK_SECONDS", 0.0)
    keys = ApiKeys(keys_file(api_settings(tmp_path)))
    key = keys.make("far", Scope.READ, NOW)
    with stream(address, "kind=article", additional_headers={"Authorization": f"Bearer {key}"}) as client:
        next_of(client, "hello")
        writer.write(Batch(articles=[article(2)]))
        next_of(client, "article")
        keys.revoke(key[3:11])
        writer.write(Batch(articles=[article(3)]))
        assert [message["key"] for message in all_of(client)] in ([], ["article-3"])
    assert client.protocol.close_rcvd is not None
    assert client.protocol.close_rcvd.code == 1008


def test_the_state_of_the_services_comes_at_the_beginning(address: str) -> None:
    with stream(address, "kind=health") as client:
        found = next_of(client, "health")["data"]
    assert found["status"] == "down"
    assert found["services"]["signal_cacher"] == "away"
