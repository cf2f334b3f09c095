"""Tracks the pairs that the exchange does not offer now (halted, delisted, misspelt). Other pairs are streamed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from services.data_ingestor.market.status import Component, PairStatus

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 300.0


class LeftOut:
    """Makes the stream of a pair wait until the exchange offers the pair. Use within one event loop.

    Args:
        statuses: the status of each pair, which /health reports.
    """

    def __init__(self, statuses: Mapping[str, PairStatus]) -> None:
        self._statuses = statuses
        self._reasons: dict[str, str] = {}
        self._changed = asyncio.Event()

    @property
    def pairs(self) -> tuple[str, ...]:
        """The pairs that cannot be streamed now."""
        return tuple(self._reasons)

    def note(self, reasons: Mapping[str, str]) -> None:
        """Set the pairs that cannot be streamed now, each with the reason. All other pairs count as offered."""
        for pair in self._reasons.keys() - reasons.keys():
            log.info("pair_offered_again", pair=pair)
            self._statuses[pair].clear_problem(Component.MARKET)
        for pair, reason in reasons.items():
            if self._reasons.get(pair) != reason:
                log.error("pair_left_out", pair=pair, reason=reason, look_again_seconds=LOOK_AGAIN_SECONDS)
            self._statuses[pair].set_problem(Component.MARKET, f"left out: {reason}")
        self._reasons = dict(reasons)
        self._changed.set()

    async def until_offered(self, pair: str) -> None:
        """Wait until the pair can be streamed."""
        while pair in self._reasons:
            self._changed.clear()
            await self._changed.wait()
