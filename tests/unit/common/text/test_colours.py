"""Which colours are one to a reader."""

from __future__ import annotations

import pytest

from services.common.text.colours import are_alike, colour_of, is_transparent


@pytest.mark.parametrize(
    "written", ["white", "#FFF".lower(), "#ffffff", "#ffffffff", "rgb(255, 255, 255)", "hsl(0 0% 100%)"]
)
def test_white_is_white_however_it_is_written(written: str) -> None:
    assert colour_of(written) == colour_of("white")


@pytest.mark.parametrize("near", ["#fefefe", "snow", "whitesmoke", "rgb(250, 250, 245)"])
def test_what_is_nearly_white_is_not_read_on_white(near: str) -> None:
    assert are_alike(colour_of(near), colour_of("white"))


@pytest.mark.parametrize("other", ["#ddd", "#eee8aa", "red", "#777777"])
def test_what_can_be_read_on_white_is_another_colour(other: str) -> None:
    assert not are_alike(colour_of(other), colour_of("white"))


@pytest.mark.parametrize("written", ["transparent", "#0000", "#ffffff01", "rgba(0, 0, 0, 0)"])
def test_what_lets_everything_through_is_transparent(written: str) -> None:
    assert is_transparent(colour_of(written))


@pytest.mark.parametrize("written", ["#000", "#ff0", "#123450", "#ffffff80", "rgb(0, 0, 0)"])
def test_what_only_ends_in_zero_is_not(written: str) -> None:
    assert not is_transparent(colour_of(written))
