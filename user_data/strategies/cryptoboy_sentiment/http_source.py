"""Reads the live signals of the sentiment store through CryptoBoy's API, for which Freqtrade lacks no package."""

import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from cryptoboy_sentiment.store_reader import Answer, Known
from cryptoboy_sentiment.wire import PATH, WireError, read_answer, request_text

TIMEOUT_S = 1.0  # for each operation of the network
ANSWER_S = 10.0  # for a whole answer, after which another one is asked for
MOST_BYTES = 64_000_000
_OK = 200
_REASONS = {
    401: "it does not accept the key: give one with the scope read as cryptoboy.api_key or CRYPTOBOY_API_KEY_FILE "
    "(./cryptoboy secrets api-key makes one)",
    403: "it refuses this bot: does the key have the scope read?",
    404: f"it has no {PATH}: is this the address of CryptoBoy's API, and of this version?",
    429: "it has had too many requests with this key",
}


class ApiError(Exception):
    """The API's answer cannot be used; the message never has the key."""


class HttpReader:
    """A `StoreReader` of CryptoBoy's API. A read is one request; the connection is kept for the next one.

    It uses no proxy and follows no redirection, so that the key goes to the named host only. The certificate of an
    https:// address is checked against the CAs of the system, or those that SSL_CERT_FILE names.

    Args:
        address: http:// or https:// with a host, as `addresses` allows it.
        key: an API key; None if the API asks for none.
    """

    def __init__(self, address: str, key: str | None) -> None:
        self.name = f"The API at {address}"
        url = urlsplit(address)
        self._connection = _connection(url.scheme == "https", url.hostname or "", url.port)
        self._path = url.path.rstrip("/") + PATH
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def read(self, known: Mapping[str, Known], horizon: float) -> Answer:
        """See `StoreReader.read`."""
        body = self._ask(request_text(known, horizon))
        try:
            return read_answer(body, known, horizon)
        except WireError as error:
            raise ApiError(f"its answer cannot be read ({error})") from None

    def _ask(self, request: bytes) -> bytes:
        try:
            return self._body_of(self._send_again_if_closed(request))
        except BaseException:
            with suppress(OSError):
                self._connection.close()  # what is left of the answer would be taken for the next one
            raise

    def _body_of(self, response: HTTPResponse) -> bytes:
        if response.status != _OK:
            reason = _REASONS.get(response.status, "")
            raise ApiError(f"it answered {response.status}{reason and ': '}{reason}")
        give_up_at = time.monotonic() + ANSWER_S
        body = bytearray()
        while chunk := response.read1():
            body += chunk
            if len(body) > MOST_BYTES:
                raise ApiError(f"its answer is longer than {MOST_BYTES} bytes")
            if time.monotonic() > give_up_at:
                raise ApiError(f"its answer took longer than {ANSWER_S:g} s")
        response.read()  # `read1` does not notice the end, without which the connection takes no further request
        return bytes(body)

    def _send_again_if_closed(self, request: bytes) -> HTTPResponse:
        is_reused = self._connection.sock is not None
        try:
            return self._send(request)
        except (ConnectionError, HTTPException):
            if not is_reused:
                raise
            self._connection.close()  # the server has closed it, as it was idle
            return self._send(request)

    def _send(self, request: bytes) -> HTTPResponse:
        self._connection.request("POST", self._path, request, self._headers)
        return self._connection.getresponse()


def _connection(is_tls: bool, host: str, port: int | None) -> HTTPConnection:
    if is_tls:
        return HTTPSConnection(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    return HTTPConnection(host, port, timeout=TIMEOUT_S)
