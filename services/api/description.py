"""What FastAPI does not write into the description of the API: who needs a key, and what an error looks like."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from services.api.access.rules import READING_POSTS
from services.api.problems import ProblemBody

_KEY: dict[str, list[str]] = {"key": []}


def complete_description(app: FastAPI) -> None:
    """Add it. A route that changes something needs a key; the others may, depending on who asks from where."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        schema = made()
        body = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(body.pop("$defs"))
        schemas[ProblemBody.__name__] = body
        schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                reads = method == "get" or path in READING_POSTS
                operation["security"] = [_KEY, {}] if reads else [_KEY]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents
