"""docs/architecture.md says of services, queues, messages and keys what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.common.broker import topology
from services.common.broker.topology import QUEUES, Queue
from services.common.message_fields import Message
from services.common.messages import MarketData, NewsArticle, NewsScored, SentimentSignal
from services.common.runtime.tracing import HEADER_TRACE
from services.common.services import SERVICES, Deployment, Service
from services.common.settings.settings import PROJECT_ROOT
from services.common.store import keys

PAGE = PROJECT_ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text()
Row = tuple[str, ...]


def table(name: str) -> list[Row]:
    """The cells of a marked table, without its heading, code marks taken off."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert found, f"{PAGE} has no table of {name}"
    lines = [line.strip().removeprefix("|").removesuffix("|") for line in found[1].splitlines()]
    return [tuple(cell.strip().replace("`", "") for cell in line.split("|")) for line in lines[2:]]


def row_of_service(service: Service) -> Row:
    deployments = ", ".join(each.value for each in Deployment if each in service.deployed_by)
    reads = ", ".join(queue.name for queue in service.reads)
    stores = ", ".join(service.stores)
    return (service.name, str(service.port), reads, ", ".join(service.publishes), stores, deployments)


def row_of_queue(queue: Queue) -> Row:
    readers = ", ".join(service.name for service in SERVICES.values() if queue in service.reads)
    fate = "are retried, then dead-lettered" if queue.retried else "are kept"
    if queue.ttl_seconds is not None:
        fate = f"expire after {queue.ttl_seconds // 3600} h"
    return (
        queue.name,
        ", ".join(queue.routing_keys),
        readers or "others, if they like",
        queue.kind.value,
        "refuses" if queue.retried else "drops its oldest",
        fate,
    )


def rows_of_message(model: type[Message]) -> Iterator[Row]:
    """Name, type and default of each field."""
    schema = model.model_json_schema(mode="validation")
    for name, field in schema["properties"].items():
        default = "" if name in schema.get("required", ()) else described_default(field["default"])
        yield name, described_type(field, schema.get("$defs", {})), default


def described_default(value: object) -> str:
    known = {"": "empty", None: "null", True: "true", False: "false"}
    return known[value] if value in ("", None) or isinstance(value, bool) else str(value)


def described_type(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A JSON schema in the words of the page."""
    if "anyOf" in field:
        return " or ".join(described_type(each, definitions) for each in field["anyOf"])
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
    if "const" in field or "enum" in field:
        return ", ".join(field.get("enum", [field.get("const")])) or "empty"
    if field.get("format") == "date-time":
        return "time"
    return f"{field['type']}{described_limits(field)}"


def described_limits(field: Mapping[str, Any]) -> str:
    if "maxLength" in field:
        return f", {field.get('minLength', 0)} to {field['maxLength']} characters"
    if "minimum" in field:
        return (
            f", {field['minimum']} to {field['maximum']}"
            if "maximum" in field
            else f", {field['minimum']} or more"
        )
    return ""


def test_the_table_of_services_is_the_registry() -> None:
    assert sorted(table("services")) == sorted(map(row_of_service, SERVICES.values()))


def test_every_service_has_a_paragraph() -> None:
    assert set(re.findall(r"^- \*\*(\w+)\*\* ", TEXT, re.MULTILINE)) == SERVICES.keys()


def test_the_table_of_queues_is_the_topology() -> None:
    assert sorted(table("queues")) == sorted(map(row_of_queue, QUEUES))


@pytest.mark.parametrize("model", [NewsArticle, NewsScored, SentimentSignal, MarketData])
def test_the_table_of_a_message_is_its_model(model: type[Message]) -> None:
    assert [row[:3] for row in table(f"message {model.__name__}")] == list(rows_of_message(model))


def test_every_message_has_a_table() -> None:
    told = set(re.findall(r"<!-- message (\w+) -->", TEXT))
    assert told == {model.__name__ for model in Message.__subclasses__() if "type" in model.model_fields}


def test_the_table_of_keys_has_every_key_of_the_store() -> None:
    fixed = {value for name, value in vars(keys).items() if name.isupper() and ":" in str(value)}
    wanted = {*keys.written_together("PAIR"), *fixed, keys.SCORED}
    assert {row[0] for row in table("keys")} == wanted


def test_it_names_every_exchange_and_header_of_ours() -> None:
    names = {value for name, value in vars(topology).items() if name.endswith("_EXCHANGE")}
    headers = {value for name, value in vars(topology).items() if name.startswith("HEADER_")}
    missing = {name for name in names | headers | {HEADER_TRACE} if f"`{name}`" not in TEXT}
    assert missing == set()


def test_a_section_on_how_to_add_something_fits_on_a_screen() -> None:
    sections = TEXT.partition("## How to add\n")[2].split("\n### ")[1:]
    assert {section.partition("\n")[0] for section in sections} == {
        "A source of news",
        "A scorer",
        "A service",
        "A command of the chat",
        "A rule of the strategy",
    }
    assert max(section.count("\n") for section in sections) < 30
