"""CSS colours, as far as needed to find text in the colour of its background. Does no input or output."""

from __future__ import annotations

import re

ALIKE = 16
"""The largest difference in red, green or blue (0..255) at which two colours count as equal."""

_COLOURS = {
    "snow": "#fffafa",
    "ivory": "#fffff0",
    "ghostwhite": "#f8f8ff",
    "whitesmoke": "#f5f5f5",
    "white": "fff",
    "black": "000",
    "#ffffff": "fff",
    "#000000": "000",
    "#fff": "fff",
    "#000": "000",
}


def colour_of(value: str) -> str:
    """Return the same spelling for different CSS spellings of a colour."""
    plain = "".join(value.split())
    if match := re.fullmatch(r"rgba?\((\d+),(\d+),(\d+)(?:,1(?:\.0*)?)?\)", plain):
        plain = "#" + "".join(f"{min(int(part[:3]), 255):02x}" for part in match.groups())
    if match := re.fullmatch(r"#([0-9a-f])\1([0-9a-f])\2([0-9a-f])\3(?:ff)?", plain):
        plain = "#" + "".join(match.groups())
    if re.fullmatch(r"hsla?\(.*%,?100%(?:[,/]1)?\)", plain):
        plain = "white"
    return _COLOURS.get(plain, plain)


def are_alike(one: str, other: str) -> bool:
    """Return whether a text in one of the colours cannot be read on a background of the other."""
    if one == other:
        return True
    first, second = _channels(one), _channels(other)
    return bool(first and second) and all(abs(a - b) <= ALIKE for a, b in zip(first, second, strict=True))


def is_transparent(colour: str) -> bool:
    """Return whether nothing of the colour is visible."""
    return (
        colour == "transparent"
        or re.fullmatch(r"#(?:[0-9a-f]{3}0|[0-9a-f]{6}0[0-9a-f])", colour) is not None
        or re.fullmatch(r"(?:rgba|hsla?|rgb)\(.*[,/]0?\.?0*%?\)", colour) is not None
    )


def _channels(colour: str) -> tuple[int, ...]:
    """Return red, green and blue (0..255); an empty tuple if the colour is not hexadecimal."""
    digits = colour.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3}", digits):
        digits = "".join(each * 2 for each in digits)
    if not re.fullmatch(r"[0-9a-f]{6}", digits):
        return ()
    return tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))
