"""What a client of the stream gets."""

from __future__ import annotations

from services.api.stream.messages import Entry
from services.api.stream.subscription import Subscription
from services.common.history.rows import Kind


def test_who_wants_a_pair_gets_what_is_recorded_for_its_asset() -> None:
    wanted = Subscription(pairs=frozenset({"SOL/USDT"}))
    found = [wanted.wants(Entry(1, Kind.SIGNAL, pair, "Wire", "")) for pair in ("SOL", "SOL/USDT", "ETH", "")]
    assert found == [True, True, False, False]
