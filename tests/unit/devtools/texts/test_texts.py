"""The examples of texts are made of an archive, and show nothing of it but figures."""

from __future__ import annotations

import pytest

from devtools.texts.__main__ import texts
from tests.support.briefs.small_archive import SECRET, write_archive


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    return texts(*write_archive(tmp_path_factory.mktemp("archive")))


def test_there_are_alerts_and_two_briefs(made: str) -> None:
    blocks = made.split("```text\n")[1:]
    assert len(blocks) > 2
    assert blocks[-2].startswith("Daily brief\n\nFrom 2026-03-20 08:00 UTC to 2026-03-21 08:00 UTC.")
    assert blocks[-1].startswith("Weekly brief\n\nFrom 2026-03-14 08:00 UTC")
    assert all("Receipt: ./cryptoboy news " in block for block in blocks[:-2])


def test_nothing_of_the_archives_texts_is_shown(made: str) -> None:
    assert SECRET.lower() not in made.lower()
    assert "wire-a" in made


def test_what_is_known_after_the_scores_is_measured(made: str) -> None:
    assert " times the price had moved in the direction of the score. The average move" in made
