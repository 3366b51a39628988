"""The app: routes over one site, problems in words, counts for the operator."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import fieldkit
from fieldkit.errors import FieldKitError, RemoteProtocolError
from sync_server.problems import (
    MEDIA_TYPE,
    MEDIA_TYPE_CBOR,
    cbor_problem,
    problem,
    status_of,
)
from sync_server.routes import envelopes, health, mail, sync
from sync_server.routes.bodies import CBOR
from sync_server.routes.site import Site

DELIVER_EVERY_S: Final = 10.0
_INVALID: Final = 422


def make_app(site: Site) -> FastAPI:
    """Return the app over ``site``; a relay without a core, or both in one process."""
    registry = CollectorRegistry()
    app = FastAPI(
        title="FieldKit",
        version=fieldkit.__version__,
        summary="Takes sealed batches in, and gives sealed pages out.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_delivering,
    )
    app.state.site = site
    app.state.registry = registry
    for router in (sync.router, envelopes.router, mail.router, health.router):
        app.include_router(router)
    app.add_exception_handler(FieldKitError, _tell)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_middleware(Counting, registry=registry)
    return app


@contextlib.asynccontextmanager
async def _delivering(app: FastAPI) -> AsyncIterator[None]:
    """Hand to the core, now and then, what waited at the relay."""
    site: Site = app.state.site

    async def deliver() -> None:
        while True:
            if not await site.alone(site.deliver):
                await asyncio.sleep(DELIVER_EVERY_S)

    task = asyncio.create_task(deliver())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _tell(request: Request, error: Exception) -> Response:
    """Return a problem, in the form that the asker reads."""
    assert isinstance(error, FieldKitError)
    asked = request.headers.get("accept", ""), request.headers.get("content-type", "")
    if any(CBOR in header for header in asked):
        body, status = cbor_problem(error), status_of(error)
        return Response(body, status, media_type=MEDIA_TYPE_CBOR)
    return JSONResponse(problem(error), status_of(error), media_type=MEDIA_TYPE)


async def _tell_invalid(_request: Request, error: Exception) -> Response:
    """Return a problem for an address or number that does not fit."""
    assert isinstance(error, RequestValidationError)
    where = "/".join(str(step) for step in error.errors()[0]["loc"])
    told = RemoteProtocolError("request.invalid", where=where)
    return JSONResponse(problem(told), _INVALID, media_type=MEDIA_TYPE)


class Counting:
    """Counts requests by route and status; no address, no id."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._count = Counter(
            "fieldkit_requests",
            "Requests by route and status",
            ["route", "status"],
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the answer to one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self._count.labels(route, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)
