"""No rule and no panel names a metric that nobody exports."""

from __future__ import annotations

import re

import pytest

from services.common.runtime.few_values import MOST_VALUES, OTHER, few
from tests.support.monitoring.metric_catalogue import (
    exported,
    families,
    names_in,
    ours,
    recorded,
    services_metrics,
    strategy_metrics,
)
from tests.support.monitoring.prometheus_tools import rules

EXPRESSIONS = [rule["expr"] for _, rule in rules()]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (job) (up{job=~"a|b"}) == 0 or absent(down{x="y"})', {"up", "down"}),
        ("rate(a_total[5m]) / on (x) group_left (y) max(b) > 0.8", {"a_total", "b"}),
        ("histogram_quantile(0.95, sum by (le) (rate(c_bucket[10m]))) > 1e3", {"c_bucket"}),
        ("time() - d unless on (job, source) e offset 5m", {"d", "e"}),
        ('label_replace(f, "service", "strategy", "", "") and g:h:max > bool 1', {"f", "g:h:max"}),
        ('increase(i_total{pair=~"$pair"}[$__rate_interval]) or vector(0)', {"i_total"}),
    ],
)
def test_the_metrics_of_an_expression_are_found(expression: str, names: set[str]) -> None:
    assert names_in(expression) == names


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_of_a_rule_is_exported(expression: str) -> None:
    names = names_in(expression)
    assert names
    assert names <= exported()


def test_what_rules_record_is_not_what_somebody_exports() -> None:
    assert recorded()
    assert not recorded() & ours()


def test_names_begin_as_agreed_and_say_their_unit() -> None:
    every = families(*services_metrics().values()) | families(*strategy_metrics()._collector_to_names)
    mine = {name for name in every if not name.startswith(("process_", "python_"))}
    assert len(mine) > 40
    assert all(name.startswith("cryptoboy_") for name in mine)
    assert not [name for name in mine if re.search(r"_(ms|minutes|hours|mb|percent)(_total)?$", name)]
    assert all(every[name] for name in mine)


def test_what_messages_say_fills_no_label_without_end() -> None:
    kept = [few("test", f"source-{number}") for number in range(2 * MOST_VALUES)]
    assert kept[:MOST_VALUES] == [f"source-{number}" for number in range(MOST_VALUES)]
    assert set(kept[MOST_VALUES:]) == {OTHER}
    assert few("test", "source-0") == "source-0"
    assert few("another", "source-999") == "source-999"
