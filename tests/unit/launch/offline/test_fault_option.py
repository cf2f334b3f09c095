from __future__ import annotations

import pytest

from services.common.errors import StopProgram
from services.launch.offline.fault_option import read_faults
from services.replay_exchange.faults import Faults, RecurringGap


def test_faults_are_named_in_a_few_words() -> None:
    assert read_faults("latency=0.5, drops=1m,gaps=10m/2h") == Faults(
        latency_seconds=0.5,
        drop_websockets_seconds=60.0,
        recurring_gap=RecurringGap(length_seconds=600, every_seconds=7200),
    )
    assert read_faults("") == Faults()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lag=1", "there is no fault 'lag'; there are latency, drops, gaps"),
        ("latency", "latency=0.5"),
        ("latency=-1", "above 0"),
        ("latency=nan", "above 0"),
        ("latency=1,latency=2", "latency twice"),
        ("latency=1000", "latency_seconds"),
        ("gaps=10m", "LENGTH/EVERY"),
        ("gaps=2h/10m", "leaves no candles"),
    ],
)
def test_a_wrong_fault_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(StopProgram, match=said):
        read_faults(text)
