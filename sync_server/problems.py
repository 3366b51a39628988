"""Problems: an error of ours as an HTTP answer, in words that a person can read."""

from collections.abc import Mapping
from typing import Any, Final

from fieldkit.codec import encode
from fieldkit.errors import (
    AccessError,
    AnswerError,
    CodecError,
    CryptoError,
    FieldKitError,
    FormError,
    NotFoundError,
    ProtocolError,
    StoreError,
    TransportError,
)

MEDIA_TYPE: Final = "application/problem+json"
MEDIA_TYPE_CBOR: Final = "application/problem+cbor"

_STATUSES: Final[Mapping[type[FieldKitError], int]] = {
    AccessError: 403,
    AnswerError: 422,
    FormError: 422,
    CodecError: 400,
    CryptoError: 400,
    NotFoundError: 404,
    ProtocolError: 409,
    StoreError: 503,
    TransportError: 502,
}
_BY_CODE: Final[Mapping[str, int]] = {
    "codec.limit": 413,
    "crypto.not_a_recipient": 421,  # sealed to another province: not for this server
    "storage.full": 507,
    "relay.full": 507,
}
_UNEXPECTED: Final = 500


def status_of(error: FieldKitError) -> int:
    """Return the HTTP status that an error gets."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    kinds = (_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)
    return next(kinds, _UNEXPECTED)


def problem(error: FieldKitError) -> dict[str, Any]:
    """Return what is said of an error: its code, and both languages."""
    return {
        "code": error.code,
        "th": error.message("th"),
        "en": error.message("en"),
        "todo_th": error.hint("th"),
        "todo_en": error.hint("en"),
    }


def cbor_problem(error: FieldKitError) -> bytes:
    """Return the same, as programs of ours read it."""
    return encode(problem(error))
