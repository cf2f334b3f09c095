"""The case that shows what recorder and API cost the trading path: the latency to the store, with and without them."""

from __future__ import annotations

from contextlib import ExitStack

from devtools.bench.cases.latency import pipeline
from devtools.bench.lab import Lab
from devtools.bench.processes import started_service
from devtools.bench.results import Rows, at_most, compare, percentile

RECORDER, API = "services.history_recorder.history_recorder", "services.api.api"


def trading_path(lab: Lab) -> Rows:
    """Milliseconds from the publisher's call until the signal is in Redis, while recorder and API run or do not."""
    measured: dict[str, list[list[float]]] = {"with": [], "without": []}
    with ExitStack() as stack:
        measure = pipeline(lab, stack)

        def without() -> float:
            measured["without"].append(measure())
            return percentile(measured["without"][-1], 50)

        def with_both() -> float:
            settings = lab.settings()
            with started_service(lab, RECORDER, settings), started_service(lab, API, settings):
                measured["with"].append(measure())
            return percentile(measured["with"][-1], 50)

        p50, p50_without = lab.interleave(with_both, without)
    p99, p99_without = ([percentile(run, 99) for run in measured[each]] for each in ("with", "without"))
    note = "the same without recorder and API"
    yield compare("trading_path.p50", "ms", p50, p50_without, at_most(1.1), note=note)
    yield compare("trading_path.p99", "ms", p99, p99_without, None, note=note)
