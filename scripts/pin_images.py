#!/usr/bin/env python3
"""Pin the images of docker-compose.production.yml, docker-compose.tls.yml and the Dockerfile by digest.

.venv/bin/python scripts/pin_images.py            # asks the registry through Docker and writes the digests
.venv/bin/python scripts/pin_images.py --check    # asks no registry; lists which images are pinned
.venv/bin/python scripts/pin_images.py --offline  # asks no registry; makes the Compose files from deploy/images.lock

A publisher can replace the image of a version, but a digest always means the same content. The known digests are in
deploy/images.lock. Give Docker the two Compose files made from them after the files whose images they pin:

docker compose -f docker-compose.production.yml -f docker-compose.digests.yml up -d --build

The exit status is 0 if all images are pinned, otherwise 1. Images for which the registry gave no digest are listed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCK = Path("deploy/images.lock")
OVERLAYS = {
    "docker-compose.production.yml": "docker-compose.digests.yml",
    "docker-compose.tls.yml": "docker-compose.tls-digests.yml",
}
BASE_ARGUMENT = "PYTHON_IMAGE"
_BASE = re.compile(rf"^ARG {BASE_ARGUMENT}=(\S+)$", re.MULTILINE)
_LINE = re.compile(r"(?P<image>[\w./-]+:[\w.-]+)(?: (?P<digest>sha256:[0-9a-f]{64}))?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SECONDS = 60
_HEAD = """\
# Every published image that is deployed, with its version and, if it is known, its digest. A test compares all files
# that name an image with this list; docs/server_versions.md says which versions were run. An image without a digest is
# pinned by version only. scripts/pin_images.py asks a registry for the digests and makes two Compose files from this.
# The digests of November 2026 were found in public source code, and no registry has confirmed them:
# docs/adr/0021-images-by-digest.md
"""

Digests = Mapping[str, str]
Ask = Callable[[str], str]


def main() -> int:
    """Pin the images, or list which are pinned; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="only say what is pinned")
    how.add_argument("--offline", action="store_true", help="only make the Compose files anew")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    options = parser.parse_args()
    root: Path = options.root
    listed = read_lock((root / LOCK).read_text())
    known = {image: digest for image, digest in listed.items() if digest}
    images = dict.fromkeys([*(image for file in OVERLAYS for image in used(root, file).values()), base(root)])
    if options.check or options.offline:
        digests = {image: known[image] for image in images if image in known}
    else:
        digests = ask_for(images, known, registry)
    if not options.check:
        others = {image: digest for image, digest in listed.items() if image not in images}
        (root / LOCK).write_text(lock_text(dict.fromkeys(images, "") | digests | others))
        for file, overlay in OVERLAYS.items():
            (root / overlay).write_text(overlay_text(root, file, digests))
    return _say(images, digests)


def _say(images: Mapping[str, None], digests: Digests) -> int:
    for image in images:
        print(f"{image}  {digests.get(image, 'NOT PINNED: version only')}")
    missing = len(images.keys() - digests.keys())
    print(f"{len(images) - missing} of {len(images)} images are pinned by digest")
    return 1 if missing else 0


def used(root: Path, file: str) -> dict[str, str]:
    """The published images of a Compose file's services; our own images are built, so they are not among them."""
    services: dict[str, Any] = yaml.safe_load((root / file).read_text())["services"]
    named = {name: service["image"] for name, service in services.items() if "image" in service}
    return {name: image for name, image in named.items() if not image.startswith("cryptoboy-")}


def built(root: Path, file: str) -> list[str]:
    """The services of a Compose file whose images are built."""
    services: dict[str, Any] = yaml.safe_load((root / file).read_text())["services"]
    return [name for name, service in services.items() if "build" in service]


def base(root: Path) -> str:
    """The base image of our own images."""
    found = _BASE.search((root / "deploy" / "Dockerfile").read_text())
    if found is None:
        raise SystemExit(f"deploy/Dockerfile has no line ARG {BASE_ARGUMENT}=IMAGE")
    return found[1]


def read_lock(text: str) -> dict[str, str]:
    """The digest of each image in the lock file; empty if it has none.

    A malformed line ends the program with a message that names it.
    """
    digests = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise SystemExit(
                f"{LOCK}, line {number} is {line[:100]!r}, expected NAME:VERSION or NAME:VERSION sha256:DIGEST"
            )
        digests[match["image"]] = match["digest"] or ""
    return digests


def lock_text(digests: Digests) -> str:
    """The text of a lock file with these images and digests, which `read_lock` can read."""
    return _HEAD + "".join(f"{image} {digest}".rstrip() + "\n" for image, digest in sorted(digests.items()))


def overlay_text(root: Path, file: str, digests: Digests) -> str:
    """The text of a Compose file that, given after `file`, pins its images to these digests."""
    services: dict[str, Any] = {
        name: {"image": f"{image}@{digests[image]}"}
        for name, image in used(root, file).items()
        if image in digests
    }
    own = base(root)
    if file == "docker-compose.production.yml" and own in digests:
        services |= {
            name: {"build": {"args": {BASE_ARGUMENT: f"{own}@{digests[own]}"}}} for name in built(root, file)
        }
    head = f"# Made by scripts/pin_images.py from deploy/images.lock: the images of {file} by digest.\n"
    return head + yaml.safe_dump({"services": services}, sort_keys=True, width=200)


def ask_for(images: Mapping[str, None], known: Digests, ask: Ask) -> dict[str, str]:
    """The digest of each image from the registry, or else the known digest; changed digests are printed."""
    digests = {}
    for image in images:
        try:
            digests[image] = ask(image)
        except OSError as error:
            print(f"{image}: the registry gave no digest ({error})", file=sys.stderr)
            if image in known:
                digests[image] = known[image]
            continue
        if known.get(image, digests[image]) != digests[image]:
            print(
                f"{image}: CHANGED, {known[image]} before: published anew, or wrong before",
                file=sys.stderr,
            )
    return digests


def registry(image: str) -> str:
    """The digest of an image for all its platforms, read through Docker. Raises OSError if there is no digest."""
    command = ["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", image]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 - image names of our files
    except subprocess.TimeoutExpired as error:
        raise OSError(f"no answer in {_SECONDS} seconds") from error
    if done.returncode:
        raise OSError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "docker failed")
    try:
        digest = str(json.loads(done.stdout)["digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"not understood: {done.stdout[:100]!r}") from error
    if not _DIGEST.fullmatch(digest):
        raise OSError(f"not understood: {digest[:100]!r}")
    return digest


if __name__ == "__main__":
    sys.exit(main())
