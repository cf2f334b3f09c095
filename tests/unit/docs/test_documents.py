"""What the documents tell people to type exists, and what they refer to is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from services.cli.app import app
from services.common.broker.topology import MARKET_TTL_SECONDS
from services.common.settings.settings import PROJECT_ROOT
from tests.support.monitoring.prometheus_tools import rules

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "scripts/*.md", "deploy/**/*.md")
    for path in PROJECT_ROOT.glob(pattern)
)
GUIDE = PROJECT_ROOT / "docs" / "operating.md"
RELIABILITY = PROJECT_ROOT / "docs" / "reliability.md"
_CODE = re.compile(r"^ {4}(.+)$|`([^`\n]+)`", re.MULTILINE)
_COMMAND = re.compile(r"(?:\./cryptoboy|run --rm(?: -\S+ \S+)* operator|services\.cli)\s+([^|;&>#]+)")
_PATH = re.compile(r"(?<![\w/.-])((?:scripts|deploy|services|docs|tests)/[\w./*@-]+\w)")
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(#[^)\s]+)?\)")
COMMANDS = typer.main.get_command(app)
TEMPLATES = sorted((PROJECT_ROOT / "services" / "api" / "dashboard" / "templates").glob("*.j2"))
_SHOWN = re.compile(r"<code>\./cryptoboy ([^<]+)</code>")


def code(path: Path) -> Iterator[str]:
    """Every line or word that is set as code."""
    for indented, inline in _CODE.findall(path.read_text()):
        yield indented or inline


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unknown_in(typed: str) -> list[str]:
    """What of a command that somebody would type is no command or option of ours. Another program follows `--`."""
    words = shlex.split(typed.replace("...", "").partition(" -- ")[0])
    command: Any = COMMANDS
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return [words[0]]
        command = command.commands[words.pop(0)]
    if command.context_settings.get("ignore_unknown_options"):
        return []
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
    return sorted(given - known - {"-h", "--help"})


def typed_commands() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(PROJECT_ROOT)), match[1].strip())
        for path in DOCUMENTS
        for line in code(path)
        for match in _COMMAND.finditer(line)
    ]


def test_commands_are_found() -> None:
    assert ("docs/operating.md", "secrets init --dir /etc/cryptoboy/secrets") in typed_commands()
    assert ("docs/operating.md", "evaluate --labelled /headlines.csv --case none") in typed_commands()
    assert len(typed_commands()) > 50


@pytest.mark.parametrize(
    ("typed", "unknown"),
    [
        ("queues dlq replay --all --queue raw_news_data", []),
        ("queues dlq revive", ["revive"]),
        ("queues --fast", ["--fast"]),
        ("nothing --at all", ["nothing"]),
        ("offline --fast -- freqtrade trade --strategy Mine", ["--fast"]),
    ],
)
def test_what_is_no_command_is_noticed(typed: str, unknown: list[str]) -> None:
    assert unknown_in(typed) == unknown


@pytest.mark.parametrize(("document", "typed"), sorted(set(typed_commands())))
def test_every_command_in_a_document_exists(document: str, typed: str) -> None:
    assert unknown_in(typed) == [], document


def test_every_command_on_a_page_exists() -> None:
    shown = [(path.name, typed) for path in TEMPLATES for typed in _SHOWN.findall(path.read_text())]
    assert ("scores.html.j2", "history study") in shown
    assert [each for each in shown if unknown_in(each[1])] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    named = {each for line in code(document) for each in _PATH.findall(line)}
    missing = {each for each in named if not list(PROJECT_ROOT.glob(each))}
    assert missing == set()


def test_every_test_that_the_page_on_reliability_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)*test_\w+)`", RELIABILITY.read_text()))
    assert len(named) > 20
    missing = {
        name
        for name in named
        if not (PROJECT_ROOT / "tests" / (name if "/" in name else f"chaos/{name}"))
        .with_suffix(".py")
        .is_file()
    }
    assert missing == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, anchor in _LINK.findall(document.read_text()):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor.removeprefix("#") in anchors(path), f"{target}{anchor}"


@pytest.mark.parametrize(
    "rule", [rule for _, rule in rules() if "alert" in rule], ids=lambda rule: str(rule["alert"])
)
def test_every_alert_has_its_section_in_the_guide(rule: dict[str, Any]) -> None:
    alert, severity = rule["alert"], rule["labels"]["severity"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert PROJECT_ROOT / path == GUIDE
    assert anchor == f"alert-{alert.lower()}"
    section = GUIDE.read_text().partition(f"### Alert {alert}\n")[2].partition("\n### ")[0]
    assert f"({severity})" in section
    assert len(section.strip().split("\n\n")) >= 2, "what it means, and what to do"


def test_the_guide_tells_of_no_alert_that_there_is_not() -> None:
    told = set(re.findall(r"^### Alert (\w+)$", GUIDE.read_text(), re.MULTILINE))
    assert told == {rule["alert"] for _, rule in rules() if "alert" in rule}


def test_the_documents_say_how_long_candles_wait_in_their_queue() -> None:
    hours = MARKET_TTL_SECONDS // 3600
    for document in (PROJECT_ROOT / "README.md", GUIDE):
        (row,) = [line for line in document.read_text().splitlines() if line.startswith("| raw_market_data")]
        assert f"the candles of the last {hours} hours" in row
    assert f"{3 * 60 * hours:,} of three pairs at 1m" in (PROJECT_ROOT / "README.md").read_text()
