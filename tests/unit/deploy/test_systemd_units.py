"""The units for machines without Docker: systemd accepts them, and the settings know their variables."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from services.common.services import SERVICES, Deployment, deployed_by
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.operations.secrets.files import GIVEN, MADE, make_secrets

FOLDER = PROJECT_ROOT / "deploy" / "systemd"
GUIDE = PROJECT_ROOT / "docs" / "operating.md"
UNITS = sorted(path.name for path in FOLDER.glob("*.service"))
PLACE, CREDENTIALS = "/opt/cryptoboy", "/etc/cryptoboy/secrets/"
LONGEST_STOP_SECONDS = 30
"""What Compose gives the same programs."""
Unit = dict[str, list[str]]


def read(name: str) -> Unit:
    """The values of each setting, whatever section it stands in: no name is in two of them."""
    values: Unit = defaultdict(list)
    for line in (FOLDER / name).read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            values[key].append(value)
    return values


def variables(unit: Unit, credentials: Path) -> dict[str, str]:
    """What the process gets in its environment, as instance 8103."""
    pairs = [word for line in unit["Environment"] for word in line.split()]
    text = dict(pair.split("=", 1) for pair in pairs)
    return {name: value.replace("%d", str(credentials)).replace("%i", "8103") for name, value in text.items()}


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    """Where systemd is; the other tests need none."""
    program = shutil.which("systemd-analyze")
    for path in [*FOLDER.glob("*.service"), FOLDER / "cryptoboy.target"]:
        text = path.read_text().replace(f"{PLACE}/.venv/bin/python", sys.executable)
        name = path.name.replace("@.", "@8103.")
        (tmp_path / name).write_text(text.replace(PLACE, str(PROJECT_ROOT)))
    if program:
        units = sorted(str(path) for path in tmp_path.iterdir())
        done = subprocess.run(
            [program, "verify", "--man=no", *units], check=False, capture_output=True, text=True, timeout=60
        )
        ours = [line for line in done.stderr.splitlines() if "cryptoboy" in line]
        assert ours == []


@pytest.mark.parametrize("name", UNITS)
def test_what_a_unit_starts_exists(name: str) -> None:
    (command,) = read(name)["ExecStart"]
    python, *options, module = command.removesuffix(" trade").split()
    assert (python, options) == (f"{PLACE}/.venv/bin/python", ["-P", "-m"])
    assert importlib.util.find_spec(module)


@pytest.mark.parametrize("name", UNITS)
def test_the_settings_module_understands_the_variables_of_a_unit(name: str, tmp_path: Path) -> None:
    unit = read(name)
    make_secrets(tmp_path / "secrets")
    for credential in unit["LoadCredential"]:
        alias, _, source = credential.partition(":")
        assert source.removeprefix(CREDENTIALS) in (*MADE, *GIVEN)
        (tmp_path / alias).write_text((tmp_path / "secrets" / source.removeprefix(CREDENTIALS)).read_text())
    given = variables(unit, tmp_path)
    settings = Settings.load(given)
    own = {variable for variable in given if variable in Settings.variables()}
    assert own >= {"STATE_DIR"}
    files = [value for variable, value in given.items() if variable.endswith("_FILE") and variable in own]
    assert all(Path(value).is_file() for value in files)
    assert len(files) == len(unit["LoadCredential"]), "each credential has the variable that names it"
    assert str(settings.state_dir) in {f"/var/lib/{each}" for each in unit["StateDirectory"][0].split()}


def test_the_example_of_settings_is_understood() -> None:
    settings = Settings.load({}, FOLDER / "cryptoboy.env")
    assert settings.dry_run


def test_every_program_has_a_unit_which_the_target_starts() -> None:
    started = {read(name)["ExecStart"][0].split(" -m ")[1] for name in UNITS}
    modules = {service.module for service in deployed_by(Deployment.SYSTEMD)}
    assert started == {*modules, "services.cli trade"}
    wanted = " ".join(read("cryptoboy.target")["Wants"]).split()
    port = SERVICES["sentiment_processor"].port
    instances = {each.replace(f"@{port}.", "@.") for each in wanted}
    assert instances == set(UNITS)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_bounded_hardened_and_restarted(name: str) -> None:
    unit = read(name)
    assert unit["User"] == ["cryptoboy"]
    assert unit["Restart"] == ["on-failure"]
    assert "RestartPreventExitStatus" not in unit, "what is wrong may pass by itself, and trades may be open"
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert int(unit["TimeoutStopSec"][0]) > LONGEST_STOP_SECONDS
    assert unit["MemoryMax"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["CapabilityBoundingSet"] == [""]
    for setting in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert unit[setting] == ["true"], setting
    assert unit["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged"]


def test_all_units_are_hardened_alike() -> None:
    ends = {(FOLDER / name).read_text().partition("# What it may do")[2] for name in UNITS}
    assert len(ends) == 1


@pytest.mark.parametrize("name", UNITS)
def test_no_secret_stands_in_a_unit(name: str) -> None:
    secret = {variable for variable in Settings.variables() if f"{variable}_FILE" in Settings.variables()}
    assert not secret & variables(read(name), Path("/run")).keys()


def test_the_guide_installs_no_server_that_it_does_not_name_and_starts_none_before_it_is_configured() -> None:
    lines = GUIDE.read_text().splitlines()
    (install,) = [number for number, line in enumerate(lines) if "apt-get install" in line]
    assert "--no-install-recommends" in lines[install]
    assert any("policy-rc.d" in line and "exit 101" in line for line in lines[:install])
    assert any("epmd.socket.d/loopback.conf" in line for line in lines[:install])
