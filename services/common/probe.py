"""A health check for containers: `python -m services.common.probe PORT [PATH]` exits 0 if it answers 200.

Only the standard library, so that it starts in a moment.
"""

from __future__ import annotations

import sys
import urllib.request

TIMEOUT_SECONDS = 4.0


def main(arguments: list[str]) -> int:
    """Ask http://127.0.0.1:PORT/PATH (default /health) once."""
    port, path = int(arguments[0]), arguments[1] if len(arguments) > 1 else "/health"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT_SECONDS):
            return 0
    except OSError as error:
        sys.stderr.write(f"not healthy: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
