"""Mailboxes: sealed answers that wait for a courier."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from fieldkit.codec import encode
from sync_server.routes.bodies import cbor, gives
from sync_server.routes.sync import AtSite

router = APIRouter(prefix="/v1/mail", tags=["mail"])

_NUMBER_MAX: Final = 1 << 62
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Key id, in hex")]
After = Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Last number held")]


@router.get(
    "/{key_id}",
    summary="Fetch what waits for a device",
    responses=gives(422, 503, _200="[[number, envelope], …], oldest first."),
    response_class=Response,
)
async def mail(key_id: KeyId, site: AtSite, after: After = 0) -> Response:
    """Return envelopes for the holder of a key; only they can open them."""
    raw = bytes.fromhex(key_id)
    rows = await site.beside(lambda: site.relay.mail(raw, after))
    return cbor(encode([[row.number, row.envelope] for row in rows]))
