"""Shows what `cryptoboy strategy` has installed and found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from services.cli.support.answers import as_typed
from services.operations.strategies.install import Installed

CLASS = "MyStrategy"


def show_installed(found: Installed, user_data: Path, block: Mapping[str, object]) -> None:
    """Print what was installed, the lines of a strategy to change, and the block for the configuration."""
    if not found.written:
        done = "is up to date in"
    elif found.before is None:
        done = "was installed in"
    else:
        done = f"replaces version {found.before} in"
    lines = [
        f"cryptoboy_sentiment {found.version} {done} {found.folder}",
        "",
        "Change two lines of your strategy:",
        "    from cryptoboy_sentiment import SentimentMixin    # added below the other imports",
        f"    class {CLASS}(SentimentMixin, IStrategy):         # so far: class {CLASS}(IStrategy):",
        "Add to its configuration:",
        f'    "cryptoboy": {json.dumps(block)}',
        "Then check it:",
        f"    ./cryptoboy strategy check --user-data {user_data} --strategy {CLASS}",
    ]
    print("\n".join(as_typed(line) for line in lines))
