"""Builds self-contained HTML pages, and sets the style of their charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # publishes no types

INK, GRID = "#1f2933", "#e4e7eb"
_CONFIG = {"responsive": True, "displayModeBar": False}


def page(template: Path, **values: object) -> str:
    """Return the text of a page. The same values give the same text.

    The template also has the value `plotly`, which is the library's script.
    """
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"number": _number, "signed": _signed, "share": _share}
    environment.filters.update(filters, interval=_interval, signed_interval=_signed_interval)
    script = Markup(get_plotlyjs())  # noqa: S704 - the library's own script, as installed # nosec B704
    return environment.get_template(template.name).render(plotly=script, **values)


def embedded(figure: Any, name: str) -> Markup:  # noqa: ANN401 - plotly publishes no types
    """Return the HTML of a figure with the element id `name`, without Plotly's script.

    The page itself contains the script. Names in the figure must be escaped.
    """
    drawn = figure.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=_CONFIG)
    return Markup(drawn)  # noqa: S704 - plotly escapes what it is given for scripts # nosec B704


def styled(figure: Any, **layout: object) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Return the figure in the style that all pages share, with `layout` added."""
    figure.update_layout(
        template="plotly_white",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"family": "system-ui, sans-serif", "size": 12, "color": INK},
    )
    figure.update_layout(**layout)
    figure.update_xaxes(automargin=True, gridcolor=GRID)
    figure.update_yaxes(automargin=True, gridcolor=GRID)
    return figure


def error_bars(
    values: Sequence[float | None], intervals: Sequence[tuple[float, float] | None]
) -> dict[str, object]:
    """Return Plotly's error bars, from each value to both ends of its interval. None gives a point without a bar."""
    ends = [
        (None, None) if value is None or interval is None else (value - interval[0], interval[1] - value)
        for value, interval in zip(values, intervals, strict=True)
    ]
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": [down for down, _up in ends],
        "array": [up for _down, up in ends],
        "thickness": 1.4,
        "width": 4,
    }


def _number(value: float | None, places: int = 2) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _signed(value: float | None, places: int = 3) -> str:
    return "-" if value is None else f"{value:+.{places}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _interval(value: Sequence[float] | None, places: int = 2) -> str:
    return "-" if value is None else f"{value[0]:,.{places}f} to {value[1]:,.{places}f}"


def _signed_interval(value: Sequence[float] | None, places: int = 3) -> str:
    return "" if value is None else f"[{value[0]:+.{places}f}, {value[1]:+.{places}f}]"
