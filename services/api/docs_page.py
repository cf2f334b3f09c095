"""`/docs`: a page made from the API's own description, without scripts and without anything from another host."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)
_STYLE = """:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem}
code{font-family:ui-monospace,monospace}summary{cursor:pointer;padding:.3rem 0}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #8886;padding:.2rem .6rem .2rem 0;text-align:left;vertical-align:top}pre{overflow:auto}"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """The page."""
    schema = request.app.openapi()
    rows = "".join(
        _operation(path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API of CryptoBoy</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>API of CryptoBoy {escape(schema['info']['version'])}</h1>"
        f'<p>{escape(schema["info"]["description"])} <a href="/openapi.json">OpenAPI</a></p>{rows}</body></html>'
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(_parameter(each) for each in operation.get("parameters", ()))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = ", ".join(operation["responses"])
    return (
        f"<details><summary><code>{method.upper()} {escape(path)}</code> {escape(operation.get('summary', ''))}"
        f"</summary><p>{escape(operation.get('description', ''))}</p>"
        + (
            f"<table><tr><th>Parameter<th>Where<th>Form<th>Meaning</tr>{parameters}</table>"
            if parameters
            else ""
        )
        + (f"<p>Body</p><pre>{escape(json.dumps(body, indent=1))}</pre>" if body else "")
        + f"<p>Answers: {escape(answers)}</p></details>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    cells = (
        parameter["name"] + ("" if parameter.get("required") else "?"),
        parameter["in"],
        json.dumps(parameter["schema"]),
        parameter.get("description", ""),
    )
    return "<tr>" + "".join(f"<td><code>{escape(str(cell))}</code>" for cell in cells) + "</tr>"
