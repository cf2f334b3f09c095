"""Requests to this machine, which no proxy of the environment may get."""

from __future__ import annotations

import urllib.request
from http.client import HTTPResponse
from typing import cast


def open_directly(url: str, timeout: float) -> HTTPResponse:
    """Request a URL on this machine without the proxies of the environment. Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return cast("HTTPResponse", opener.open(url, timeout=timeout))
