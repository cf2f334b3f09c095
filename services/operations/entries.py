"""Whether the strategy may open trades, as it would judge what the store holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from services.common.store.holds import StoredHolds


@dataclass(frozen=True, slots=True)
class ShownHold:
    """A hold in force. Texts as in the store; `until` empty: until it is lifted."""

    owner: str
    reason: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Entries:
    """Attributes: state: open, paused or lost. why: on one line, with the next step; empty while open."""

    state: str
    holds: tuple[ShownHold, ...]
    why: str

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        state = "allowed" if self.state == "open" else self.state
        return {"entries": state, "holds": [asdict(hold) for hold in self.holds]}


def entries_of(stored: StoredHolds) -> Entries:
    """By the strategy's own reading, as of now."""
    import services.research  # noqa: F401 - makes the strategy's package importable

    import cryptoboy_sentiment as news  # isort: skip

    holds = news.holds_in_force(stored.fields, datetime.now(UTC), entries_key=stored.has_entries_key)
    state = news.state_of(stored.fields, holds)
    return Entries(state, tuple(ShownHold(*hold) for hold in holds), news.describe(state, holds))
