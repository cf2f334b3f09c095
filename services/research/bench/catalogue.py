"""The cases, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.common.errors import StopProgram
from services.research.bench.caching import cacher
from services.research.bench.lab import Lab
from services.research.bench.publishing import publish_confirmed
from services.research.bench.results import Findings


@dataclass(frozen=True, slots=True)
class Case:
    """Something to measure.

    Attributes:
        about: one line for `--list`.
        has_latencies: whether it gives curves for the plot.
    """

    name: str
    about: str
    measure: Callable[[Lab], Findings]
    has_latencies: bool = False


CASES = (
    Case("publish_confirmed", "messages/s to a quorum queue, every message confirmed", publish_confirmed),
    Case("cacher", "signals/s from queue to Redis, acknowledged after the write", cacher),
)


def chosen_cases(names: Sequence[str]) -> tuple[Case, ...]:
    """The cases of these names in the order of the catalogue; all of them without names.

    Raises:
        StopProgram: a name is unknown; lists those that there are.
    """
    known = {case.name for case in CASES}
    if unknown := [name for name in names if name not in known]:
        raise StopProgram(
            f"there is no case {unknown[0]!r}; there are {', '.join(case.name for case in CASES)}"
        )
    return tuple(case for case in CASES if not names or case.name in names)
