from __future__ import annotations

from services.cli.queue_rates import Rates, rates_between


def test_rates_are_what_was_counted_between_two_looks_over_their_distance() -> None:
    before = {"news": (10, 4)}
    after = {"news": (30, 5), "signals": (4, 0)}
    assert rates_between(before, after, 2.0, ["news", "signals", "candles"]) == {
        "news": Rates(10.0, 0.5),
        "signals": Rates(2.0, 0.0),
        "candles": Rates(0.0, 0.0),
    }
