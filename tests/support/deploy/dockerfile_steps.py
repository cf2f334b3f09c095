"""Carries out the steps of a Dockerfile on this machine, in a folder instead of a container."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# What only saves time or space, or would load everything again.
_LEFT_OUT = re.compile(r"--mount=\S+ | --no-cache-dir\b")
# Where packages come from, and where those of earlier times are.
_PASSED_ON = re.compile(r"(PIP|UV|SSL)_\w+|\w+_proxy|\w+_PROXY")


@dataclass(frozen=True)
class Step:
    """An instruction and the rest of its line, continuations joined."""

    instruction: str
    rest: str


@dataclass
class Stage:
    """A named stage.

    Attributes:
        base: what it begins with: another stage, or a published image.
        copied_from: the stages that it copies files from.
    """

    base: str
    steps: list[Step] = field(default_factory=list)

    @property
    def copied_from(self) -> set[str]:
        return {found[1] for step in self.steps if (found := re.match(r"--from=(\S+) ", step.rest))}


def read_stages(dockerfile: Path) -> dict[str, Stage]:
    """The stages by their names, in the order of the file."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages: dict[str, Stage] = {}
    current: Stage | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _as, name = rest.split()
            current = stages[name] = Stage(base)
        elif current is not None:
            current.steps.append(Step(instruction, " ".join(rest.split())))
    return stages


def targets(stages: Mapping[str, Stage]) -> list[str]:
    """The stages that are images: on them no other stage is based, and from them none copies."""
    used = {name for stage in stages.values() for name in {stage.base, *stage.copied_from}}
    return [name for name in stages if name not in used]


def stages_of(stages: Mapping[str, Stage], target: str) -> dict[str, Stage]:
    """The stages that a target is made of, by their names, in the order of the file."""
    names, waiting = set[str](), [target]
    while waiting:
        name = waiting.pop()
        if name in stages:
            names.add(name)
            waiting += [stages[name].base, *stages[name].copied_from]
    return {name: stage for name, stage in stages.items() if name in names}


@dataclass
class Image:
    """A folder that stands for the file system of the image."""

    root: Path
    context: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    health_check: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def build(self, dockerfile: Path, target: str) -> None:
        """Carry out every step of a target but those that change the machine's users or its own Python."""
        (self.root / "bin").mkdir(parents=True)
        (self.root / "bin" / "python").symlink_to(Path(sys.executable).resolve())
        ends: dict[str, tuple[Path, dict[str, str]]] = {}
        for name, stage in stages_of(read_stages(dockerfile), target).items():
            self.folder, self.environment = ends.get(stage.base, (Path("/"), {}))
            self.environment = dict(self.environment)
            for step in stage.steps:
                self._do(step)
            ends[name] = self.folder, self.environment

    def run(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a container of the image would, to its end."""
        environment, here = self._environment(variables), self._here()
        return subprocess.run(
            command, env=environment, cwd=here, capture_output=True, text=True, timeout=200, check=False
        )

    def start(self, command: list[str], log: Path, **variables: str) -> subprocess.Popen[bytes]:
        """Start a command as a container of the image would."""
        with log.open("wb") as output:
            environment, here = self._environment(variables), self._here()
            return subprocess.Popen(command, env=environment, cwd=here, stdout=output, stderr=output)

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        return {**self._clean(), **self.environment, **variables}

    def _clean(self) -> dict[str, str]:
        return {"PATH": f"{self.root / 'bin'}:/usr/bin:/bin", "HOME": str(self.root), "LANG": "C.UTF-8"}

    def _do(self, step: Step) -> None:
        match step.instruction:
            case "WORKDIR":
                self.folder = Path(step.rest)
                self._here().mkdir(parents=True, exist_ok=True)
            case "COPY" if not step.rest.startswith("--from"):
                self._copy(*shlex.split(step.rest))
            case "RUN" if "useradd" not in step.rest:
                self._shell(step.rest)
            case "ENV":
                for name, _, value in (each.partition("=") for each in shlex.split(step.rest)):
                    self.environment[name] = self._mapped(value).replace("$PATH", self._clean()["PATH"])
            case "HEALTHCHECK":
                self.health_check = json.loads(step.rest.partition("CMD ")[2])
            case "CMD":
                self.command = json.loads(step.rest)

    def _copy(self, *paths: str) -> None:
        *sources, target = paths
        place = self._here() / self._mapped(target)
        for source in map(self.context.joinpath, sources):
            if source.is_dir():
                shutil.copytree(
                    source, place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                )
            else:
                if paths[-1].endswith("/"):
                    place.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)

    def _shell(self, command: str) -> None:
        home = Path.home() / ".cache"
        caches = {"UV_CACHE_DIR": str(home / "uv"), "PIP_CACHE_DIR": str(home / "pip")}
        passed = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
        done = subprocess.run(
            ["sh", "-ec", _LEFT_OUT.sub("", self._mapped(command))],
            env={**caches, **passed, **self._environment({})},
            cwd=self._here(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"

    def _here(self) -> Path:
        return Path(f"{self.root}{self.folder}")

    def _mapped(self, text: str) -> str:
        """With the folders of the image where they are here."""
        return re.sub(r"(?<![\w.])/(build|tools|venv|app|var/lib/cryptoboy)\b", rf"{self.root}/\1", text)
