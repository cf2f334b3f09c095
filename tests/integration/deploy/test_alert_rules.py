"""Every alert fires exactly when it should, not before, and ends; every one says what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.monitoring.alert_cases_history import HISTORY
from tests.support.monitoring.alert_cases_pipeline import PIPELINE
from tests.support.monitoring.alert_cases_services import MONITORING, SERVICES
from tests.support.monitoring.alert_series import STEP, Case, Series
from tests.support.monitoring.prometheus_tools import (
    ALERTMANAGER_FILE,
    PROMETHEUS,
    RULES,
    Alert,
    alerts,
    run_tool,
)

CASES = (*SERVICES, *PIPELINE, *HISTORY, *MONITORING)
ALERTS = {each.name: each for each in alerts()}
SEVERITIES = {"critical", "warning", "info"}


@pytest.mark.parametrize("file", ["prometheus.yml", "sidecar.yml"])
def test_prometheus_takes_its_configuration_and_every_rule(file: str) -> None:
    said = run_tool("promtool", "check", "config", PROMETHEUS / file)
    assert f"{len(RULES)} rule files found" in said
    run_tool("promtool", "check", "rules", *RULES)


def test_every_alert_has_a_case() -> None:
    assert {case.alert for case in CASES} == ALERTS.keys()


@pytest.mark.parametrize("rules", RULES, ids=[file.stem for file in RULES])
def test_every_alert_fires_at_its_second_not_before_and_ends(rules: Path, tmp_path: Path) -> None:
    tests = [as_promtool_test(case) for case in CASES if ALERTS[case.alert].file == rules]
    assert tests
    file = tmp_path / "cases.yml"
    whole = {"rule_files": [str(rules)], "evaluation_interval": f"{STEP}s", "tests": tests}
    file.write_text(yaml.safe_dump(whole, width=10_000_000))
    run_tool("promtool", "test", "rules", file)


def as_promtool_test(case: Case) -> dict[str, Any]:
    """The alert is not there a step before its second, is there at it and a step before its end, and gone at that."""
    firing = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    labels = {"severity": ALERTS[case.alert].severity, **case.labels}
    sample = firing[:-1] + "".join(f',{name}="{value}"' for name, value in labels.items()) + "}"
    moments = {
        case.fires - STEP: False,
        case.fires: True,
        case.ends - STEP: True,
        case.ends: False,
    }
    return {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": written(values)} for name, values in case.series.items()],
        "promql_expr_test": [
            {
                "expr": firing,
                "eval_time": f"{moment}s",
                "exp_samples": [{"labels": sample, "value": 1}] if fires else [],
            }
            for moment, fires in moments.items()
        ],
    }


def written(values: Series) -> str:
    """Samples as promtool reads them."""
    return " ".join("_" if value is None else f"{value:.10g}" for value in values)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_it_says_what_is_wrong_and_where_to_read_on(alert: Alert) -> None:
    assert alert.severity in SEVERITIES
    assert set(alert.annotations) == {"summary", "description", "runbook"}
    assert alert.annotations["runbook"] == f"docs/operating.md#alert-{alert.name.lower()}"
    assert len(alert.annotations["summary"]) < 100


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.alert}" for number, case in enumerate(CASES)])
def test_its_texts_use_only_labels_that_it_has_when_it_fires(case: Case) -> None:
    texts = " ".join(ALERTS[case.alert].annotations.values())
    assert set(re.findall(r"\$labels\.(\w+)", texts)) <= case.labels.keys()


def test_alertmanager_takes_its_configuration() -> None:
    assert "SUCCESS" in run_tool("amtool", "check-config", ALERTMANAGER_FILE)


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "pages"), ("warning", "notes"), ("info", "nobody")]
)
def test_an_alert_goes_to_whom_its_severity_says(severity: str, receiver: str) -> None:
    file = f"--config.file={ALERTMANAGER_FILE}"
    said = run_tool("amtool", "config", "routes", "test", file, "alertname=Any", f"severity={severity}")
    assert said.split("\n")[0] == receiver


def test_receivers_have_their_secrets_from_files() -> None:
    receivers = yaml.safe_load(ALERTMANAGER_FILE.read_text())["receivers"]
    for each in receivers:
        for config in each.get("slack_configs", ()):
            assert config["api_url_file"].startswith("/run/secrets/")
            assert "api_url" not in config


def test_what_is_silenced_by_something_else_is_an_alert_that_exists() -> None:
    inhibitions = yaml.safe_load(ALERTMANAGER_FILE.read_text())["inhibit_rules"]
    text = " ".join(
        matcher
        for each in inhibitions
        for side in each.values()
        for matcher in side
        if "alertname" in matcher
    )
    named = set(re.findall(r"[A-Z]\w+", text))
    assert named
    assert named <= ALERTS.keys()
