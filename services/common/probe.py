"""A health check for containers: `python -m services.common.probe [PORT [PATH]]` exits 0 on an answer of 200.

Without a port it asks HEALTH_PORT, or else the usual ports of the services, of which a container runs one.
It imports no package beside the standard library, so that it starts in a moment.
"""

from __future__ import annotations

import os
import sys
import urllib.request
from http.client import HTTPResponse
from typing import cast

from services.common.services import USUAL_PORTS

TIMEOUT_SECONDS = 4.0


def main(arguments: list[str]) -> int:
    """Ask http://127.0.0.1:PORT/PATH (default /health) once, of each port until one answers 200."""
    given = arguments[0] if arguments else os.environ.get("HEALTH_PORT", "")
    ports = (int(given),) if given else tuple(USUAL_PORTS.values())
    path = arguments[1] if len(arguments) > 1 else "/health"
    reasons = [problem for port in ports if (problem := _problem(port, path))]
    if len(reasons) < len(ports):
        return 0
    sys.stderr.write(f"not healthy: {'; '.join(reasons)}\n")
    return 1


def open_directly(url: str, timeout: float) -> HTTPResponse:
    """Ask an address on this machine, whatever proxy the environment names. Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return cast("HTTPResponse", opener.open(url, timeout=timeout))


def _problem(port: int, path: str) -> str:
    """Why it is not healthy; empty if it is."""
    try:
        with open_directly(f"http://127.0.0.1:{port}{path}", TIMEOUT_SECONDS):
            return ""
    except OSError as error:
        return f"{port}: {error}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
