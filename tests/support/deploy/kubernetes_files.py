"""deploy/kubernetes as the tests of it see it: what each folder that can be applied builds, and small questions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from services.common.services import Deployment, deployed_by
from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.kustomize import Resource, build, pod_of

FOLDER = PROJECT_ROOT / "deploy" / "kubernetes"
SCHEMAS = FOLDER / "schemas"
WITH_NOTIFIER = "overlays/production-notifier"
TARGETS = ("base", "overlays/production", "overlays/production-gpu", WITH_NOTIFIER)
OPTIONS = ("live-trading", "openai")
"""Components that no overlay of ours has: an operator adds them."""
SERVICES = {service.container: service for service in deployed_by(Deployment.KUBERNETES)}


def ours(target: str) -> tuple[str, ...]:
    """The workloads of a folder that run an image of ours."""
    here = [name for name, each in SERVICES.items() if not each.is_optional or target == WITH_NOTIFIER]
    return (*here, "freqtrade")


OURS = tuple((target, name) for target in TARGETS for name in ours(target))
"""Each workload that runs an image of ours, with the folder that it is in."""


@cache
def resources(target: str) -> tuple[Resource, ...]:
    """What a folder builds; not to be changed."""
    return tuple(build(FOLDER / target))


def one(target: str, kind: str, name: str) -> Resource:
    """The resource of that kind and name; AssertionError if it is not there exactly once."""
    found = [each for each in resources(target) if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{kind} {name} is in {target} {len(found)} times"
    return found[0]


def workloads(target: str) -> list[Resource]:
    """What makes pods, apart from the operators."""
    return [each for each in resources(target) if pod_of(each)]


def container(target: str, name: str) -> dict[str, Any]:
    """The container of that name, which is the workload's as well."""
    (found,) = [
        each
        for workload in workloads(target)
        for each in workload["spec"]["template"]["spec"]["containers"]
        if each["name"] == name
    ]
    result: dict[str, Any] = found
    return result


def variables(target: str, name: str) -> dict[str, str]:
    """The environment of a workload that runs our image: the shared settings, then its own."""
    shared: dict[str, str] = one(target, "ConfigMap", "settings")["data"]
    return {**shared, **{each["name"]: each["value"] for each in container(target, name)["env"]}}


def secret_keys(target: str) -> Iterator[tuple[str, str]]:
    """Secret and key of everything that a pod or an operator takes from a Secret."""
    for workload in workloads(target):
        pod = workload["spec"]["template"]["spec"]
        mounts = {
            volume["name"]: volume["secret"]["secretName"]
            for volume in pod.get("volumes", ())
            if "secret" in volume
        }
        for each in pod["containers"]:
            folders = {
                mount["mountPath"]: mounts[mount["name"]]
                for mount in each.get("volumeMounts", ())
                if mount["name"] in mounts
            }
            for variable in each.get("env", ()):
                folder, _, key = variable.get("value", "").rpartition("/")
                if variable["name"].endswith("_FILE") and folder in folders:
                    yield folders[folder], key
    for each in resources(target):
        if each["kind"] == "TriggerAuthentication":
            for reference in each["spec"]["secretTargetRef"]:
                yield reference["name"], reference["key"]
        if each["kind"] == "RabbitmqCluster":
            yield "rabbitmq-definitions", "definitions.json"
        if each["kind"] == "Redis":
            yield each["spec"]["acl"]["secret"]["secretName"], "user.acl"
