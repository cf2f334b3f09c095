"""The pairs and assets that are scored: those in TRADING_PAIRS and, for a limited time, those removed from it.

A trade may still be open in a removed pair, and bad news must reach the trade until it is closed. The scorer has no
information about trades, so it continues to score a removed pair for longer than such trades last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from pydantic import TypeAdapter

from services.common.clock import Clock
from services.common.files import write_whole
from services.common.settings.settings import Settings
from services.common.values import PairOrAsset, UtcTime, asset_of

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=30)
FILE_NAME = "scored_pairs.json"

ScoredPairs = Mapping[str, datetime | None]
"""For each pair, when it was removed from TRADING_PAIRS; None if it is still in TRADING_PAIRS."""

_FORM = TypeAdapter(dict[PairOrAsset, UtcTime | None])


def carried_over(before: ScoredPairs, configured: Iterable[str], now: datetime) -> dict[str, datetime | None]:
    """Return the pairs that are scored from now on.

    Args:
        before: the pairs that were scored until now.
        configured: the pairs in TRADING_PAIRS.
        now: the current time in UTC.
    """
    scored: dict[str, datetime | None] = dict.fromkeys(configured)
    for pair, since in before.items():
        left = since or now
        if pair not in scored and now - left < KEPT_FOR:
            scored[pair] = left
    return scored


def unscored_of(pairs: Iterable[str], scored: Iterable[str]) -> list[str]:
    """Return the pairs for which nothing is scored, neither the pair nor its asset nor another pair of the asset."""
    assets = {asset_of(name) for name in scored}
    return [pair for pair in pairs if asset_of(pair) not in assets]


def as_text(scored: ScoredPairs) -> str:
    """Return the pairs as a JSON object, the form in which they are stored and announced."""
    return _FORM.dump_json(dict(scored)).decode()


def of_text(text: str) -> dict[str, datetime | None]:
    """Parse a text that `as_text` wrote. Raises ValueError for any other text."""
    return _FORM.validate_json(text)


def remembered_pairs(settings: Settings, clock: Clock) -> tuple[str, ...]:
    """Return the pairs to score, including removed pairs that a file in STATE_DIR lists, and update that file.

    If the file cannot be read or written, only the removed pairs are lost.
    """
    path = settings.state_dir / FILE_NAME
    before: ScoredPairs = {}
    try:
        before = of_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        log.warning("scored_pairs_not_read", file=str(path), error=str(error))
    scored = carried_over(before, settings.trading_pairs, clock.now())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, as_text(scored))
    except OSError as error:
        log.warning("scored_pairs_not_kept", file=str(path), error=str(error))
    if kept := [pair for pair, since in scored.items() if since]:
        log.info("scoring_goes_on", pairs=kept, days=KEPT_FOR.days, reason="a trade in them may be open")
    return tuple(scored)
