"""Prints a link with which a browser can open the page: `python -m services.api.link`.

For the API's container and its user under systemd: `./cryptoboy serve` has not their STATE_DIR.
"""

from __future__ import annotations

import sys

from services.common.errors import StopProgram
from services.common.secrets.links import make_link
from services.common.settings.settings import Settings


def main() -> int:
    """Print the link, which opens once within 12 hours, and return the exit status."""
    try:
        settings = Settings.load()
        sys.stdout.write(f"{make_link(settings.state_dir, f'http://127.0.0.1:{settings.api_port}')}\n")
    except (OSError, StopProgram) as error:
        sys.stderr.write(f"no link was made: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
