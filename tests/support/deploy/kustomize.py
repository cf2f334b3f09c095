"""What `kustomize build` makes of a folder: as much of kustomize as deploy/kubernetes uses, and no more.

The schemas of Kustomization and Component refuse every field that is not followed here. Unlike kustomize this adds no
hash to the names of generated ConfigMaps, so references to them read as they are written.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

FILE = "kustomization.yaml"

Resource = dict[str, Any]


class KustomizeError(Exception):
    """Kustomize would end with an error."""


def build(folder: Path) -> list[Resource]:
    """The resources of a Kustomization, patched, in the order in which they are listed.

    Raises:
        KustomizeError: a file, a target or a path of a patch is not there, or something is there twice.
    """
    resources: list[Resource] = []
    _add(folder, resources)
    seen: set[tuple[str, str]] = set()
    for each in resources:
        if identity(each) in seen:
            raise KustomizeError(f"{identity(each)} is there twice")
        seen.add(identity(each))
    return resources


def identity(resource: Resource) -> tuple[str, str]:
    """Kind and name."""
    return resource["kind"], resource["metadata"]["name"]


def files_of(folder: Path) -> set[Path]:
    """Every file that a build of this folder reads."""
    found = set()
    settings = _read(folder)
    found.add(folder / FILE)
    for name in [*settings.get("resources", ()), *settings.get("components", ())]:
        path = (folder / name).resolve()
        found |= files_of(path) if path.is_dir() else {path}
    for generator in settings.get("configMapGenerator", ()):
        found |= {folder / name for name in generator.get("envs", ())}
    return found


def _read(folder: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = yaml.load((folder / FILE).read_text(), Loader=yaml.CSafeLoader)
    except FileNotFoundError as error:
        raise KustomizeError(f"{folder} has no {FILE}") from error
    return settings


def _add(folder: Path, resources: list[Resource]) -> None:
    """Add what the folder has to the resources, and change them as it says."""
    settings = _read(folder)
    for name in settings.get("resources", ()):
        resources += _read_resources(folder, name)
    for name in settings.get("components", ()):
        _add((folder / name).resolve(), resources)
    for generator in settings.get("configMapGenerator", ()):
        _generate(folder, generator, resources)
    for each in settings.get("patches", ()):
        _patch(each, resources)
    for image in settings.get("images", ()):
        _pin(image, resources)
    if "namespace" in settings:
        for resource in resources:
            if resource["kind"] != "Namespace":
                resource["metadata"]["namespace"] = settings["namespace"]


def _read_resources(folder: Path, name: str) -> list[Resource]:
    path = (folder / name).resolve()
    if path.is_dir():
        return build(path)
    if not path.is_file():
        raise KustomizeError(f"{folder / FILE} names {name}, which is not there")
    # By way of a copy each: what an anchor names is written once, and yet not the same thing twice.
    return [
        json.loads(json.dumps(each))
        for each in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader)
        if each
    ]


def _generate(folder: Path, generator: dict[str, Any], resources: list[Resource]) -> None:
    name = generator["name"]
    lines = list(generator.get("literals", ()))
    for file in generator.get("envs", ()):
        lines += (folder / file).read_text().splitlines()
    data = dict(line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))
    known = [each for each in resources if identity(each) == ("ConfigMap", name)]
    if generator.get("behavior") == "merge":
        if not known:
            raise KustomizeError(f"there is no ConfigMap {name} to merge with")
        known[0]["data"] |= data
    else:
        resources.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def _patch(patch: dict[str, Any], resources: Sequence[Resource]) -> None:
    target = patch["target"]["kind"], patch["target"]["name"]
    found = [each for each in resources if identity(each) == target]
    if not found:
        raise KustomizeError(f"a patch is for {target}, which is not there")
    for resource in found:
        for operation in yaml.safe_load(patch["patch"]):
            apply_operation(resource, operation)


def apply_operation(document: Any, operation: dict[str, Any]) -> None:
    """One operation of RFC 6902, of `add`, `remove` and `replace`, on what it changes in place."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place = document
    try:
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        key: Any = last
        if isinstance(place, list):
            key = len(place) if last == "-" else int(last)
        if operation["op"] == "add" and isinstance(place, list):
            place.insert(key, copy.deepcopy(operation["value"]))
            return
        if operation["op"] != "add":
            place[key]  # what is not there can neither be removed nor replaced
        if operation["op"] == "remove":
            del place[key]
        else:
            place[key] = copy.deepcopy(operation["value"])
    except (KeyError, IndexError, ValueError) as error:
        raise KustomizeError(f"a patch is for {operation['path']}, which is not there") from error


def _pin(image: dict[str, str], resources: Sequence[Resource]) -> None:
    for resource in resources:
        for container in containers_of(resource):
            name, _, _tag = container["image"].rpartition(":")
            if name == image["name"]:
                container["image"] = f"{image.get('newName', name)}:{image['newTag']}"


def pod_of(resource: Resource) -> dict[str, Any] | None:
    """The pod's spec of a Deployment or StatefulSet."""
    if resource["kind"] not in {"Deployment", "StatefulSet"}:
        return None
    spec: dict[str, Any] = resource["spec"]["template"]["spec"]
    return spec


def containers_of(resource: Resource) -> Iterator[dict[str, Any]]:
    """All containers of a workload, those that run first included."""
    pod = pod_of(resource)
    if pod is not None:
        yield from pod.get("initContainers", ())
        yield from pod["containers"]
