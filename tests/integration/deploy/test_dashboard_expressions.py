from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.monitoring.dashboards import DASHBOARDS, expressions
from tests.support.monitoring.prometheus_tools import check_expressions


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_prometheus_can_read_every_expression(dashboard: dict[str, Any], tmp_path: Path) -> None:
    check_expressions(expressions(dashboard), tmp_path)
