"""Selects the signals that count in a backtest: by kind of event, by news source and by scope."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from cryptoboy_sentiment import EVENT_TYPES

from services.common.errors import StopProgram

Scope = Literal["all", "asset", "market"]
_SHOWN = 12


@dataclass(frozen=True)
class Selection:
    """Which signals count; without any choice, all of them do.

    Attributes:
        events: only signals of these kinds of event; all kinds if empty.
        sources: only signals of these news sources, whatever the case of their letters; all sources if empty.
        scope: only signals about the asset, or only those about the market.
    """

    events: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    scope: Scope = "all"

    @property
    def words(self) -> str:
        """The options that made the choice, for messages; empty without any choice."""
        chosen = [
            f"--{name} {','.join(getattr(self, name))}"
            for name in ("events", "sources")
            if getattr(self, name)
        ]
        return " ".join([*chosen, *([] if self.scope == "all" else [f"--scope {self.scope}"])])

    def of(self, signals: pd.DataFrame, path: Path) -> pd.DataFrame:
        """Return the signals that count, with the index of `signals`, a frame as `signals_frame` returns it.

        Args:
            signals: the signals of the file.
            path: the file, for messages.

        Raises:
            StopProgram: a kind or a source does not exist, or no signal is left.
        """
        if not self.words:
            return signals
        _refuse_unknown("--events", self.events, EVENT_TYPES)
        names = signals["source"].str.casefold()
        wanted = {name.casefold() for name in self.sources}
        _refuse_unknown("--sources", wanted, set(names), f" in {path}")
        left = pd.Series(data=True, index=signals.index)
        if self.events:
            left &= signals["event_type"].isin(self.events)
        if wanted:
            left &= names.isin(wanted)
        if self.scope != "all":
            left &= signals["scope"] == self.scope
        if not left.any():
            raise StopProgram(
                f"{self.words} leaves none of the {len(signals)} signals in {path}; {_there(signals)}"
            )
        return signals[left]


def _refuse_unknown(option: str, names: Collection[str], known: Collection[str], where: str = "") -> None:
    for name in sorted(set(names) - set(known)):
        near = difflib.get_close_matches(name, known, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        some = sorted(known)[:_SHOWN]
        more = f" and {len(known) - len(some)} more" if len(known) > len(some) else ""
        raise StopProgram(f"{option}: there is no {name!r}{where}{meant} There are {', '.join(some)}{more}")


def _there(signals: pd.DataFrame) -> str:
    """Describe what could be chosen instead."""
    kinds = signals["event_type"].value_counts()
    scopes = signals["scope"].value_counts()
    counted = (f"{count} {name}" for name, count in [*kinds.items(), *scopes.items()])
    return f"it has {', '.join(counted)}"
