"""A notice: a happening that a rule tells to a channel, as it waits for its delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.happening import Importance, Kind
from services.notifier.message import Message, message_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is sent to one channel.

    Attributes:
        event_key: the key of the happening; with the channel it names the notice.
        rule: the name of the rule that wants it told.
        made: when the rule decided.
        happened: when it happened.
        scores: the pairs of a story with the scores that are told.
        rich: what Telegram shows instead of the message: HTML of its subset, one text for each of its messages.
    """

    event_key: str
    channel: str
    rule: str
    kind: Kind
    importance: Importance
    made: datetime
    happened: datetime
    message: Message
    pairs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    story: str = ""
    article: str = ""
    trade: str = ""
    scores: tuple[tuple[str, float], ...] = ()
    rich: tuple[str, ...] = ()

    def as_json(self) -> str:
        """The notice as a JSON text, for the log of notices."""
        fields: dict[str, Any] = {
            **{name: getattr(self, name) for name in _TEXTS + _LISTS},
            "importance": int(self.importance),
            "made": self.made.isoformat(),
            "happened": self.happened.isoformat(),
            "message": self.message.as_json(),
            "scores": dict(self.scores),
        }
        return json.dumps(fields)


_TEXTS = ("event_key", "channel", "rule", "kind", "story", "article", "trade")
_LISTS = ("pairs", "sources", "rich")


def notice_from_json(text: str) -> Notice:
    """The notice that `as_json` wrote."""
    fields = json.loads(text)
    same: dict[str, Any] = {name: fields[name] for name in _TEXTS if name != "kind"}
    lists: dict[str, Any] = {name: tuple(fields[name]) for name in _LISTS}
    return Notice(
        **same,
        **lists,
        kind=Kind(fields["kind"]),
        importance=Importance(fields["importance"]),
        made=datetime.fromisoformat(fields["made"]),
        happened=datetime.fromisoformat(fields["happened"]),
        message=message_from_json(fields["message"]),
        scores=tuple(fields.get("scores", {}).items()),
    )
