"""What Prometheus scrapes in a stack."""

from __future__ import annotations

import json

from services.common.services import NOTIFIER
from tests.support.containers.stack import Stack

TARGETS = "http://127.0.0.1:9090/api/v1/targets"


def targets_down(stack: Stack) -> list[tuple[str, str]]:
    """The job and the last error of each target that is not up, but for the notifier, which nobody asked for."""
    targets = json.loads(stack.http(TARGETS))["data"]["activeTargets"]
    assert len(targets) >= 7
    return [
        (each["labels"]["job"], each["lastError"])
        for each in targets
        if each["health"] != "up" and each["labels"]["job"] != NOTIFIER
    ]
