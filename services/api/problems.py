"""Errors of the API as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.secrets.redaction import Redact

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
MOST_FAULTS = 20


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 gives it
    """An answer other than success.

    Attributes:
        status: the HTTP status.
        detail: one sentence for a person, with the next step; never a secret.
        name: what kind of problem it is, for programs; the last part of its type.
    """

    def __init__(
        self, status: HTTPStatus, detail: str, name: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.name = name
        self.headers = dict(headers or {})

    def response(self, redact: Redact = str) -> JSONResponse:
        """The answer for the client; `redact` hides secrets in it."""
        return problem_response(self.status, redact(self.detail), self.name, headers=self.headers)


class Fault(BaseModel):
    """One part of a request that cannot be used."""

    where: str
    reason: str


class ProblemBody(BaseModel):
    """The body of each answer that reports an error (RFC 9457)."""

    type: str = Field(description="urn:cryptoboy:problem: and the kind of problem")
    title: str
    status: int
    detail: str = Field(description="what is wrong and what to do, for people")
    errors: list[Fault] | None = Field(None, description="what is wrong with the request, part by part")


def problem_response(
    status: HTTPStatus,
    detail: str,
    name: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> JSONResponse:
    """Make an answer with a problem."""
    body: dict[str, Any] = {
        "type": f"urn:cryptoboy:problem:{name}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status.value, {**(headers or {})}, MEDIA_TYPE)


def add_handlers(
    app: FastAPI, redact: Redact, routes: Sequence[BaseRoute], headers: Mapping[str, str]
) -> None:
    """Make each error of a route a problem.

    Args:
        app: the application.
        redact: hides secrets, because libraries quote them in their errors.
        routes: the routes of the application.
        headers: those of every answer. The answer to a fault is made outside of the middleware that adds them.
    """

    @app.exception_handler(Problem)
    async def of_problem(_request: Request, error: Problem) -> JSONResponse:
        return error.response(redact)

    @app.exception_handler(HTTPException)
    async def of_router(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        unknown = status is HTTPStatus.NOT_FOUND
        detail = "there is no such path; /docs lists them" if unknown else error.detail
        name = status.phrase.lower().replace(" ", "-")
        further = dict(error.headers or {})
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            further["Allow"] = ", ".join(sorted(_methods_of(routes, request))) or further.get("Allow", "")
        return problem_response(status, detail, name, headers=further)

    @app.exception_handler(RequestValidationError)
    async def of_validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        # What was given is not repeated: it may be a secret, or very long.
        faults = [
            {"where": ".".join(str(part) for part in each["loc"]), "reason": str(each["msg"])}
            for each in error.errors()[:MOST_FAULTS]
        ]
        detail = "the request cannot be used: see errors"
        return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, detail, "invalid-request", errors=faults)

    @app.exception_handler(CryptoBoyError)
    async def of_reaction(_request: Request, error: CryptoBoyError) -> JSONResponse:
        detail = redact(str(error))
        if isinstance(error, NeverWorks):
            return problem_response(HTTPStatus.CONFLICT, detail, "never-works")
        if not isinstance(error, TryLater):
            return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, "needs-a-person")
        wait = {"Retry-After": str(round(error.after or RETRY_SECONDS))}
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, "unavailable", headers=wait)

    @app.exception_handler(Exception)
    async def of_fault(_request: Request, _error: Exception) -> JSONResponse:
        detail = "the API failed at this request; its log says why"
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail, "failed", headers=headers)


def _methods_of(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """The methods of the first path that a request matches; the router itself tells those of one route alone."""
    found = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    path = getattr(found[0], "path", None) if found else None
    return {
        method
        for route in found
        if getattr(route, "path", None) == path
        for method in getattr(route, "methods", None) or ()
    }
