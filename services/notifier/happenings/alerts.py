"""Alerts of Alertmanager, from the webhook that it calls (version 4 of its format). Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from services.common.text.harmless import harmless
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.message import Message

MOST_ALERTS = 100
TOLD_AS_HOLDS = frozenset({"EntriesPaused"})
"""The alerts of deploy/prometheus about what the notifier tells by itself, with the reason and who asked for it."""
_SEVERITIES = {"critical": Importance.URGENT, "page": Importance.URGENT, "warning": Importance.NOTABLE}
_LONGEST_KEY = 200

log = structlog.get_logger(__name__)


def alert_happenings(body: Mapping[str, Any], now: datetime) -> tuple[Happening, ...]:
    """The alerts of one call but `TOLD_AS_HOLDS`, the most important first.

    Repetitions of an alert have the same key as the first. Of more than MOST_ALERTS, the rest is one happening. An
    alert that is malformed is left out.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the body is not one of Alertmanager's, or has none that can be
            read.
    """
    alerts = body["alerts"]
    if not isinstance(alerts, list):
        raise TypeError("alerts must be a list")
    read = [each for alert in alerts if (each := _read(alert, now)) is not None]
    if alerts and not read:
        raise ValueError("none of the alerts can be read")
    if len(read) < len(alerts):
        log.warning("alerts_malformed", count=len(alerts) - len(read))
    told = {each.key: each for each, name in read if name not in TOLD_AS_HOLDS}
    found = sorted(told.values(), key=lambda each: -each.importance)
    rest = found[MOST_ALERTS:]
    left_out = len(rest) + int(body.get("truncatedAlerts") or 0)
    return tuple(found[:MOST_ALERTS]) + ((_rest(rest, left_out, found, now),) if left_out else ())


def _read(alert: Mapping[str, Any], now: datetime) -> tuple[Happening, str] | None:
    """An alert with its name; None if it is malformed."""
    try:
        return _happening(alert, now), alert["labels"]["alertname"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _rest(rest: Sequence[Happening], count: int, found: Sequence[Happening], now: datetime) -> Happening:
    """The alerts that are not told one by one: `rest` of those `found`, and those that the call has left out."""
    of_call = hashlib.sha256("\n".join(sorted(each.key for each in found)).encode()).hexdigest()
    return Happening(
        key=f"alerts:{count}:{of_call[:32]}",
        kind=Kind.OPERATOR_ALERT,
        at=now,
        message=Message(f"{count} more alerts came at once", ("Alertmanager shows all of them.",)),
        importance=max((each.importance for each in rest), default=Importance.NOTABLE),
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
