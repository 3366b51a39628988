"""Bodies: bounded bytes in, small answers out, and how both are described."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from fieldkit.errors import CodecError, RemoteProtocolError
from sync_server.problems import MEDIA_TYPE, MEDIA_TYPE_CBOR

CBOR: Final = "application/cbor"
ID_HEADER: Final = "x-envelope-id"
REQUEST_BYTES_MAX: Final = 64 << 10

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_PROBLEM: Final = {
    "schema": {
        "type": "object",
        "required": ["code", "th", "en", "todo_th", "todo_en"],
        "properties": {
            name: {"type": "string"}
            for name in ("code", "th", "en", "todo_th", "todo_en")
        },
    }
}


async def read_body(request: Request, bytes_max: int) -> bytes:
    """Return the body of a request.

    Raises:
        CodecError: more than ``bytes_max``; the rest is not read.
        RemoteProtocolError: the line broke within it; nobody hears the answer.
    """
    pieces, size = [], 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > bytes_max:
                raise CodecError("codec.limit", bytes=size, bytes_max=bytes_max)
            pieces.append(piece)
    except ClientDisconnect as error:
        raise RemoteProtocolError("request.cut") from error
    return b"".join(pieces)


def cbor(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer with no header that is not needed."""
    return Response(body, status, dict(headers or {}), media_type=CBOR)


def takes(description: str) -> dict[str, Any]:
    """Return how OpenAPI describes a binary body."""
    content = {CBOR: _BINARY}
    body = {"description": description, "required": True, "content": content}
    return {"requestBody": body}


def gives(*problems: int, **answers: str) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI describes binary answers (``_200="…"``) and problems."""
    described: dict[int | str, dict[str, Any]] = {
        int(status[1:]): {"description": text, "content": {CBOR: _BINARY}}
        for status, text in answers.items()
    }
    for status in problems:
        content = {MEDIA_TYPE: _PROBLEM, MEDIA_TYPE_CBOR: _BINARY}
        described[status] = {"description": "A problem, in words", "content": content}
    return described
