from __future__ import annotations

from pathlib import Path

import pytest

from services.sentiment_analyzer.scorers.lexicon.data import as_term, load_lexicon, words_of

GROUP = '[[group]]\nsense = "{0}"\nvalence = {1}\nterms = {2}\n'


def lexicon_file(folder: Path, *groups: tuple[str, float, str]) -> Path:
    path = folder / "lexicon.toml"
    path.write_text(
        'version = 7\nignored = []\nasking = ["what"]\n' + "".join(GROUP.format(*group) for group in groups)
    )
    return path


def test_alternatives_make_a_term_each(tmp_path: Path) -> None:
    lexicon = load_lexicon(lexicon_file(tmp_path, ("rise", 2.0, '["hits|sets record|high", "jump"]')))

    assert set(lexicon.valences) == {"hits_record", "hits_high", "sets_record", "sets_high", "jump"}
    assert lexicon.version == 7


def test_the_longest_term_wins(tmp_path: Path) -> None:
    lexicon = load_lexicon(
        lexicon_file(tmp_path, ("a", 1.0, '["bank run"]'), ("b", -1.0, '["bank run fears"]'))
    )

    assert lexicon.tokens("Bank-run fears, then a bank run.") == [
        "bank_run_fears",
        ",",
        "then",
        "a",
        "bank_run",
        ".",
    ]


def test_all_numbers_and_percentages_read_the_same() -> None:
    written = "Up 5.4% or 12 percent, $1,000 it isn\u2019t"

    assert " ".join(words_of(written)) == "up 0 pct or 0 pct , 0 it isn't"


def test_a_term_in_two_groups_is_refused(tmp_path: Path) -> None:
    path = lexicon_file(tmp_path, ("a", 1.0, '["burn"]'), ("b", -1.0, '["burn"]'))

    with pytest.raises(ValueError, match="'burn' stands in two groups"):
        load_lexicon(path)


def test_a_term_that_no_text_can_contain_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'all-time' can never be found"):
        load_lexicon(lexicon_file(tmp_path, ("a", 1.0, '["all-time high"]')))


def test_a_valence_beyond_the_scale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="less than or equal to 4"):
        load_lexicon(lexicon_file(tmp_path, ("a", 4.5, '["burn"]')))


def test_a_term_with_a_number_is_found_and_shown_as_written(tmp_path: Path) -> None:
    lexicon = load_lexicon(lexicon_file(tmp_path, ("rise", 2.0, '["up # %"]')))

    token = lexicon.tokens("Bitcoin up 5.4%")[1]

    assert lexicon.valences[token] == 2.0
    assert as_term(token) == "up # %"
