"""`/enter/{token}`: a browser that comes with a one-time link gets a session."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.api.access.sessions import VALID
from services.api.problems import Problem
from services.api.routes.common import Asked
from services.common.secrets.links import PATH, use_link

router = APIRouter(include_in_schema=False)
# A page instead of a redirect: a browser that another site led here would not send the strict cookie with a redirect.
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>CryptoBoy</title>
<meta http-equiv="refresh" content="0;url=/"><p><a href="/">Continue</a></p></html>"""

_USED = (
    "this link was used before or is too old; ./cryptoboy serve prints a new one, in containers "
    "python -m services.api.link"
)
_USED_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Link used · CryptoBoy</title>
<meta name="viewport" content="width=device-width"><h1>This link was used before or is too old</h1>
<p>Each link works once, within 12 hours. For a new one: <code>./cryptoboy serve</code>, in containers
<code>python -m services.api.link</code>.</p><p><a href="/">Open the page without it</a>, to read only.</p></html>"""


@router.get(PATH + "{token}")
def enter(request: Request, asked: Asked, token: str) -> HTMLResponse:
    """Use up the link, set the cookie of a session, and lead on to the first page."""
    if not use_link(asked.settings.state_dir, token):
        if asked.sessions.find(request, asked.now()):
            return HTMLResponse(_PAGE)
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_USED_PAGE, HTTPStatus.FORBIDDEN)
        raise Problem(HTTPStatus.FORBIDDEN, _USED, "link-used")
    answer = HTMLResponse(_PAGE)
    answer.set_cookie(
        asked.sessions.cookie,
        asked.sessions.begin(asked.now()),
        max_age=int(VALID.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.headers.get("x-forwarded-proto") == "https",
    )
    return answer
