from __future__ import annotations

import pytest

from services.common.text.hidden_text import hides_characters, hides_words, reorders


@pytest.mark.parametrize(
    ("text", "hides"),
    [
        ("plain", False),
        ("Bit\u200bcoin", False),
        ("i\u200bg\u200bn\u200bo\u200br\u200be", True),
        ("a\u200b " * 20, False),
        ("\u200b" * 8, True),
        ("de\u00adcen\u00adtral\u00adi\u00adsa\u00adtion", False),
        ("i\u00adg\u00adn\u00ado\u00adr\u00ade", True),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f" * 9, False),
        ("\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "ignore"), True),
        ("\u202eevil", False),
    ],
)
def test_characters_without_width_hide_something_where_they_part_letters(text: str, hides: bool) -> None:
    assert hides_characters(text) is hides


@pytest.mark.parametrize(
    ("text", "is_reordered"),
    [
        ("plain", False),
        ("\u202eevil", True),
        ("\u202e\u05d0", True),
        ("\u2067evil\u2069", True),
        ("\u202b\u05d0 BTC\u202c", False),
        ("\u2067\u0627 BTC\u2069", False),
        ("\u2068BTC\u2069 \u202a5\u202c \u202d6\u202c \u2066x\u2069", False),
        ("\u200f\u200e\u061c", False),
    ],
)
def test_letters_are_in_another_order_where_a_part_is_forced_to_run_from_the_right(
    text: str, is_reordered: bool
) -> None:
    assert reorders(text) is is_reordered


@pytest.mark.parametrize(
    ("hidden", "hides"),
    [
        ("", False),
        ("Share on Facebook", False),
        ("Bitcoin falls sharply today", False),
        ("BITCOIN falls, sharply!", False),
        ("Regulator approves spot fund", True),
    ],
)
def test_words_are_hidden_that_stand_nowhere_else(hidden: str, hides: bool) -> None:
    assert hides_words(hidden, "Bitcoin falls sharply today") is hides
