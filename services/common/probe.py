"""A health check for containers: `python -m services.common.probe [PORT [PATH]]` exits 0 on an answer of 200.

Without a port the check uses HEALTH_PORT, or else tries the default port of every service, because a container runs
one service. The answer is printed, so the same command shows an operator the health of a container.
The module imports little, because each container starts it every few seconds. `http.client` knows no proxies.
"""

from __future__ import annotations

import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 4.0
USUAL_PORTS = {
    "signal_cacher": 8104,
    "history_recorder": 8107,
    "sentiment_processor": 8103,
    "news_poller": 8101,
    "market_streamer": 8102,
    "api": 8110,
    "notifier": 8106,
}
"""The port of each service unless HEALTH_PORT, or API_PORT for the API, sets another one."""


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


def _problem(port: int, path: str) -> str:
    """Return why the service on this port is not healthy; empty if it is healthy."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        sys.stdout.write(f"{answer.read().decode(errors='replace').strip()}\n")
    except (OSError, HTTPException) as error:
        return f"{port}: {error}"
    finally:
        connection.close()
    return "" if answer.status == HTTPStatus.OK else f"{port}: {answer.status} {answer.reason}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
