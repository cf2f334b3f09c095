"""A health check for containers: `python -m services.common.probe [PORT [PATH]]` exits 0 on an answer of 200.

Without a port the check uses HEALTH_PORT, or else tries the default port of every service, because a container runs
one service. The answer is printed, so the same command shows an operator the health of a container.
This module imports only the standard library, so that the check starts quickly.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from http.client import HTTPResponse
from typing import cast

from services.common.services import USUAL_PORTS

TIMEOUT_SECONDS = 4.0


def main(arguments: list[str]) -> int:
    """Request http://127.0.0.1:PORT/PATH (default /health) once on each port until one answers 200."""
    given = arguments[0] if arguments else os.environ.get("HEALTH_PORT", "")
    ports = (int(given),) if given else tuple(USUAL_PORTS.values())
    path = arguments[1] if len(arguments) > 1 else "/health"
    reasons = [problem for port in ports if (problem := _problem(port, path))]
    if len(reasons) < len(ports):
        return 0
    sys.stderr.write(f"not healthy: {'; '.join(reasons)}\n")
    return 1


def open_directly(url: str, timeout: float) -> HTTPResponse:
    """Request a URL on this machine without the proxies of the environment. Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return cast("HTTPResponse", opener.open(url, timeout=timeout))


def _problem(port: int, path: str) -> str:
    """Return why the service on this port is not healthy; empty if it is healthy."""
    try:
        with open_directly(f"http://127.0.0.1:{port}{path}", TIMEOUT_SECONDS) as answer:
            _print(answer)
            return ""
    except urllib.error.HTTPError as error:
        _print(error)
        return f"{port}: {error}"
    except OSError as error:
        return f"{port}: {error}"


def _print(answer: HTTPResponse | urllib.error.HTTPError) -> None:
    sys.stdout.write(f"{answer.read().decode(errors='replace').strip()}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
