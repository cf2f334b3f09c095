"""Whether CSS declarations hide an element from readers. Only the parts of CSS that this needs are read."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.common.text.colours import are_alike, colour_of, is_transparent

MAX_DECLARATIONS = 10_000
"""The most characters of an element's declarations that are read."""
MAX_SHEET = 20_000
"""The most characters of a style sheet that are read."""
FAINT = 0.05
TINY = 2.0
"""The font size in pixels below which text is too small to be read."""
UNKNOWN = "an image"
BLURRED = 8.0
"""The smallest blur in pixels that makes letters unreadable."""
FAR = 200.0
"""The smallest distance in pixels from its place at which a text counts as hidden."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.DOTALL)
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_BRACE = re.compile(r"([{}])")
_LAST_NAME = re.compile(r"[.#][\w-]{1,100}$")
_ALWAYS = re.compile(r"@(?:media\s+(?:only\s+)?(?:all|screen)|layer|supports)\b[^()]*$")
_DECLARATION = re.compile(r"([\w-]+)\s*:\s*([^;]*)")
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%|[a-z]*)")
_FIRST = re.compile(r"^(?:calc|min|clamp)\(\s*")
"""The CSS functions that may precede a length. Their first argument is read as the length."""
_PIXELS = {
    "": 1.0, "px": 1.0, "pt": 1.33, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "q": 0.94, "%": 4.0,
    "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "vw": 10.0, "vh": 10.0, "vmin": 10.0, "vmax": 10.0,
}  # fmt: skip  # a table, of sizes on a usual screen
_SIZE_OF_FONT = {**_PIXELS, "%": 0.16}
_RELATIVE = frozenset({"em", "ex", "ch", "%"})
_SIDES = (
    "left",
    "right",
    "top",
    "bottom",
    "inset",
    "margin",
    "margin-left",
    "margin-top",
    "margin-right",
    "margin-inline",
    "margin-inline-start",
    "margin-block",
    "margin-block-start",
    "inset-inline",
    "inset-inline-start",
    "inset-block",
    "inset-block-start",
    "text-indent",
    "translate",
    "letter-spacing",
    "word-spacing",
)
_LEVEL = frozenset(
    {"left", "right", "margin-left", "margin-right", "margin-inline-start", "inset-inline-start"}
)
"""The members of `_SIDES` that can move text to a side to which nobody scrolls in a feed."""
_FAR_AWAY = 3_000.0
"""The smallest distance in pixels to a side that is outside every screen."""
_SIZES = ("width", "height", "block-size", "inline-size")
_EMPTY_CLIP = re.compile(
    r"(?:inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%|circle\(\s*0|ellipse\(\s*0|polygon\([0\s,pxem%]+\)"
    r"|rect\((?:[01](?:px)?[\s,]*){4}\))"
)
_NOWHERE = re.compile(
    r"scale(?:x|y|3d)?\(\s*(?:0?\.?0*|0?\.0\d*)\s*[,)]|matrix\(\s*0?\.?0*\s*,\s*0?\.?0*\s*,|translate\w*\([^)]*-\d{4,}|rotate[xy]\(\s*90deg"
)


@dataclass(frozen=True, slots=True)
class Look:
    """How an element shows its text. The elements within the element inherit this.

    Attributes:
        is_hidden: whether nothing within the element is visible.
        is_tiny: whether the letters are too small to be read. An element within may set another size.
        colour: the colour of the letters in the spelling of `colour_of`; empty if none is given.
        background: the colour behind the letters in the same spelling; empty if none is given.
    """

    is_hidden: bool = False
    is_tiny: bool = False
    colour: str = ""
    background: str = ""

    @property
    def is_seen(self) -> bool:
        """Whether text directly within the element is visible."""
        return not (self.is_hidden or self.is_tiny or self._has_no_contrast())

    def _has_no_contrast(self) -> bool:
        return bool(self.colour) and (
            is_transparent(self.colour) or are_alike(self.colour, self.background or colour_of("white"))
        )


def look_within(around: Look, declarations: str) -> Look:
    """Return how an element with these declarations shows its text. `around` is the look of the outer element.

    One declaration that hides the element is enough, even if a later one shows it: browsers skip unknown ones.
    """
    given = list(_resolved(list(_declarations(declarations[:MAX_DECLARATIONS]))))
    look = around
    for name, value in given:
        if _hides(name, value):
            return replace(around, is_hidden=True)
        if name in {"font-size", "font"}:
            look = replace(look, is_tiny=_is_tiny(name, value, is_within_tiny=around.is_tiny))
        elif name in {"color", "-webkit-text-fill-color"}:
            look = replace(look, colour=colour_of(value))
        elif name == "background-image":
            look = replace(look, background=UNKNOWN if value != "none" else look.background)
        elif name in {"background", "background-color"}:
            look = replace(
                look, background=colour_of(value) if "(" not in value or value.startswith("rgb") else UNKNOWN
            )
    return replace(look, is_hidden=True) if _is_cut_off(dict(given)) else look


def _declarations(text: str) -> Iterator[tuple[str, str]]:
    plain = _ESCAPE.sub(_unescaped, _COMMENT.sub("", text)).lower()
    for name, value in _DECLARATION.findall(plain):
        yield name, value.replace("!important", "").strip()


def _resolved(given: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the declarations with the variables replaced by their declared values, or else by their fallbacks."""
    variables = {name: value for name, value in given if name.startswith("--")}
    for name, value in given:
        yield name, _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or "").strip(), value)


def _unescaped(found: re.Match[str]) -> str:
    if not found[1]:
        return found[2]
    code = int(found[1], 16)
    return chr(code) if 0 < code < sys.maxunicode else ""


def _hides(name: str, value: str) -> bool:  # noqa: PLR0911 - a table
    match name:
        case "display":
            return value == "none"
        case "visibility" | "content-visibility":
            return value in {"hidden", "collapse"}
        case "scale" | "zoom":
            return _number(value, {"": 1.0, "%": 0.01}) <= FAINT
        case "rotate":
            return re.fullmatch(r"[xy]\s+90deg", value) is not None
        case "opacity":
            return _number(value, {"": 1.0, "%": 0.01}) <= FAINT
        case "filter":
            return _is_filtered_out(value)
        case "clip" | "clip-path":
            return _EMPTY_CLIP.match(value) is not None
        case "transform":
            return _NOWHERE.search(value) is not None
        case _ if name in _SIDES:
            return _is_outside(name, value)
    return False


def _is_filtered_out(value: str) -> bool:
    if value.startswith("blur("):
        return BLURRED <= _pixels(value[5:]) < float("inf")
    return value.startswith("opacity(") and _number(value[8:], {"": 1.0, "%": 0.01}) <= FAINT


def _is_outside(side: str, value: str) -> bool:
    lengths = [_pixels(part) for part in value.split()] or [0.0]
    return min(lengths) <= -FAR or (side in _LEVEL and _FAR_AWAY <= lengths[0] < float("inf"))


def _is_cut_off(given: dict[str, str]) -> bool:
    if not any(
        given.get(name, "visible").split()[:1] not in ([], ["visible"])
        for name in ("overflow", "overflow-x", "overflow-y")
    ):
        return False
    return any(
        _pixels(given[name]) <= 1 for size in _SIZES for name in (size, f"max-{size}") if name in given
    )


def _is_tiny(name: str, value: str, *, is_within_tiny: bool) -> bool:
    if name == "font":
        sizes = [part.partition("/")[0] for part in value.split() if part[:1].isdigit() or part[:1] == "."]
        value = sizes[-1] if sizes else ""
    found = _NUMBER.match(_FIRST.sub("", value))
    if not found or (is_within_tiny and found[2] in _RELATIVE):
        return is_within_tiny and value not in {"medium", "large", "small", "x-large", "xx-large", "initial"}
    return float(found[1]) * _SIZE_OF_FONT.get(found[2], 1.0) < TINY


def _pixels(value: str) -> float:
    """Return a length in pixels, approximately; infinity if the value is not a length."""
    return _number(value, _PIXELS)


def _number(value: str, units: dict[str, float]) -> float:
    found = _NUMBER.match(_FIRST.sub("", value))
    return float(found[1]) * units.get(found[2], 1.0) if found else float("inf")


def rules_of(sheet: str) -> dict[str, str]:
    """Return the declarations of a style sheet by element, class and id, as `name`, `.class` and `#id`.

    Only the last part of a selector is used. Rules only for some devices or for printing are left out.
    """
    rules: dict[str, str] = {}
    around: list[str] = []
    text = ""
    for part in _BRACE.split(_COMMENT.sub("", sheet[:MAX_SHEET]).lower()):
        if part == "{":
            around.append(text.strip())
        elif part == "}" and around:
            selectors = around.pop()
            if not selectors.startswith("@") and all(_ALWAYS.match(each) for each in around):
                for name in filter(None, map(_name, selectors.split(","))):
                    rules[name] = f"{rules.get(name, '')};{text}"
        text = part
    return rules


def _name(selector: str) -> str:
    selector = selector.strip()
    found = _LAST_NAME.search(selector[-101:])
    return found[0] if found else selector if selector.isalnum() else ""
