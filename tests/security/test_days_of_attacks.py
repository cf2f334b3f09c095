"""Days of news on which somebody steers with several articles, played on the way of live news to a decision.

The attacks are those of `services/research/evaluate/cases/scenarios.toml`. None may open a trade, keep one open whose
exit is due, or keep another source's article from being read in time, but for what REMAINS; docs/threat_model.md says
so too.
"""

from __future__ import annotations

import pytest

from services.research.evaluate.cases.scenario_days import Scenario, read_scenarios
from services.research.evaluate.cases.scenarios import try_scenario
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

SCORER = LexiconScorer()
SCENARIOS = read_scenarios()
LITTLE = 0.05
AGGREGATE = frozenset({"aggregate"})
REMAINS = {
    # What is denied weighs in the mean what its denial weighs; together they say nothing.
    "an approval that is denied": AGGREGATE,
    "an approval that two sources deny": AGGREGATE,
    "a partnership that the partner denies": AGGREGATE,
    "a correction by the source itself": AGGREGATE,
    "a competitor's link, with the opposite said": AGGREGATE,
}


@pytest.mark.parametrize(
    "scenario",
    [each for each in SCENARIOS if each.kind != "flood"],
    ids=lambda each: f"{each.kind}: {each.name}",
)
def test_an_attack_opens_no_trade_and_keeps_none_open(scenario: Scenario) -> None:
    """Floods take seconds: tests/unit/research/evaluate/cases/test_evaluate_scenarios.py."""
    outcome = try_scenario(scenario, SCORER)
    assert outcome.reached == outcome.honest, "another's article was not read in time"
    assert outcome.flipped <= REMAINS.get(scenario.name, frozenset()), (outcome.without, outcome.attacked)
    if scenario.kind == "hidden text":
        assert outcome.moved < LITTLE
    assert not {"aggregate"} & set(outcome.attacked.entries) - set(outcome.without.entries)
