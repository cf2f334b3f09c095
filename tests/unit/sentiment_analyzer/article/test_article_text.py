from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.common.messages import NewsArticle
from services.sentiment_analyzer.article.text import MAX_BODY_CHARS, MAX_TITLE_CHARS, clean, text_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def article(title: str = "A title", summary: str = "", content: str = "") -> NewsArticle:
    return NewsArticle(
        article_id="a1",
        source="test",
        title=title,
        link="https://example.org/a1",
        summary=summary,
        content=content,
        published=NOON,
        fetched_at=NOON,
    )


def test_no_control_invisible_or_private_character_survives() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))

    survivors = "".join(
        clean(everything[start : start + 4000], 4000) for start in range(0, len(everything), 4000)
    )

    assert {unicodedata.category(character) for character in survivors}.isdisjoint({"Cc", "Cf", "Co", "Cs"})
    assert "A" in survivors
    assert "\u00e9" in survivors


def test_words_split_by_invisible_characters_are_whole_again() -> None:
    assert clean("Bit\u200bco\u2060in \u202eup\u202c", 100) == "Bitcoin up"


def test_full_width_letters_become_plain_ones() -> None:
    assert clean("\uff22\uff34\uff23 rises", 100) == "BTC rises"


@given(st.text(max_size=500), st.integers(1, 100))
def test_cleaning_bounds_a_text_and_changes_nothing_the_second_time(text: str, limit: int) -> None:
    cleaned = clean(text, limit)

    assert len(cleaned) <= limit
    assert clean(cleaned, limit) == cleaned


def test_title_and_body_are_bounded() -> None:
    text = text_of(article("t" * 2000, summary="s" * 200_000, content="c" * 200_000))

    assert len(text.title) == MAX_TITLE_CHARS
    assert len(text.body) == MAX_BODY_CHARS


def test_a_content_that_repeats_the_summary_is_the_body() -> None:
    text = text_of(
        article(summary="Prices rose\u2026", content="Prices rose on Monday, and fell on Tuesday.")
    )

    assert text.body == "Prices rose on Monday, and fell on Tuesday."


def test_otherwise_the_body_is_the_summary_and_then_the_content() -> None:
    assert text_of(article(summary="In short.", content="At length.")).body == "In short. At length."
    assert text_of(article(summary="In short.")).body == "In short."
    assert text_of(article(content="At length.")).body == "At length."
    assert text_of(article()).body == ""


def test_a_publisher_behind_the_headline_is_no_part_of_it() -> None:
    assert (
        text_of(article("Airline shares slide on fuel costs - Bitcoin News")).title
        == "Airline shares slide on fuel costs"
    )
    assert text_of(article("Ether climbs | Test")).title == "Ether climbs"  # the source's name
    assert text_of(article("Ethereum vs. Solana - Bitcoin")).title == "Ethereum vs. Solana - Bitcoin"
