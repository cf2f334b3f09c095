"""The measure of what second tellings are taken for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from services.research.evaluate.cases.tellings import Pair, PairReader, measure, read_pairs
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

BEGIN = ("Harbour Foods raises $250 million to fill its bitcoin treasury", "")


def test_there_are_pairs_of_all_kinds_in_both_halves() -> None:
    counts = Counter((pair.half, pair.kind) for pair in read_pairs())
    assert counts.total() >= 120
    assert min(counts.values()) >= 10
    assert len(counts) == 8


def test_no_denial_corroborates_and_retellings_do_as_often_as_is_said() -> None:
    rows = {row.name: row.value for row in measure(LexiconScorer())}
    for half in ("development", "held out"):
        assert rows[f"denials and corrections that corroborate, {half}"] == 0
        assert (rows[f"retellings whose story is found, {half}"] or 0) >= 0.87
    assert (rows["retellings that corroborate, development"] or 0) >= 0.91
    assert (rows["retellings that corroborate, held out"] or 0) >= 0.71


def test_a_pair_is_read_as_the_processor_reads_it() -> None:
    read = PairReader(LexiconScorer())
    retold = Pair("dev", "retold", *BEGIN, "Harbour Foods secures $250M to fill bitcoin treasury", "")
    denied = Pair("dev", "denied", *BEGIN, "Harbour Foods denies it raises $250M for bitcoin treasury", "")
    assert read(retold) == (True, True, False)
    assert read(denied) == (True, False, True)


def test_an_unknown_kind_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "tellings.csv"
    path.write_text("half,kind,first_title,first_lead,second_title,second_lead\ndev,odd,a,b,c,d\n")
    with pytest.raises(ValueError, match="unknown kind"):
        read_pairs(path)
