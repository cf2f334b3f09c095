"""Holds as they are set over the API."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.testclient import TestClient

from services.api.app import build_app
from services.common.clock import ManualClock
from services.common.store.holds import Hold, new_id
from services.common.store.open import open_store
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.running_api import api_settings
from tests.support.store.embedded_redis import embedded_redis

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
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:cryptoboy:problem:past")


def test_a_hold_of_any_owner_is_lifted(tmp_path: Path) -> None:
    with embedded_redis(tmp_path / "redis") as redis:
        settings = api_settings(
            tmp_path,
            REDIS_PORT=str(redis.settings.redis_port),
            REDIS_PASSWORD=redis.password.get_secret_value(),
        )
        key = ApiKeys(keys_file(settings)).make("operator", Scope.CONTROL, NOW)
        owner = "Risk desk/night"
        with closing(open_store(settings)) as store:
            store.holds.begin(new_id(), NOW)
            store.holds.set(Hold(owner, "too much", NOW))
        with TestClient(build_app(settings, ManualClock(NOW)), base_url="http://127.0.0.1:8110") as client:
            client.headers["Authorization"] = f"Bearer {key}"
            lifted = client.delete(f"/v1/holds/{quote(owner, safe='')}")
            assert (lifted.status_code, lifted.json()["holds"]) == (200, [])
            assert client.delete("/v1/holds/nobody").status_code == 404
