"""Questions to the core: what is new, and the next page of it."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from fieldkit.errors import NotFoundError
from fieldkit.sync.envelope import envelope_id
from sync_server.routes.bodies import (
    ID_HEADER,
    REQUEST_BYTES_MAX,
    cbor,
    gives,
    read_body,
    takes,
)
from sync_server.routes.site import RESUMED_BYTES_MIN, Site, site_of

router = APIRouter(prefix="/v1", tags=["sync"])

AtSite = Annotated[Site, Depends(site_of)]
HexId = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256, in hex")]
_RANGE: Final = re.compile(r"bytes=([0-9]{1,12})-")
PROBLEMS: Final = (400, 403, 409, 413, 421, 422, 503)


@router.post(
    "/sync",
    summary="Ask what is new",
    openapi_extra=takes("A signed question (see docs/protocol.md)."),
    responses=gives(*PROBLEMS, _200="A signed answer."),
    response_class=Response,
)
async def sync(request: Request, site: AtSite) -> Response:
    """Return what is new for a device; with nothing new, a few bytes."""
    return await _answer(request, site)


@router.post(
    "/pages",
    summary="Fetch the next page",
    openapi_extra=takes("A signed question for the next page."),
    responses={
        **gives(*PROBLEMS, _200="A page, sealed to the device."),
        204: {"description": "There is no further page."},
    },
    response_class=Response,
)
async def page(request: Request, site: AtSite) -> Response:
    """Return the next page; its id is in the header, so that it can be resumed."""
    return await _answer(request, site)


@router.get(
    "/pages/{name}",
    summary="Resume a page",
    responses={
        **gives(404, 416, 422, _200="The page.", _206="The page from that byte on."),
    },
    response_class=Response,
)
async def resumed_page(
    name: HexId,
    site: AtSite,
    wanted: Annotated[str, Header(alias="range")] = "",
) -> Response:
    """Return a page sent a while ago, from the byte on that ``Range`` names."""
    found = site.kept_page(bytes.fromhex(name))
    if found is None:
        raise NotFoundError("page.gone")
    match = _RANGE.fullmatch(wanted)
    if match is None:
        return cbor(found)
    start = int(match[1])
    if start >= len(found):
        return Response(status_code=416, headers={"content-range": f"*/{len(found)}"})
    span = f"bytes {start}-{len(found) - 1}/{len(found)}"
    return cbor(found[start:], 206, {"content-range": span})


async def _answer(request: Request, site: Site) -> Response:
    body = await read_body(request, REQUEST_BYTES_MAX)
    found = await site.alone(lambda: site.ask(body))
    if found is None:
        return Response(status_code=204)
    if len(found) < RESUMED_BYTES_MIN:
        return cbor(found)
    return cbor(found, 200, {ID_HEADER: envelope_id(found).hex()})
