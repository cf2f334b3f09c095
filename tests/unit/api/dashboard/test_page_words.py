"""How the pages write values."""

from __future__ import annotations

import pytest

from services.api.dashboard.words import change_tone, path_part, web_link


def test_a_change_that_is_written_as_zero_has_no_colour() -> None:
    assert [change_tone(each) for each in (0.004, 0.005, -0.2, None)] == ["", "good-text", "bad-text", ""]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//host/path", "", "ftp://x"])
def test_what_is_no_address_of_the_web_is_no_link(address: str) -> None:
    assert web_link(address) == ""


def test_an_address_of_the_web_is_a_link() -> None:
    assert web_link("https://coinwire.example/a?b=c") == "https://coinwire.example/a?b=c"


def test_a_text_in_a_path_stays_one_part_of_it() -> None:
    assert path_part("abc:BTC/USDT:0") == "abc%3ABTC%2FUSDT%3A0"
