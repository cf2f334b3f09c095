from __future__ import annotations

from typing import Any

import pytest

from services.notifier.happening import Importance
from services.notifier.happenings.alerts import MOST_ALERTS, alert_happenings
from tests.support.notifier.samples import NOW


def alert(number: int = 1, severity: str = "warning", **more: Any) -> dict[str, Any]:
    fields = {
        "status": "firing",
        "labels": {"alertname": f"Alert{number}", "severity": severity},
        "annotations": {"summary": f"Summary {number}"},
        "startsAt": "2026-11-20T12:00:00Z",
        "fingerprint": f"{number:016x}",
    }
    return {**fields, **more}


def titles(*alerts: Any, **more: Any) -> list[str]:
    return [each.message.title for each in alert_happenings({"alerts": list(alerts), **more}, NOW)]


def test_an_alert_that_is_malformed_takes_no_other_with_it() -> None:
    assert titles(alert(1), {"labels": {}}, None, alert(2)) == ["Summary 1", "Summary 2"]


def test_a_call_of_nothing_but_malformed_alerts_is_refused() -> None:
    with pytest.raises(ValueError, match="none of the alerts"):
        titles({"labels": {}})
    assert titles() == []


def test_of_a_flood_the_most_important_are_told_and_the_rest_is_counted() -> None:
    flood = [alert(number) for number in range(MOST_ALERTS + 4)]
    found = titles(*flood, alert(1000, "critical"))
    assert found[0] == "Summary 1000"
    assert found[-1] == "5 more alerts came at once"
    assert len(found) == MOST_ALERTS + 1


def test_those_that_alertmanager_itself_has_cut_off_are_counted() -> None:
    assert titles(alert(1), truncatedAlerts=7) == ["Summary 1", "7 more alerts came at once"]


def test_the_rest_is_as_important_as_the_most_important_of_it() -> None:
    flood = {"alerts": [alert(number, "critical") for number in range(MOST_ALERTS + 1)]}
    found = alert_happenings(flood, NOW)
    assert found[-1].importance is Importance.URGENT
    assert alert_happenings(flood, NOW)[-1].key == found[-1].key


def test_an_alert_that_is_in_a_call_twice_is_one() -> None:
    assert titles(alert(1), alert(1)) == ["Summary 1"]
