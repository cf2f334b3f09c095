"""What of the checkout gets into the image: the product, and no tool of developers."""

from __future__ import annotations

from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.dockerfile_steps import read_steps


def test_the_image_gets_the_product_and_no_more_of_the_checkout() -> None:
    steps = [step for stage in read_steps(PROJECT_ROOT / "deploy" / "Dockerfile") for step in stage]
    copies = [
        step.rest.split() for step in steps if step.instruction == "COPY" and "--from=" not in step.rest
    ]
    copied = {source for *sources, _target in copies for source in sources}
    assert copied == {"requirements-bootstrap.lock", "requirements.lock", "services", "user_data/strategies"}


def test_what_is_not_for_the_image_is_not_sent_to_its_build_either() -> None:
    ignored = (PROJECT_ROOT / ".dockerignore").read_text().split()
    assert {"devtools", "tests", ".env", "secrets", "var"} <= set(ignored)
