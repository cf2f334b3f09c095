"""The tables of docs/observability.md, made from the catalogue and the rules.

PYTHONPATH=user_data/strategies .venv/bin/python -m tests.support.monitoring.observability_tables    # writes them
into the page
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prometheus_client.metrics import MetricWrapperBase

from services.common.settings.settings import PROJECT_ROOT
from tests.support.monitoring.metric_catalogue import services_metrics, strategy_metrics
from tests.support.monitoring.prometheus_tools import rules

PAGE = PROJECT_ROOT / "docs" / "observability.md"


def metrics_table() -> str:
    """Name, kind, labels and meaning of every metric of services and strategy."""
    of_strategy = [
        each for each in strategy_metrics()._collector_to_names if isinstance(each, MetricWrapperBase)
    ]
    found: dict[str, tuple[str, str, str]] = {}
    for each in (*services_metrics().values(), *of_strategy):
        (family,) = each.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        found.setdefault(name, (family.type, ", ".join(each._labelnames), family.documentation))
    return _table(
        ("metric", "kind", "labels", "meaning"), ((f"`{name}`", *rest) for name, rest in found.items())
    )


def alerts_table() -> str:
    """Name, severity, patience and description of every alert."""
    rows = []
    for _, rule in rules():
        if "alert" in rule:
            name = rule["alert"]
            said = re.sub(r"\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}", r"*\1*", rule["annotations"]["description"])
            link = f"[{name}](operating.md#alert-{name.lower()})"
            rows.append((link, rule["labels"]["severity"], rule.get("for", "at once"), said))
    return _table(("alert", "severity", "after", "what it says"), rows)


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def with_tables(page: str) -> str:
    """The page with its tables as they must be."""
    for name, table in (("metrics", metrics_table()), ("alerts", alerts_table())):
        begin, end = f"<!-- table of {name} -->", f"<!-- end of {name} -->"
        before, found, rest = page.partition(begin)
        _, also_found, after = rest.partition(end)
        if not (found and also_found):
            raise ValueError(f"{PAGE} has no place for the table of {name}")
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
