"""The Grafana dashboards of deploy/, as tests look at them."""

from __future__ import annotations

import json
import re
from typing import Any

from services.common.settings.settings import PROJECT_ROOT

GRAFANA = PROJECT_ROOT / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
DASHBOARDS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in FILES}
_QUERY_OF_VARIABLE = re.compile(r"label_values\((.+), (\w+)\)")


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that show something: all but the headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard: dict[str, Any]) -> list[str]:
    """What a dashboard asks, panels, variables and annotations, in PromQL as Grafana would send it."""
    asked = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    asked += [each["expr"] for each in dashboard["annotations"]["list"]]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found = _QUERY_OF_VARIABLE.fullmatch(variable["query"]["query"])
            assert found, variable["query"]
            asked.append(found[1])
    return [filled_in(each) for each in asked]


def filled_in(expression: str) -> str:
    """An expression with its variables replaced as if all of them were chosen."""
    return re.sub(r"\$(\w+)", ".*", expression.replace("$__rate_interval", "1m"))
