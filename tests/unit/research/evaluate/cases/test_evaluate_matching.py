from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from services.research.evaluate.cases.matching import measure, read_headlines

HEADER = "half,trap,assets,headline,lead\n"
TRAPS = {
    "possessive",
    "cashtag",
    "sol",
    "link",
    "near",
    "one",
    "dot",
    "binance",
    "ether family",
    "market-wide",
}


def test_the_matcher_reaches_its_targets_on_both_halves() -> None:
    rows = {row.name: row for row in measure()}

    for half in ("development", "held out"):
        precision, recall = rows[f"precision, {half}"].value, rows[f"recall, {half}"].value
        assert precision is not None
        assert precision >= 0.97
        assert recall is not None
        assert recall >= 0.93


def test_the_labelled_headlines_are_many_distinct_and_cover_the_traps_in_both_halves() -> None:
    headlines = read_headlines()
    halves = Counter(one.half for one in headlines)

    assert min(halves["dev"], halves["held_out"]) >= 140
    assert len({one.headline for one in headlines}) == len(headlines)
    for half in halves:
        assert {one.trap for one in headlines if one.half == half} >= TRAPS


def test_figures_of_a_small_set_counted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "headlines.csv"
    path.write_text(
        HEADER + "dev,x,BTC ETH,Bitcoin and ether rise,\n"  # two of two
        "dev,x,BTC,Bitcoin and solana rise,\n"  # one too many
        "dev,x,BTC,A quiet day,Bitcoin hardly moved.\n"  # in the lead
        "dev,x,ADA,Nobody named this coin,\n"  # not found
        "dev,x,,Bakers win a prize,\n",  # nothing to find
        encoding="utf-8",
    )

    rows = {row.name: row for row in measure(path)}
    first = [rows[f"{name}, development"] for name in ("precision", "recall", "headlines right in full")]

    assert [row.value for row in first] == pytest.approx([4 / 5, 4 / 5, 3 / 5])
    assert [row.n for row in first] == [5, 5, 5]
    assert rows["precision, held out"].value is None


@pytest.mark.parametrize("row", ["test,x,BTC,Bitcoin rises,", "dev,x,NOCOIN,Bitcoin rises,"])
def test_a_half_or_an_asset_that_does_not_exist_is_a_mistake(tmp_path: Path, row: str) -> None:
    path = tmp_path / "headlines.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")

    with pytest.raises(ValueError, match="Bitcoin rises"):
        read_headlines(path)
