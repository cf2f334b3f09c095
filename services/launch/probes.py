"""HTTP requests to running programs: whether they are ready, and their metrics."""

from __future__ import annotations

import http.client
import json
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from services.common.network.directly import open_directly

_TIMEOUT_SECONDS = 5.0


def get_json(url: str) -> tuple[int, Any]:
    """Return the status and the decoded body of an answer with any status; (0, None) if there is no answer."""
    status, body = _get(url)
    try:
        return status, json.loads(body) if body else None
    except ValueError:
        return status, None


def answers_ok(url: str) -> Callable[[], bool]:
    """Return a function that returns True while `url` answers 200."""
    return lambda: _get(url)[0] == HTTPStatus.OK


def _get(url: str) -> tuple[int, bytes]:
    try:
        with open_directly(url, _TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, _rest_of(error)
    except (OSError, http.client.HTTPException):  # the latter if the program ends while it answers
        return 0, b""


def _rest_of(answer: urllib.error.HTTPError) -> bytes:
    try:
        return answer.read()
    except (OSError, http.client.HTTPException):
        return b""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a service's `/metrics`: (name, labels, value) of each."""

    rows: tuple[tuple[str, dict[str, str], float], ...] = field(default=())

    def total(self, name: str, **labels: str) -> int:
        """The sum of a counter over all samples that have these labels; 0 when there are none."""
        wanted = labels.items()
        return int(sum(value for row, have, value in self.rows if row == name and wanted <= have.items()))


def read_metrics(address: str) -> Samples | None:
    """The samples of the service at host:port; None if the service does not answer."""
    status, body = _get(f"http://{address}/metrics")
    if status != HTTPStatus.OK:
        return None
    return Samples(
        tuple(
            (sample.name, dict(sample.labels), sample.value)
            for family in text_string_to_metric_families(body.decode())
            for sample in family.samples
        )
    )
