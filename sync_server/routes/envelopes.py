"""Envelopes on their way in: whole, or in parts that can be resumed at any byte."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from fieldkit.codec import encode
from fieldkit.sync.envelope import envelope_id
from sync_server.routes.bodies import cbor, gives, read_body, takes
from sync_server.routes.site import Site
from sync_server.routes.sync import PROBLEMS, AtSite, HexId

router = APIRouter(prefix="/v1/envelopes", tags=["envelopes"])

_SIZE_MAX: Final = 1 << 30
_ANSWERS: Final = {
    "_200": "The answer, in an envelope for the author; empty if there is none.",
    "_202": "Kept, to be answered later: its id.",
}
Carried = Annotated[
    bool, Query(description="A courier brings it: the answer waits for its author.")
]


class Cut(BaseModel):
    """Where a part lies in its envelope.

    Attributes:
        total: bytes of the envelope in all.
        offset: where this part begins.
        carried: a courier brings it: the answer waits for its author.
    """

    total: int = Field(ge=1, le=_SIZE_MAX)
    offset: int = Field(default=0, ge=0, le=_SIZE_MAX)
    carried: bool = False


@router.post(
    "",
    summary="Hand in an envelope",
    openapi_extra=takes("One envelope."),
    responses=gives(*PROBLEMS, 507, **_ANSWERS),
    response_class=Response,
)
async def hand_in(request: Request, site: AtSite, carried: Carried = False) -> Response:
    """Return the sealed answer; handing in the same bytes again changes nothing."""
    envelope = await read_body(request, site.body_bytes_max)
    return await _answer(site, envelope, carried=carried)


@router.put(
    "/{name}",
    summary="Hand in part of an envelope",
    openapi_extra=takes("Bytes of the envelope from ``offset`` on."),
    responses=gives(
        *PROBLEMS, 507, _206="How much has come: [received, total].", **_ANSWERS
    ),
    response_class=Response,
)
async def hand_in_part(
    name: HexId, request: Request, site: AtSite, cut: Annotated[Cut, Query()]
) -> Response:
    """Return how much has come, or the answer once all has."""
    part = await read_body(request, site.body_bytes_max)
    raw = bytes.fromhex(name)
    progress = await site.alone(
        lambda: site.relay.put_part(raw, cut.offset, cut.total, part)
    )
    if not progress.is_whole:
        return cbor(encode(list(progress)), 206)
    envelope = await site.beside(lambda: site.relay.whole(raw))
    assert envelope is not None, "it has just come wholly"
    return await _answer(site, envelope, carried=cut.carried)


@router.get(
    "/{name}",
    summary="Ask how much of an envelope has come",
    responses=gives(422, 503, _200="[received, total]; zeros for an unknown one."),
    response_class=Response,
)
async def progress(name: HexId, site: AtSite) -> Response:
    """Return how many bytes have come, so that the sender goes on from there."""
    raw = bytes.fromhex(name)
    found = await site.beside(lambda: site.relay.progress(raw))
    return cbor(encode(list(found)))


async def _answer(site: Site, envelope: bytes, *, carried: bool) -> Response:
    name = envelope_id(envelope)
    answer = await site.alone(lambda: site.take(envelope, carried=carried))
    if answer is None:
        return cbor(encode(name), 202)
    if await site.beside(lambda: site.relay.progress(name).total):
        await site.alone(lambda: site.relay.drop(name))
    return cbor(answer)
