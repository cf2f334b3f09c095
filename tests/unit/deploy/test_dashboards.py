"""The dashboards can be shown: what Grafana would complain of, or show as an empty panel, fails here."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import Any

import pytest
import yaml

from services.common.settings.settings import PROJECT_ROOT
from tests.support.monitoring.dashboards import DASHBOARDS, GRAFANA, expressions, panels
from tests.support.monitoring.metric_catalogue import exported, names_in

SCHEMA_VERSION = 41
COLUMNS = 24
# Of Grafana's units (https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts).
UNITS = {"none", "short", "s", "percentunit", "bytes", "cps", "cpm"}
TYPES = {"row", "stat", "timeseries", "state-timeline"}
each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)


def test_there_are_the_three_that_the_documentation_names() -> None:
    assert {name: each["uid"] for name, each in DASHBOARDS.items()} == {
        name: f"cryptoboy-{name}" for name in ("pipeline", "sentiment", "trading")
    }


@each_dashboard
def test_it_is_of_the_version_that_was_tried_and_can_be_told_from_others(dashboard: dict[str, Any]) -> None:
    assert dashboard["schemaVersion"] == SCHEMA_VERSION
    assert dashboard["id"] is None
    assert dashboard["title"].startswith("CryptoBoy: ")
    assert dashboard["description"]
    numbers = Counter(panel["id"] for panel in dashboard["panels"])
    assert max(numbers.values()) == 1


@each_dashboard
def test_every_panel_says_what_it_shows_in_which_unit_and_what_is_good(dashboard: dict[str, Any]) -> None:
    assert {panel["type"] for panel in dashboard["panels"]} <= TYPES
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"], panel["id"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"] in UNITS, panel["title"]
        values = [step["value"] for step in defaults["thresholds"]["steps"]]
        assert values[0] is None, panel["title"]
        assert values[1:] == sorted(values[1:]), panel["title"]
        assert panel["targets"], panel["title"]


@each_dashboard
def test_panels_lie_beside_one_another_and_within_the_page(dashboard: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0
        assert at["x"] + at["w"] <= COLUMNS, panel["title"]
        cells = itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
        for cell in cells:
            assert cell not in taken, f"{panel['title']} lies on {taken[cell]}"
            taken[cell] = panel["title"]


@each_dashboard
def test_every_metric_it_names_is_exported(dashboard: dict[str, Any]) -> None:
    for expression in expressions(dashboard):
        assert names_in(expression)
        assert names_in(expression) <= exported(), expression


@each_dashboard
def test_every_variable_that_is_used_is_there_and_the_other_way_round(dashboard: dict[str, Any]) -> None:
    declared = {variable["name"] for variable in dashboard["templating"]["list"]}
    text = " ".join(target["expr"] for panel in panels(dashboard) for target in panel["targets"])
    used = set(re.findall(r"\$(\w+)", text)) - {"__rate_interval"}
    assert used | {"datasource"} == declared


@each_dashboard
def test_everything_asks_the_provisioned_data_source_by_its_uid(dashboard: dict[str, Any]) -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())
    uids = {each["uid"] for each in provisioned["datasources"] if each["type"] == "prometheus"}
    (variable,) = [each for each in dashboard["templating"]["list"] if each["name"] == "datasource"]
    assert {variable["current"]["value"]} == uids
    asked = [panel["datasource"] for panel in panels(dashboard)]
    asked += [target["datasource"] for panel in panels(dashboard) for target in panel["targets"]]
    asked += [each["datasource"] for each in dashboard["annotations"]["list"]]
    asked += [each["datasource"] for each in dashboard["templating"]["list"] if each["type"] == "query"]
    assert all(each == {"type": "prometheus", "uid": "${datasource}"} for each in asked)


def test_grafana_looks_where_compose_puts_them() -> None:
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "cryptoboy.yml").read_text())
    (path,) = [each["options"]["path"] for each in provider["providers"]]
    compose = yaml.safe_load((PROJECT_ROOT / "docker-compose.production.yml").read_text())
    assert f"./deploy/grafana/dashboards:{path}:ro" in compose["services"]["grafana"]["volumes"]
    assert provider["providers"][0]["allowUiUpdates"] is False
