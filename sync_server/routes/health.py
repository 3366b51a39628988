"""Health: whether the server answers, and counts without a word about anybody."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

import fieldkit
from sync_server.routes.sync import AtSite

router = APIRouter(tags=["health"])


@router.get("/v1/health", summary="Ask whether the server is well")
async def health(site: AtSite) -> dict[str, Any]:
    """Return the version, and whether the core is here."""
    return {
        "ok": True,
        "version": fieldkit.__version__,
        "core": site.counter is not None,
    }


def registry_of(request: Request) -> CollectorRegistry:
    """Return where this server's counts are kept."""
    registry = request.app.state.registry
    assert isinstance(registry, CollectorRegistry)
    return registry


@router.get("/metrics", summary="Counts for Prometheus", response_class=Response)
async def metrics(
    registry: Annotated[CollectorRegistry, Depends(registry_of)],
) -> Response:
    """Return counts of requests by route and status."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
