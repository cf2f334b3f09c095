"""Holds as they are set over the API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

from services.api.app import build_app
from services.common.clock import ManualClock
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.running_api import api_settings

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_a_hold_that_is_over_before_it_begins_is_refused(tmp_path: Path) -> None:
    settings = api_settings(tmp_path)
    key = ApiKeys(keys_file(settings)).make("operator", Scope.CONTROL, NOW)
    with TestClient(build_app(settings, ManualClock(NOW)), base_url="http://127.0.0.1:8110") as client:
        refused = client.post(
            "/v1/holds/operator",
            json={"reason": "maintenance", "until": NOW.isoformat()},
            headers={"Authorization": f"Bearer {key}"},
        )
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:cryptoboy:problem:past")
