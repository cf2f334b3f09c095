"""Which files of the checkout get into an image: one service's code and packages, and no tool of developers."""

from __future__ import annotations

import pytest

from services.common.services import Deployment, deployed_by
from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.dockerfile_steps import read_stages, stages_of, targets

STAGES = read_stages(PROJECT_ROOT / "deploy" / "Dockerfile")
SERVICES = {service.container: service for service in deployed_by(Deployment.COMPOSE)}
TOOLS = {"requirements/bootstrap.lock", "deploy/image"}


def copied(target: str) -> set[str]:
    steps = [step for stage in stages_of(STAGES, target).values() for step in stage.steps]
    copies = [
        step.rest.split() for step in steps if step.instruction == "COPY" and "--from=" not in step.rest
    ]
    return {source for *sources, _target in copies for source in sources}


def test_there_is_an_image_for_each_service_and_one_each_for_trading_and_for_the_operator() -> None:
    assert set(targets(STAGES)) == {*SERVICES, "trade", "operator"}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"api", "notifier"}))
def test_the_image_of_a_service_gets_its_code_and_its_packages_and_no_more_of_the_checkout(name: str) -> None:
    package = SERVICES[name].module.rpartition(".")[0].replace(".", "/")
    code = {"services/__init__.py", "services/common", package}
    assert copied(name) == {*TOOLS, f"requirements/{name}.lock", *code}
    assert f'["python", "-m", "{SERVICES[name].module}"]' in [step.rest for step in STAGES[name].steps]


@pytest.mark.parametrize("name", ["trade", "operator", "api", "notifier"])
def test_the_images_that_answer_a_person_get_the_whole_product_and_no_more_of_the_checkout(
    name: str,
) -> None:
    assert copied(name) == {*TOOLS, f"requirements/{name}.lock", "services", "user_data/strategies"}


@pytest.mark.parametrize("name", targets(STAGES))
def test_the_modules_that_an_image_needs_are_imported_when_it_is_built(name: str) -> None:
    run = [step.rest for step in STAGES[f"build-{name}"].steps if step.instruction == "RUN"]
    entry = SERVICES[name].module if name in SERVICES else "services.cli"
    assert entry in run[-1]


@pytest.mark.parametrize("name", targets(STAGES))
def test_nothing_of_what_builds_an_image_is_in_it(name: str) -> None:
    steps = STAGES[name].steps
    assert STAGES[name].base == "base"
    assert [step.rest for step in steps if step.instruction == "COPY"] == [
        f"--from=build-{name} /venv /venv",
        f"--from=build-{name} /app /app",
    ]
    assert not [
        step for step in (*STAGES["base"].steps, *steps) if " install " in step.rest.replace("install -d", "")
    ]
    assert [step.rest for step in STAGES["base"].steps if step.instruction == "USER"] == ["10001:10001"]


def test_what_is_not_for_the_image_is_not_sent_to_its_build_either() -> None:
    ignored = (PROJECT_ROOT / ".dockerignore").read_text().split()
    assert {"devtools", "tests", ".env", "secrets", "var"} <= set(ignored)


def test_who_looks_for_the_dockerfile_and_requirements_of_a_service_finds_them_in_the_folder_of_services() -> (
    None
):
    text = (PROJECT_ROOT / "services" / "README.md").read_text()
    for name in targets(STAGES):
        assert f"| `{name}` | [{name}.lock](../requirements/{name}.lock) |" in text
