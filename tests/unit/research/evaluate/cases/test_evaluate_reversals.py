from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from services.research.evaluate.cases.reversals import CONTROL, measure, read_reversals
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

HEADER = "half,kind,sign,headline\n"


def test_the_lexicon_reads_nine_signs_in_ten_on_both_halves() -> None:
    rows = {row.name: row for row in measure(LexiconScorer())}
    for part in ("development", "held out", "controls"):
        value = rows[f"sign is right, {part}"].value
        assert value is not None
        assert value >= 0.90


def test_the_labelled_headlines_are_many_distinct_of_both_signs_and_of_many_coins() -> None:
    headlines = read_reversals()
    assert len({one.headline for one in headlines}) == len(headlines)
    for half, least in (("dev", 150), ("held_out", 40)):
        signs = Counter(one.sign for one in headlines if one.half == half)
        assert sum(signs.values()) >= least
        assert min(signs.values()) > 0.3 * sum(signs.values())
    assert sum(one.kind == CONTROL for one in headlines) > 25


def test_figures_of_a_small_set_counted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "headlines.csv"
    path.write_text(
        HEADER + "dev,control,+,Bitcoin rises\n"
        "dev,halt,-,Bitcoin halts its slide\n"  # labelled wrongly
        "dev,none,+,Bitcoin is a currency\n"  # no sign
        "held_out,,-,Ether trims gains\n",
        encoding="utf-8",
    )
    rows = {row.name: (row.value, row.n) for row in measure(LexiconScorer(), path)}
    assert rows == {
        "sign is right, development": (pytest.approx(1 / 3), 3),
        "sign is right, held out": (1.0, 1),
        "sign is right, controls": (1.0, 1),
    }


@pytest.mark.parametrize("row", ["test,x,+,Bitcoin rises", "dev,x,0,Bitcoin rises"])
def test_a_half_or_a_sign_that_does_not_exist_is_a_mistake(tmp_path: Path, row: str) -> None:
    path = tmp_path / "headlines.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Bitcoin rises"):
        read_reversals(path)
