from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.text.plain_text import LONGEST_SEQUENCE, without_control

EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Bitcoin climbs", "Bitcoin climbs"),
        ("", ""),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b1;31mred", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;a title of a window\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d52;c;cGFzdGU=\x9ctext", "text"),
        ("\x1bPq#0;2;0;0;0\x1b\\text", "text"),
        ("\x1b(0text", "text"),
        ("\x1bctext", "ctext"),
        ("\x1b]0;no end, and the truth", "]0;no end, and the truth"),
        ("\x1b[\x1b[31mnested", "[nested"),
        ("a\x00b\x07c\x08d\x7fe\x84f", "abcdef"),
        ("lone \ud83d and \udc00", "lone  and "),
        ("\U0001f600", "\U0001f600"),
        ("\u202eevil\u202c \u2066in\u2069 order", "evil in order"),
        (
            "one\ttwo\r\n\r\nthree\rfour\u2028five\u2029six\x85seven\x0beight",
            "one two three four five six seven eight",
        ),
    ],
)
def test_what_steers_a_terminal_or_cannot_be_encoded_goes(raw: str, clean: str) -> None:
    assert without_control(raw) == clean


def test_tabs_and_newlines_stay_where_a_text_may_have_lines() -> None:
    raw = "a\tb\nc\r\nd\re\u2028f\x85g\x1b[0m"
    assert without_control(raw, lines=True) == "a\tb\nc\nd\ne\nf\ng"


@pytest.mark.parametrize(
    "honest",
    [
        "\u05d1\u05d9\u05d8\u05e7\u05d5\u05d9\u05df \u200fBTC\u200e \u05e2\u05d5\u05dc\u05d4",
        "\u0627\u0644\u0628\u064a\u062a\u0643\u0648\u064a\u0646 \u061c\u06f5\u066a",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 pay \u2764\ufe0f",
        "crypto\u00adcurrency",
        "\ufeffBitcoin",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "price\u00a0up, \u65e5\u672c\u8a9e",
    ],
)
def test_what_honest_texts_are_written_with_stays(honest: str) -> None:
    assert without_control(honest) == honest


@pytest.mark.parametrize("lines", [False, True])
def test_of_all_characters_no_control_character_is_left(lines: bool) -> None:
    left = without_control(EVERYTHING, lines=lines)
    kept = {"\t", "\n"} if lines else set()
    assert {one for one in left if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}} == kept
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(left)
    left.encode()


@given(st.text(st.characters(codec=None) | st.sampled_from("\x1b[]\x9b0;m\x07\\\r\n\ud800\udc00")))
def test_cleaning_is_final_and_leaves_what_can_be_encoded(text: str) -> None:
    for lines in (False, True):
        clean = without_control(text, lines=lines)
        assert without_control(clean, lines=lines) == clean
        assert "\x1b" not in clean
        clean.encode()


@pytest.mark.parametrize(
    "piece", ["\x1b]", "\x1b[", "\x9b0", "\x1bP" + "x" * LONGEST_SEQUENCE, "\x1b ", "\r\t"]
)
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()
    without_control(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 5
