"""Alerts of Alertmanager, from the webhook that it calls (version 4 of its format). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.common.text.harmless import harmless
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.message import Message

MOST_ALERTS = 100
TOLD_AS_HOLDS = frozenset({"EntriesPaused"})
"""The alerts of deploy/prometheus about what the notifier tells by itself, with the reason and who asked for it."""
_SEVERITIES = {"critical": Importance.URGENT, "page": Importance.URGENT, "warning": Importance.NOTABLE}
_LONGEST_KEY = 200


def alert_happenings(body: Mapping[str, Any], now: datetime) -> tuple[Happening, ...]:
    """The alerts of one call but `TOLD_AS_HOLDS`. Repetitions of an alert have the same key as the first.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the body is not one of Alertmanager's.
    """
    alerts = body["alerts"]
    if not isinstance(alerts, list) or len(alerts) > MOST_ALERTS:
        raise ValueError(f"alerts must be a list of at most {MOST_ALERTS}")
    return tuple(
        _happening(alert, now) for alert in alerts if alert["labels"]["alertname"] not in TOLD_AS_HOLDS
    )


def _happening(alert: Mapping[str, Any], now: datetime) -> Happening:
    labels, notes = alert["labels"], alert.get("annotations", {})
    status, name = str(alert["status"]), str(labels["alertname"])
    is_over = status == "resolved"
    about = ", ".join(f"{key} {value}" for key, value in sorted(labels.items()) if key not in _LEFT_OUT)
    lines = [harmless(str(notes[key]), 500) for key in ("description", "runbook") if notes.get(key)]
    severity = _SEVERITIES.get(str(labels.get("severity", "")), Importance.INFO)
    key = f"alert:{alert['fingerprint']}:{alert['startsAt']}:{status}"
    return Happening(
        key=key[:_LONGEST_KEY],
        kind=Kind.OPERATOR_ALERT,
        at=now,
        message=Message(
            harmless(f"{'Over: ' if is_over else ''}{notes.get('summary') or name}"),
            (harmless(f"{name}{f' ({about})' if about else ''}"), *([] if is_over else lines)),
        ),
        importance=min(severity, Importance.NOTABLE) if is_over else severity,
    )


_LEFT_OUT = frozenset({"alertname", "severity"})
