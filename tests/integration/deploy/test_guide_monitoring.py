"""What the guide does to watch a machine without Docker, read by Prometheus's and Alertmanager's own tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from services.common.probe import USUAL_PORTS
from services.common.settings.settings import PROJECT_ROOT
from services.operations.secrets.files import make_secrets
from tests.support.docs.guide import typed
from tests.support.monitoring.prometheus_tools import RULES, run_tool


def targets(configuration: Path) -> set[str]:
    """What Prometheus asks, and whom it tells."""
    configured = yaml.safe_load(configuration.read_text())
    jobs = [*configured["scrape_configs"], *configured["alerting"]["alertmanagers"]]
    return {target for job in jobs for group in job["static_configs"] for target in group["targets"]}


def test_the_guide_puts_prometheus_and_alertmanager_on_this_machine_with_webhooks_they_can_read(
    tmp_path: Path,
) -> None:
    """The guide's own commands, with a folder instead of /etc and without root."""
    (secrets := tmp_path / "cryptoboy" / "secrets").mkdir(parents=True)
    make_secrets(secrets)
    for folder in ("prometheus", "default"):
        (tmp_path / folder).mkdir()
    for line in typed("install -d -m 750 -g prometheus /etc/prometheus/secrets").splitlines():
        if "systemctl" not in line:
            command = line.replace("/etc/", f"{tmp_path}/").replace(" -g prometheus", "")
            subprocess.run(["bash", "-ec", command], cwd=PROJECT_ROOT, check=True, timeout=30)
    prometheus, alertmanager = (
        tmp_path / "prometheus/prometheus.yml",
        tmp_path / "prometheus/alertmanager.yml",
    )
    assert run_tool("promtool", "check", "config", prometheus).count("SUCCESS") > len(RULES)
    run_tool("amtool", "check-config", alertmanager)
    assert targets(prometheus) == {
        f"localhost:{port}" for port in (*USUAL_PORTS.values(), 8105, 15692, 9090, 9093)
    }
    receivers = yaml.safe_load(alertmanager.read_text())["receivers"]
    files = {each["api_url_file"] for one in receivers for each in one.get("slack_configs", ())}
    assert {Path(file).name for file in files} == {"alert_notes_url", "alert_pages_url"}
    assert all(Path(file).is_file() for file in files)
    for name, port in (("prometheus", 9090), ("prometheus-alertmanager", 9093)):
        arguments = (tmp_path / "default" / name).read_text()
        assert f"--web.listen-address=127.0.0.1:{port}" in arguments
        assert f"--web.external-url=http://localhost:{port}" in arguments, "links in alerts"
