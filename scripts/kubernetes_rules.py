#!/usr/bin/env python3
"""Generate Kubernetes' PrometheusRule from the rules in deploy/prometheus/rules, so that each rule is written once.

.venv/bin/python scripts/kubernetes_rules.py

`monitoring.yml` is left out, because its rules watch Prometheus and Alertmanager, which in a cluster the Prometheus
Operator's own rules do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
RULES = DEPLOY / "prometheus" / "rules"
LEFT_OUT = "monitoring.yml"
MADE = DEPLOY / "kubernetes" / "components" / "monitoring" / "prometheus-rules.yaml"
HEADING = "# Made from deploy/prometheus/rules by scripts/kubernetes_rules.py; change them there.\n"


def prometheus_rule() -> dict[str, Any]:
    """The PrometheusRule resource with the groups of all rule files, in the order of the file names."""
    files = sorted(path for path in RULES.glob("*.yml") if path.name != LEFT_OUT)
    groups = [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "cryptoboy", "labels": {"app.kubernetes.io/part-of": "cryptoboy"}},
        "spec": {"groups": groups},
    }


def render() -> str:
    """The text of the generated file."""
    body: str = yaml.safe_dump(prometheus_rule(), sort_keys=False, width=120, allow_unicode=True)
    return HEADING + body


if __name__ == "__main__":
    MADE.write_text(render())
