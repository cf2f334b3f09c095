from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.sources import load_sources

GOOD = '[[source]]\nname = "paper"\nurl = "https://paper.example/rss"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_project_brings_the_five_sources_of_its_specification() -> None:
    sources = load_sources(Settings().news_sources_file)
    assert {source.name: source.url for source in sources if isinstance(source, FeedConfig)} == {
        "coindesk": "https://www.coindesk.com/arc/outboundfeeds/rss/",
        "cointelegraph": "https://cointelegraph.com/rss",
        "theblock": "https://www.theblock.co/rss.xml",
        "decrypt": "https://decrypt.co/feed",
        "bitcoinmagazine": "https://bitcoinmagazine.com/feed",
    }
    assert all(source.weight == 1 for source in sources)


def test_a_source_that_is_not_enabled_is_left_out(tmp_path: Path) -> None:
    off = GOOD.replace("paper", "other") + "enabled = false\n"
    assert [source.name for source in load_sources(written(tmp_path, GOOD + off))] == ["paper"]


def test_a_source_may_say_whose_it_is_and_is_its_own_owner_otherwise(tmp_path: Path) -> None:
    text = GOOD + 'owner = "press-house"\n' + GOOD.replace("paper", "other")
    assert [source.owner for source in load_sources(written(tmp_path, text))] == ["press-house", ""]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[source]\n", "not valid TOML"),
        ("", "source: Field required"),
        ("source = 3", "source: "),
        ("sources = 3\n" + GOOD, "sources: "),
        ('[[source]]\nname = "paper"\n', "entry 1 (paper), field url: Field required"),
        (GOOD + "colour = 1\n", "entry 1 (paper), field colour: "),
        (GOOD + GOOD.replace('"paper"', '"no spaces"'), "entry 2 (no spaces), field name: "),
        (GOOD + 'kind = "telepathy"\n', "entry 1 (paper): kind must be one of: rss"),
        (GOOD + "kind = 3\n", "entry 1 (paper): kind must be one of: rss"),
        ("source = [3]\n", "entry 1: "),
        (GOOD + "weight = -1\n", "entry 1 (paper), field weight: "),
        (GOOD + "weight = nan\n", "entry 1 (paper), field weight: "),
        (GOOD + 'enabled = "perhaps"\n', "entry 1 (paper), field enabled: "),
        (GOOD.replace("https", "file"), "entry 1 (paper), field url: "),
        (GOOD + GOOD, "each name may be used only once, ignoring case; used more than once: paper"),
        (GOOD + GOOD.replace("paper", "Paper"), "more than once: Paper, paper"),
        (GOOD + 'owner = "two words"\n', "entry 1 (paper), field owner: "),
        (GOOD + "enabled = false\n", "enable one"),
    ],
)
def test_a_mistake_ends_the_start_and_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(StopProgram) as caught:
        load_sources(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_file_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match="NEWS_SOURCES_FILE"):
        load_sources(tmp_path / "none.toml")


def test_a_file_that_is_not_text_ends_the_start(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(StopProgram, match="not valid TOML"):
        load_sources(path)


def test_neither_a_mistake_nor_a_source_shows_the_address(tmp_path: Path) -> None:
    secret = GOOD.replace("https://", "https://me:hidden@")
    with pytest.raises(StopProgram) as caught:
        load_sources(written(tmp_path, secret.replace("https", "htps")))
    assert "hidden" not in str(caught.value)
    assert "hidden" not in repr(load_sources(written(tmp_path, secret)))
