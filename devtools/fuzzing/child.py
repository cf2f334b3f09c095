"""Runs one search in a process of its own: `python -m devtools.fuzzing.child TARGET [libFuzzer options] [files]`.

The modules of this project are imported only after the instrumentation is installed.
"""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

INSTRUMENTED = (
    "services.common.messages",
    "services.common.values",
    "services.data_ingestor",
    "services.sentiment_analyzer",
    "feedparser",
    "sgmllib",
    "bs4",
    "html",
)
"""The modules whose branches are counted."""


def main() -> None:
    """Search until a libFuzzer option ends the search; the exit status shows whether an input failed."""
    atheris: Any = importlib.import_module("atheris")
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        from devtools.fuzzing.targets import target_named
    target = target_named(name)
    own, samples = target.mutate, tuple(target.seeds())

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if own is not None and chance.choice((True, False)):
            # If coverage gives little guidance, inputs soon stop being valid; so some start from a sample.
            changed = own(chance.choice((data, chance.choice(samples))), chance)
            if changed is not None and len(changed) <= max_size:
                return changed
        changed_bytes: bytes = atheris.Mutate(data, len(data))
        return changed_bytes[:max_size]

    how = {} if own is None else {"custom_mutator": mutate}
    atheris.Setup([sys.argv[0], *options], target.check, **how)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
