"""Every resource against a schema: Kubernetes' own, or ours where an operator defines the kind."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # publishes no types
import kubernetes_validate  # type: ignore[import-untyped]  # publishes no types
import pytest
import yaml
from kubernetes_validate.utils import schema_contents  # type: ignore[import-untyped]  # publishes no types
from referencing import Registry
from referencing import Resource as SchemaResource

from tests.support.deploy.kubernetes_files import FOLDER, OPTIONS, SCHEMAS, TARGETS, resources
from tests.support.deploy.kustomize import (
    FILE,
    KustomizeError,
    Resource,
    apply_operation,
    build,
    files_of,
    identity,
)

OLDEST, NEWEST = "1.31", "1.36"
OF_OPERATORS = frozenset(path.stem for path in SCHEMAS.glob("*.json")) - {
    "Kustomization",
    "Component",
    "JsonPatch",
}


@cache
def registry() -> Registry[Any]:
    """Kubernetes' definitions, to which our schemas refer for probes, resources and the like."""
    contents = schema_contents(f"kubernetes-json-schema/v{OLDEST}.0-local-strict/_definitions.json", OLDEST)
    return SchemaResource.from_contents(contents) @ Registry()


@cache
def schema(name: str) -> dict[str, Any]:
    contents: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return contents


def check(resource: Resource, version: str = OLDEST) -> None:
    """Raise a ValidationError, or SchemaNotFoundError where nothing is known about the kind."""
    if resource["kind"] in OF_OPERATORS:
        validator = jsonschema.Draft202012Validator(schema(resource["kind"]), registry=registry())
        validator.validate(resource)
    else:
        kubernetes_validate.validate(resource, version, strict=True)


@cache
def check_text(text: str, version: str) -> None:
    """As `check`, of JSON: what several folders build alike is checked once."""
    check(json.loads(text), version)


def kustomizations() -> list[str]:
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob(FILE))


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("target", TARGETS)
def test_every_resource_is_what_its_schema_allows(target: str, version: str) -> None:
    for resource in resources(target):
        check_text(json.dumps(resource), version)


@pytest.mark.parametrize("option", OPTIONS)
def test_what_an_operator_can_add_fits_the_schemas(option: str) -> None:
    built = copy.deepcopy(resources("overlays/production"))
    patches = yaml.safe_load((FOLDER / "components" / option / FILE).read_text())["patches"]
    for patch in patches:
        target = patch["target"]["kind"], patch["target"]["name"]
        (changed,) = [each for each in built if identity(each) == target]
        for operation in yaml.safe_load(patch["patch"]):
            apply_operation(changed, operation)
        check(changed)


@pytest.mark.parametrize(
    "kind", sorted(OF_OPERATORS | {"Deployment", "NetworkPolicy", "PodDisruptionBudget"})
)
def test_a_misspelt_field_is_refused(kind: str) -> None:
    (right, *_) = [each for each in resources("overlays/production") if each["kind"] == kind]
    check(right)
    wrong = copy.deepcopy(right)
    field = min(wrong["spec"])
    wrong["spec"][field + "s"] = wrong["spec"].pop(field)
    with pytest.raises((jsonschema.ValidationError, kubernetes_validate.ValidationError)):
        check(wrong)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    unknown = {"apiVersion": "example.com/v1", "kind": "Unheard", "metadata": {"name": "x"}, "spec": {}}
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        check(unknown)


def test_every_kind_of_an_operator_that_has_a_schema_is_used() -> None:
    assert {each["kind"] for each in resources("overlays/production")} >= OF_OPERATORS


@pytest.mark.parametrize("file", kustomizations())
def test_kustomizations_use_only_what_the_tests_follow(file: str) -> None:
    settings = yaml.safe_load((FOLDER / file).read_text())
    jsonschema.Draft202012Validator(schema(settings["kind"])).validate(settings)
    for patch in settings.get("patches", ()):
        jsonschema.Draft202012Validator(schema("JsonPatch")).validate(yaml.safe_load(patch["patch"]))


def test_no_file_is_left_out_of_what_is_applied() -> None:
    used = {path for target in TARGETS for path in files_of(FOLDER / target)}
    used |= {FOLDER / "components" / option / FILE for option in OPTIONS}
    there = {path for path in FOLDER.rglob("*") if path.suffix in {".yaml", ".yml", ".env"}}
    assert there == used


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("remove", "/spec/absent"),
        ("replace", "/spec/absent"),
        ("add", "/spec/absent/below"),
        ("remove", "/l/5"),
    ],
)
def test_a_patch_of_what_is_not_there_is_an_error(operation: str, path: str) -> None:
    with pytest.raises(KustomizeError, match=path):
        apply_operation({"spec": {}, "l": [1]}, {"op": operation, "path": path, "value": 1})


def test_a_folder_without_a_kustomization_is_an_error() -> None:
    with pytest.raises(KustomizeError):
        build(SCHEMAS)
