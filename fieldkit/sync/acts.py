"""The acts of a roster: what an entry may say, and the shape of each.

An act is a list that begins with its kind. Acts are written strictly and read
leniently: what this program does not know, it keeps and ignores, so that a newer
province never stops an older laptop.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from fieldkit.crypto.keys import Recipient
from fieldkit.errors import CodecError, CryptoError
from fieldkit.records.layout import CLASSES
from fieldkit.sync.shape import is_whole

Act = Sequence[object]
Check = Callable[[object], bool]

ROOT_ACTS: Final = frozenset(
    {"roots", "issuer", "receipt_key", "sealing_key", "recovery_key"}
)
"""What only the threshold of the root keys may say."""

TEXT_LENGTH_MAX: Final = 400
ROOTS_MAX: Final = 16

_AREA = re.compile(r"[0-9]{2}(?:[0-9]{2}){0,3}", re.ASCII)


def _text(value: object) -> bool:
    return type(value) is str and len(value) <= TEXT_LENGTH_MAX


def _word(value: object) -> bool:
    return _text(value) and value != ""


def _area(value: object) -> bool:
    return type(value) is str and _AREA.fullmatch(value) is not None


def _number(value: object) -> bool:
    return is_whole(value)


def _bytes(length: int) -> Check:
    return lambda value: type(value) is bytes and len(value) == length


def _key(value: object) -> bool:
    return type(value) is bytes


def _each(check: Check) -> Check:
    return lambda value: type(value) is list and all(map(check, value))


def _class(value: object) -> bool:
    return type(value) is int and 0 <= value < len(CLASSES)


def _classes(value: object) -> bool:
    return (
        type(value) is list
        and all(map(_class, value))
        and value == sorted(set(value))
        and value != []
    )


_PERSON, _EPOCH, _PUBLIC, _HASH = _bytes(8), _bytes(16), _bytes(32), _bytes(32)
_INVITATION = _bytes(16)

SHAPES: Final[dict[str, tuple[Check, ...]]] = {
    "province": (_word, _area, _number),
    "roots": (_number, _each(_PUBLIC)),
    "issuer": (_PUBLIC,),
    "receipt_key": (_PUBLIC,),
    "sealing_key": (_number, _key),
    "recovery_key": (_number, _key),
    "person": (_PERSON, _word),
    "grant": (_PERSON, _word, _area, _classes),
    "withdraw_grant": (_PERSON, _word, _area),
    "epoch": (_EPOCH, _PERSON, _PUBLIC, _number, _key),
    "revoke_epoch": (_EPOCH, _each(_HASH)),
    "form": (_word, _number, _HASH),
    "area": (_area, _word, _text),
    "invitation": (_INVITATION, _word, _area, _word, _number, _PERSON),
    "list": (_word, _number, _HASH),
}
"""The fields of each kind of act, after the kind."""


def is_known(act: Act) -> bool:
    """Return whether this program knows the act's kind and shape."""
    if not act or type(act[0]) is not str:
        return False
    kind, *fields = act
    checks = SHAPES.get(str(kind))
    if checks is None or len(checks) != len(fields):
        return False
    fits = all(check(value) for check, value in zip(checks, fields, strict=True))
    return fits and _RULES.get(str(kind), _always)(fields)


def check_act(act: Act) -> None:
    """Return if this program may write ``act``.

    Raises:
        CodecError: an unknown kind, or a field that does not fit.
    """
    if not is_known(act):
        raise CodecError("codec.shape", what=f"act {act[:1]}")


def _always(_fields: list[object]) -> bool:
    return True


def _roots_fit(fields: list[object]) -> bool:
    """Return whether the keys are different and the threshold can be met."""
    threshold, keys = fields
    assert isinstance(threshold, int)
    assert isinstance(keys, list)
    return 0 < threshold <= len(set(keys)) == len(keys) <= ROOTS_MAX


def _recipient_fits(fields: list[object]) -> bool:
    """Return whether the last two fields, suite and key, can be sealed to."""
    suite, public = fields[-2:]
    assert isinstance(suite, int)
    assert isinstance(public, bytes)
    try:
        Recipient(bytes((suite & 0xFF,)) + public)
    except CryptoError:
        return False
    return suite <= 0xFF  # noqa: PLR2004


_RULES: Final[dict[str, Callable[[list[object]], bool]]] = {
    "roots": _roots_fit,
    "sealing_key": _recipient_fits,
    "recovery_key": _recipient_fits,
    "epoch": _recipient_fits,
}
