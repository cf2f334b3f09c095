"""Columns are found by name or by what the user says, and never by a guess between two."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.research.history.archive.columns import find_columns, read_mapping

FILE = Path("news.csv")


def test_known_names_are_found_in_any_spelling_of_case() -> None:
    columns = find_columns(FILE, ["Date", "Headline", "Publisher", "URL", "extra"], {}, needs_source=True)
    assert columns.names == {"published": "Date", "title": "Headline", "source": "Publisher", "link": "URL"}
    assert columns.ignored == ("extra",)


def test_an_option_wins_over_a_name() -> None:
    columns = find_columns(
        FILE, ["published", "stamp", "title", "source"], {"published": "stamp"}, needs_source=True
    )
    assert columns.names["published"] == "stamp"
    assert columns.positions["published"] == 1


@pytest.mark.parametrize(
    ("header", "mapping", "said"),
    [
        (["title", "source"], {}, "no column for published"),
        (["date", "timestamp", "title", "source"], {}, "could both be published"),
        (["published", "title"], {}, "--source NAME"),
        (["published", "title", "source"], {"title": "heading"}, "no column 'heading'"),
        (["published", "title", "title", "source"], {}, "twice"),
    ],
)
def test_columns_that_do_not_fit_are_refused_with_file_and_line(
    header: list[str], mapping: dict[str, str], said: str
) -> None:
    with pytest.raises(StopProgram, match=r"news\.csv, line 1: .*") as refused:
        find_columns(FILE, header, mapping, needs_source=True)
    assert said in str(refused.value)


@pytest.mark.parametrize("option", ["published", "published=", "when=date", "=date"])
def test_a_malformed_mapping_is_refused_with_an_example(option: str) -> None:
    with pytest.raises(StopProgram, match="for example --map published=date"):
        read_mapping([option])


def test_a_field_mapped_twice_is_refused() -> None:
    with pytest.raises(StopProgram, match="twice"):
        read_mapping(["title=a", "title=b"])
