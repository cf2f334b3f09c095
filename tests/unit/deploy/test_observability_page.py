"""docs/observability.md tells of what is there: its tables are those of the catalogue and the rules."""

from __future__ import annotations

import re

from tests.support.monitoring.dashboards import DASHBOARDS
from tests.support.monitoring.observability_tables import PAGE, with_tables

TEXT = PAGE.read_text()


def test_its_tables_are_as_they_must_be() -> None:
    assert with_tables(TEXT) == TEXT, "docs/observability.md says how to write them"
    assert TEXT.count("| `cryptoboy_") > 50
    assert TEXT.count("](operating.md#alert-") > 25


def test_it_names_every_dashboard() -> None:
    assert {name for name in DASHBOARDS if f"`{name}.json`" in TEXT} == DASHBOARDS.keys()


def test_every_file_it_names_exists() -> None:
    named = re.findall(r"`((?:deploy|services|tests|docs|user_data)/[\w./-]+)`", TEXT)
    assert named
    missing = [name for name in named if not (PAGE.parents[1] / name).exists()]
    assert missing == []
