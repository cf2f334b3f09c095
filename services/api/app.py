"""Puts the API together: routes, access, headers, errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

import services
from services.api import docs_page
from services.api.access.guard import Guard
from services.api.access.headers import HEADERS, SecurityHeaders
from services.api.access.rules import AccessRules
from services.api.dashboard.router import router as dashboard
from services.api.description import complete_description
from services.api.mcp.server import Questions, build_mcp, http_routes
from services.api.measure import Measure
from services.api.problems import add_handlers
from services.api.routes import (
    articles,
    briefs,
    candles,
    dead_letters,
    entrance,
    export,
    health,
    holds,
    pairlist,
    performance,
    probes,
    queues,
    reports,
    sentiment,
    signals,
    sources,
    strategy,
    stream,
    trades,
    why,
)
from services.api.sources import Sources
from services.api.stream.feed import Feed
from services.common.clock import Clock, SystemClock
from services.common.history.open import open_reader
from services.common.settings.settings import Settings
from services.common.store.open import open_store

ROUTERS = (
    sentiment.router,
    signals.router,
    performance.router,
    articles.router,
    sources.router,
    trades.router,
    why.router,
    candles.router,
    holds.router,
    health.router,
    queues.router,
    dead_letters.router,
    briefs.router,
    reports.router,
    pairlist.router,
    strategy.router,
    export.router,
    stream.router,
    entrance.router,
    docs_page.router,
    dashboard,
    probes.router,
)
_DESCRIPTION = (
    """What CryptoBoy knows and does. Reading needs no key on the machine itself; see docs/api.md."""
)


def build_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Build the application. It connects to nothing before it is asked.

    Raises:
        StopProgram: a file that the settings name cannot be used.
    """
    clock = clock or SystemClock()
    rules = AccessRules(settings, clock)
    app = FastAPI(
        title="CryptoBoy",
        version=services.__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_close_at_end,
        middleware=[
            Middleware(Measure),
            Middleware(SecurityHeaders),
            *_cors(settings),
            Middleware(Guard, rules=rules),
        ],
    )
    history = open_reader(settings)
    store = open_store(settings)
    asked = Sources(settings, clock, store=store, history=history, sessions=rules.sessions)
    app.state.sources, app.state.rules = asked, rules
    app.state.feed, app.state.stream_clients = Feed(history, asked.states_of_services), set()
    routes = [route for router in ROUTERS for route in router.routes]
    add_handlers(app, asked.redact, routes, HEADERS)
    for router in ROUTERS:
        app.include_router(router)
    app.state.mcp = build_mcp(Questions(settings, clock, history, store, asked.figures))
    app.router.routes.extend(http_routes(app.state.mcp))
    complete_description(app)
    return app


def _cors(settings: Settings) -> list[Middleware]:
    """Let pages of the origins in API_ORIGINS ask; without them no page of another origin reads an answer."""
    if not settings.api_origins:
        return []
    headers = ["Authorization", "Content-Type", "If-None-Match"]
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.api_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=headers,
            expose_headers=["ETag", "Retry-After"],
        )
    ]


@asynccontextmanager
async def _close_at_end(app: FastAPI) -> AsyncIterator[None]:
    async with app.state.mcp.session_manager.run():
        yield
    await app.state.feed.close()
    app.state.sources.close()
