"""The links of an alert lead to addresses that a browser on the server opens. Leaves production as it was."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

ALERTMANAGER = "http://localhost:9093"
PROMETHEUS = "http://localhost:9090"


@pytest.fixture(scope="module")
def notification(production: Stack) -> dict[str, str]:
    """What the webhook gets for an alert with the labels and annotations of ours, made by Prometheus."""
    alert = {
        "labels": {"alertname": "ServiceDown", "severity": "critical", "job": "tried"},
        "annotations": {
            "summary": "a linked alert",
            "description": "It is linked.",
            "runbook": "docs/operating.md#alert-servicedown",
        },
        "generatorURL": f"{PROMETHEUS}/graph?g0.expr=up&g0.tab=1",
    }
    production.http(f"{ALERTMANAGER}/api/v2/alerts", posted=[alert])
    eventually(lambda: "a linked alert" in production.world("/webhooks"), "a message at the webhook")
    messages = [json.loads(each["body"]) for each in json.loads(production.world("/webhooks"))]
    found = [attached for each in messages for attached in each["attachments"]]
    return next(attached for attached in found if "a linked alert" in attached["title"])


def test_the_title_leads_to_alertmanagers_published_port(
    production: Stack, notification: dict[str, str]
) -> None:
    link = notification["title_link"]
    assert link.startswith(f"{ALERTMANAGER}/#/alerts")
    assert "Alertmanager" in production.http(link.partition("#")[0])


def test_the_text_leads_to_the_guides_section_on_the_alert(
    production: Stack, notification: dict[str, str]
) -> None:
    (link,) = re.findall(r"\((http[^)]+)\)", notification["text"])
    page, _, anchor = link.partition("#")
    assert anchor == "alert-servicedown"
    assert "### Alert ServiceDown" in production.http(page)


def test_the_source_of_an_alert_leads_to_prometheus_published_port(production: Stack) -> None:
    flags = json.loads(production.http(f"{PROMETHEUS}/api/v1/status/flags"))["data"]
    assert flags["web.external-url"].rstrip("/") == PROMETHEUS
    assert "Prometheus" in production.http(f"{PROMETHEUS}/graph?g0.expr=up")
