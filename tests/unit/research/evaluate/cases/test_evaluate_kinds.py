from __future__ import annotations

from collections import Counter
from pathlib import Path

import cryptoboy_sentiment as news
import pytest

from services.common.values import COSTLY
from services.research.evaluate.cases.kinds import measure, read_kinds
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

HEADER = "half,kinds,headline\n"


def test_the_lexicon_finds_four_in_five_of_each_kind_and_nine_in_ten_that_it_finds_are_right() -> None:
    rows = {row.name: row.value for row in measure(LexiconScorer())}
    for kind in COSTLY:
        recall, precision = rows[f"{kind}: recall, development"], rows[f"{kind}: precision, development"]
        assert recall is not None
        assert precision is not None
        assert recall >= 0.8
        assert precision >= 0.9


def test_the_labelled_headlines_are_many_and_distinct_and_of_each_kind_in_both_halves() -> None:
    headlines = read_kinds()
    assert len({one.headline for one in headlines}) == len(headlines) > 400
    for half in ("dev", "held_out"):
        kinds = Counter(kind for one in headlines if one.half == half for kind in one.kinds)
        assert set(kinds) == set(COSTLY)
        assert min(kinds.values()) >= 20
        assert sum(not one.kinds for one in headlines if one.half == half) >= 70


def test_the_kinds_that_are_measured_are_those_that_strategies_call_costly() -> None:
    assert news.COSTLY == COSTLY


def test_figures_of_a_small_set_counted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "kinds.csv"
    path.write_text(
        HEADER + "dev,hack,Hackers steal $40M from exchange\n"
        "dev,hack+delisting,Binance to delist Terra\n"  # either is right
        "dev,hack,Bitcoin rises\n"  # missed
        "dev,none,Exchange halts withdrawals\n"  # labelled wrongly
        "dev,none,Bitcoin falls\n"
        "held_out,depeg,USDC depegs\n",
        encoding="utf-8",
    )
    rows = {row.name: (row.value, row.n) for row in measure(LexiconScorer(), [path])}
    assert rows["hack: precision, development"] == (1.0, 1)
    assert rows["hack: recall, development"] == (0.5, 2)
    assert rows["delisting: recall, development"] == (1.0, 1)
    assert rows["withdrawal_halt: precision, development"] == (0.0, 1)
    assert rows["withdrawal_halt: recall, development"] == (None, 0)
    assert rows["none: said to be one of them, development"] == (0.5, 2)
    assert rows["depeg: recall, held out"] == (1.0, 1)


@pytest.mark.parametrize("row", ["test,hack,Bitcoin rises", "dev,heist,Bitcoin rises"])
def test_a_half_or_a_kind_that_does_not_exist_is_a_mistake(tmp_path: Path, row: str) -> None:
    path = tmp_path / "kinds.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Bitcoin rises"):
        read_kinds([path])
