from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_ingestor.news.text import MAX_MARKUP, plain_text, shorten


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Bitcoin climbs", "Bitcoin climbs"),
        ("<p>Bitcoin <b>cli</b>mbs</p>", "Bitcoin climbs"),
        ("<p>Bitcoin</p><p>climbs</p>", "Bitcoin climbs"),
        ("Bitcoin<br/>climbs", "Bitcoin climbs"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("Miners&#8217; fees &amp; gas", "Miners’ fees & gas"),
        ("<p>Miners&#8217; fees &amp; gas</p>", "Miners’ fees & gas"),
        ("up<script>alert('no')</script> and <style>p {}</style>away", "up and away"),
        ("up <!-- secret --> and away", "up and away"),
        ("up<iframe src='x'>frame</iframe>", "up"),
        ("  a \t b\r\n c\u00a0d \u2028 e ", "a b c d e"),
        ("a\x00b\x07c\u200bd\u202ee\ufefff\x9bg", "abcdefg"),
        ("lone \ud83d surrogate", "lone surrogate"),
        ("BTC < 50k and ETH > 2k", "BTC < 50k and ETH > 2k"),
        ("<p>&#xD800; &#0; &#x110000;</p>", "� � �"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("", ""),
        ("<br>", ""),
        ("日本語 <b>ビットコイン</b>", "日本語 ビットコイン"),
    ],
)
def test_markup_becomes_one_line_of_text(markup: str, text: str) -> None:
    assert plain_text(markup, 1000) == text


@pytest.mark.parametrize(
    "markup", ["<![if !IE]>up", "<![", "<!DOCTYPE", "<?php", "<a <b <c", "</", "<p <p>up"]
)
def test_markup_that_no_parser_likes_does_no_harm(markup: str) -> None:
    assert len(plain_text(markup, 1000)) <= len(markup)


def test_deep_nesting_does_no_harm() -> None:
    assert plain_text("<b>" * 20_000 + "bottom", 100) == "bottom"


def test_what_lies_beyond_the_bound_is_not_read() -> None:
    assert plain_text("a" * MAX_MARKUP + "<b>tail</b>", 2 * MAX_MARKUP) == "a" * MAX_MARKUP


def test_long_text_is_cut_at_a_word() -> None:
    assert shorten("one two three", 13) == "one two three"
    assert shorten("one two three", 12) == "one two…"
    assert shorten("unbroken", 5) == "unbr…"


@given(st.text() | st.text(alphabet="<>&;/!-abp #x\"'= \n"), st.integers(1, 60))
def test_any_markup_becomes_bounded_text_without_control_characters(markup: str, limit: int) -> None:
    text = plain_text(markup, limit)
    assert len(text) <= limit
    assert text == " ".join(text.split())
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Cf", "Cs"}
    text.encode()
