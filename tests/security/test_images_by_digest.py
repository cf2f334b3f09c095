"""Who may publish images puts another content under a version that is pinned: it must be no other than was looked at.

The registry is played; what it says is written down, what it does not say is named, and no digest is made up.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.pin_images import LOCK, OVERLAYS, base, overlay_text, read_lock, used
from services.common.settings.settings import PROJECT_ROOT

SCRIPT = PROJECT_ROOT / "scripts" / "pin_images.py"
OTHER = "sha256:" + "a" * 64


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    for name in (LOCK, Path("deploy/Dockerfile"), *map(Path, OVERLAYS), *map(Path, OVERLAYS.values())):
        shutil.copy(PROJECT_ROOT / name, tmp_path / name)
    return tmp_path


def pin(project: Path, registry: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script; `registry` is what `docker` does with the image's name in $7."""
    docker = project / "docker"
    docker.write_text(f"#!/bin/sh\n{registry}\n")
    docker.chmod(0o755)
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--root", str(project), *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": f"{project}:/usr/bin:/bin"},
    )


def known(project: Path) -> dict[str, str]:
    return {image: digest for image, digest in read_lock((project / LOCK).read_text()).items() if digest}


def test_what_is_pinned_is_used_and_the_compose_files_are_made_from_it() -> None:
    listed = read_lock((PROJECT_ROOT / LOCK).read_text())
    digests = known(PROJECT_ROOT)
    images = {image for file in OVERLAYS for image in used(PROJECT_ROOT, file).values()} | {
        base(PROJECT_ROOT)
    }
    assert digests.keys() <= images
    assert images <= listed.keys()
    for file, overlay in OVERLAYS.items():
        assert (PROJECT_ROOT / overlay).read_text() == overlay_text(PROJECT_ROOT, file, digests)


def test_every_stage_of_our_image_begins_with_the_one_that_is_pinned() -> None:
    dockerfile = (PROJECT_ROOT / "deploy" / "Dockerfile").read_text()
    stages = [(name, start) for start, name in re.findall(r"^FROM (\S+) AS (\S+)$", dockerfile, re.MULTILINE)]
    assert len(stages) == dockerfile.count("\nFROM ")
    named = {name for name, _start in stages}
    assert {start for _name, start in stages if start not in named} == {"${PYTHON_IMAGE}"}


def test_the_registry_is_asked_and_all_is_pinned(project: Path) -> None:
    done = pin(project, f"""echo '{json.dumps({"digest": OTHER})}'""")
    assert done.returncode == 0, done.stderr
    assert "9 of 9 images are pinned by digest" in done.stdout
    assert set(known(project).values()) == {OTHER}
    services = yaml.safe_load((project / "docker-compose.digests.yml").read_text())["services"]
    assert services["redis"]["image"] == f"redis:7.4.7-bookworm@{OTHER}"
    built = {
        name: service["build"]["args"]["PYTHON_IMAGE"]
        for name, service in services.items()
        if "build" in service
    }
    assert built.keys() == {
        *("news-poller", "market-streamer", "sentiment-processor", "signal-cacher", "history-recorder", "api"),
        *("notifier", "freqtrade", "prepare"),
    }  # fmt: skip
    assert all(image.endswith(f"@{OTHER}") for image in built.values())


def test_an_image_that_only_kubernetes_runs_stays_listed(project: Path) -> None:
    pin(project, f"""echo '{json.dumps({"digest": OTHER})}'""")
    before, after = (read_lock((root / LOCK).read_text()) for root in (PROJECT_ROOT, project))
    assert before.keys() == after.keys()
    assert {image for image, digest in after.items() if not digest} == {"quay.io/opstree/redis:v7.2.7"}


def test_a_content_that_changed_under_its_version_is_named(project: Path) -> None:
    done = pin(project, f"""echo '{json.dumps({"digest": OTHER})}'""")
    assert f"grafana/grafana:12.2.1: CHANGED, {known(PROJECT_ROOT)['grafana/grafana:12.2.1']}" in done.stderr


@pytest.mark.parametrize(
    "registry",
    [
        "echo 'no such host' >&2; exit 1",
        "echo '{}'",
        "echo nonsense",
        """echo '{"digest": "sha256:short"}'""",
    ],
)
def test_without_an_answer_nothing_is_made_up_and_what_was_known_stays(project: Path, registry: str) -> None:
    before = known(project)
    done = pin(project, registry)
    assert done.returncode == 1
    assert "redis:7.4.7-bookworm: the registry gave no digest" in done.stderr
    assert known(project) == before


def test_the_check_says_what_is_not_pinned_and_asks_nobody(project: Path) -> None:
    done = pin(project, "touch asked; exit 1", "--check")
    assert done.returncode == 1
    assert "redis:7.4.7-bookworm  NOT PINNED" in done.stdout
    assert not (project / "asked").exists()


def test_a_line_that_is_no_digest_is_refused(project: Path) -> None:
    (project / LOCK).write_text("redis:7.4.7-bookworm sha256:abc\n")
    done = pin(project, "exit 1", "--check")
    assert done.returncode == 1
    assert "line 1" in done.stderr
