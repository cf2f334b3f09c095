"""Serves the page's own script and style sheet, and the script of the installed plotly."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)

_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_OWN = ("page.css", "page.js")
PLOTLY = "plotly.min.js"
_FOR_A_YEAR = "private, max-age=31536000, immutable"
"""A file's address contains what it depends on, so another content has another address."""


@cache
def content_of(name: str) -> bytes | None:
    """The content of one of the files; None if there is no file of this name."""
    if name == PLOTLY:
        return (files("plotly") / "package_data" / PLOTLY).read_bytes()
    return (files(__package__) / "static" / name).read_bytes() if name in _OWN else None


@cache
def address_of(name: str) -> str:
    """The path of a file, with its version. Raises KeyError if there is no file of this name."""
    content = content_of(name)
    if content is None:
        raise KeyError(name)
    mark = version("plotly") if name == PLOTLY else sha256(content).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


@router.get("/static/{name}")
def static_file(name: str) -> Response:
    """Answer with one file, which the browser may keep."""
    content = content_of(name)
    if content is None:
        return Response(status_code=404)
    kind = _KINDS[name[name.rindex(".") :]]
    return Response(content, media_type=kind, headers={"Cache-Control": _FOR_A_YEAR})
