"""promtool, amtool and what deploy/ says about alerts, for tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.common.settings.settings import PROJECT_ROOT

PROMETHEUS = PROJECT_ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
ALERTMANAGER_FILE = PROJECT_ROOT / "deploy" / "alertmanager" / "alertmanager.yml"


@dataclass(frozen=True)
class Alert:
    """One alerting rule as its file has it."""

    file: Path
    name: str
    expr: str
    severity: str
    annotations: dict[str, str]


def rules() -> list[tuple[Path, dict[str, Any]]]:
    """Every rule of every file, with the file."""
    return [
        (file, rule)
        for file in RULES
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]


def alerts() -> list[Alert]:
    """Every alerting rule."""
    return [
        Alert(file, rule["alert"], rule["expr"], rule["labels"]["severity"], rule["annotations"])
        for file, rule in rules()
        if "alert" in rule
    ]


def run_tool(*command: str | Path) -> str:
    """What a program prints; fails with it if it does not end well."""
    program = shutil.which(str(command[0]))
    assert program, f"{command[0]} is not installed; ./cryptoboy test --only-install installs it"
    done = subprocess.run(
        [program, *map(str, command[1:])], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def check_expressions(expressions: Sequence[str], folder: Path) -> None:
    """Fail unless promtool can read every one of these expressions."""
    file = folder / "expressions.yml"
    found = [{"record": f"expression:{number}", "expr": each} for number, each in enumerate(expressions)]
    file.write_text(yaml.safe_dump({"groups": [{"name": "expressions", "rules": found}]}, width=10_000))
    run_tool("promtool", "check", "rules", file)
