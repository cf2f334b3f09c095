"""The API of a system in containers, asked at its published port as from a browser or a program on the server."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.support.containers.stack import Stack

API = "http://localhost:8110"
_KEY = re.compile(r"\bcb_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\b")
_SECONDS = 30.0


def make_key(stack: Stack, name: str, *options: str) -> str:
    """A key that the operator's container made; `--scope control` is one of the options."""
    (key,) = _KEY.findall(stack.operator("secrets", "api-key", "make", name, *options))
    return str(key)


def ask(path: str, key: str | None = None, method: str = "GET", **body: str) -> httpx.Response:
    """What the API answers, whatever its status. Raises httpx.TransportError if it does not answer."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
        return client.request(method, f"{API}{path}", headers=headers, json=body or None)


def told(path: str, key: str) -> Any:
    """What the API tells whoever has the key; None while it does not answer, or a part that it needs is away."""
    try:
        answer = ask(path, key)
    except httpx.TransportError:
        return None
    return answer.json() if answer.is_success else None
