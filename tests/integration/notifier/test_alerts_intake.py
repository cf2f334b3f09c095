from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import StopProgram
from services.common.history.port import Batch
from services.common.history.rows import HoldAction, HoldRow
from services.common.runtime.ports import free_port
from services.common.settings.settings import PROJECT_ROOT
from services.notifier.happenings.alerts import TOLD_AS_HOLDS
from tests.support.notifier.receiver import receiver
from tests.support.notifier.running import notifier_settings, notifying, recorded
from tests.support.waiting import PATIENCE_SECONDS

TOKEN = "a-token-of-alertmanager"


def alert(name: str = "NewsQueueStuck", status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "critical", **labels},
        "annotations": {"summary": f"{name}: <b>look</b>", "description": "Nothing is read."},
        "startsAt": "2026-11-20T12:00:00Z",
        "fingerprint": name,
    }


def post(port: int, body: object, token: str = TOKEN, path: str = "/alerts") -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_alerts_of_alertmanager_are_told_once_however_often_it_repeats_them(tmp_path: Path) -> None:
    port = free_port()
    with receiver() as phone:
        settings = notifier_settings(
            tmp_path, f"phone={phone.url}", NOTIFY_WEBHOOK_PORT=str(port), NOTIFY_WEBHOOK_TOKEN=TOKEN
        )
        with recorded(settings), notifying(settings):
            assert post(port, {"version": "4", "alerts": [alert()]}) == 200
            assert post(port, {"version": "4", "alerts": [alert()]}) == 200
            assert post(port, {"version": "4", "alerts": [alert(status="resolved")]}) == 200
            titles = phone.wait(2)
            assert titles[0].startswith("NewsQueueStuck: \u2039b\u203alook")
            assert titles[1].startswith("Over: NewsQueueStuck")
            assert post(port, {"alerts": [alert("Other")]}) == 200
            assert phone.wait(3)[2].startswith("Other")


def test_an_alert_about_a_hold_is_left_out_as_the_hold_itself_was_told(tmp_path: Path) -> None:
    rules = (PROJECT_ROOT / "deploy" / "prometheus" / "rules" / "trading.yml").read_text()
    assert [name for name in TOLD_AS_HOLDS if f"alert: {name}\n" not in rules] == []
    port = free_port()
    with receiver() as phone:
        settings = notifier_settings(
            tmp_path, f"phone={phone.url}", NOTIFY_WEBHOOK_PORT=str(port), NOTIFY_WEBHOOK_TOKEN=TOKEN
        )
        hold = HoldRow(owner="operator", action=HoldAction.SET, seen=datetime.now(UTC), reason="maintenance")
        with recorded(settings) as history, notifying(settings):
            history.write(Batch(holds=(hold,)))
            assert phone.wait(1) == ["Entries are paused by operator"]
            assert post(port, {"alerts": [alert("EntriesPaused"), alert("StrategyStuck")]}) == 200
            assert phone.wait(2)[1].startswith("StrategyStuck")


def test_what_is_not_of_alertmanager_is_refused_and_told_to_nobody(tmp_path: Path) -> None:
    port = free_port()
    with receiver() as phone:
        settings = notifier_settings(
            tmp_path, f"phone={phone.url}", NOTIFY_WEBHOOK_PORT=str(port), NOTIFY_WEBHOOK_TOKEN=TOKEN
        )
        with recorded(settings), notifying(settings):
            good = {"alerts": [alert()]}
            assert post(port, good, token="another") == 401
            assert post(port, good, path="/other") == 404
            assert post(port, b"[") == post(port, []) == post(port, {"alerts": [{}]}) == 400
            assert post(port, b"[" * 100_000) == 400
            assert post(port, {"alerts": [alert("Last")]}) == 200
            assert [title.split(":")[0] for title in phone.wait(1)] == ["Last"]


def test_without_a_token_no_alerts_are_taken_in(tmp_path: Path) -> None:
    settings = notifier_settings(tmp_path, "phone=json://127.0.0.1/", NOTIFY_WEBHOOK_PORT=str(free_port()))
    with (
        recorded(settings),
        pytest.raises(StopProgram, match="NOTIFY_WEBHOOK_TOKEN is not"),
        notifying(settings),
    ):
        pass
