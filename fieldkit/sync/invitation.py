"""The invitation: a file and a spoken PIN make a laptop ready, with no network.

File. ``["FKI1", salt, [memory_kib, passes, lanes], locked, check]``; ``locked`` is
under the key that a spoken 6-digit PIN is stretched to, and ``check`` tells a damaged
file from a wrong PIN. Inside is ``[body, key_id, signature]``, signed by an issuer of
the very roster that it brings:

    body = [1, invitation_id, secret, person, name, role, area, [class, …], expires_ms,
            [roster entry, …], [form, …], [list, …], [server url, …]]

The laptop makes its own keys and works at once; ``enrolment`` is its first word.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, cast

from fieldkit.codec import decode, encode
from fieldkit.crypto.escrow import NORMAL, Cost, Strength, stretch
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.randomness import SYSTEM
from fieldkit.crypto.secret import lock, unlock
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import (
    AccessError,
    BadSignatureError,
    CodecError,
    FieldKitError,
    NotARecipientError,
)
from fieldkit.ports import Random
from fieldkit.sync.acts import Act, check_act
from fieldkit.sync.envelope import key_id
from fieldkit.sync.roster import Roster, fold
from fieldkit.sync.shape import is_version, is_whole
from fieldkit.thai.dates import format_date

INVITATION_BYTES_MAX: Final = 16 << 20
INVITATION_ID_BYTES: Final = 16
SECRET_BYTES: Final = 32

_MAGIC: Final = b"FKI1"
_VERSION: Final = 1
_SALT_BYTES: Final = 16
_CHECK_BYTES: Final = 8
_LOCK: Final = "fieldkit/invitation/1"
_CHECK: Final = "fieldkit/invitation-check/1"
_SIGN: Final = "fieldkit/invitation/1"
_ISSUED_FIELDS: Final = 8
_DAY_ZERO: Final = datetime(1970, 1, 1, 7)  # noqa: DTZ001 - the hour of Bangkok, no zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the inviter offers and the province remembers.

    Attributes:
        invitation_id: 16 drawn bytes.
        secret: 32 drawn bytes, which only the invited laptop and the province know.
        person: 8 drawn bytes: the person's id from now on.
        name: as the roster will show it.
        role: one of the roles.
        area: prefix of the area codes.
        classes: numbers of the sensitivity classes, rising.
        expires_ms: from when on it is not taken any more.
    """

    invitation_id: bytes
    secret: bytes = field(repr=False)
    person: bytes
    name: str
    role: str
    area: str
    classes: tuple[int, ...]
    expires_ms: int

    @property
    def acts(self) -> tuple[Act, Act]:
        """Return the roster's acts that make the offer good: person and grant."""
        grant = ["grant", self.person, self.role, self.area, list(self.classes)]
        return ["person", self.person, self.name], grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An offer, with all that a laptop needs to begin work."""

    issued: Issued
    roster_entries: tuple[bytes, ...]
    forms: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()
    server_urls: tuple[str, ...] = ()


class Welcome(NamedTuple):
    """An invitation that was opened, and the roster in it, verified."""

    invitation: Invitation
    roster: Roster


def issued_to_wire(issued: Issued) -> list[object]:
    """Return the offer as it is encoded, for the file and the province's store."""
    return [
        issued.invitation_id, issued.secret, issued.person, issued.name, issued.role,
        issued.area, list(issued.classes), issued.expires_ms,
    ]  # fmt: skip


def issued_from_wire(wire: object) -> Issued:
    """Return the offer of its decoded encoding; the inverse of ``issued_to_wire``.

    Raises:
        CodecError: not an offer.
    """
    match wire:
        case [
            bytes() as invitation_id, bytes() as secret, bytes() as person, str(name),
            str(role), str(area), [*classes], int(expires_ms),
        ] if (
            len(invitation_id) == INVITATION_ID_BYTES
            and len(secret) == SECRET_BYTES
            and is_whole(expires_ms)
        ):  # fmt: skip
            numbers = cast("list[int]", classes)
            issued = Issued(
                invitation_id=invitation_id, secret=secret, person=person, name=name,
                role=role, area=area, classes=tuple(numbers), expires_ms=expires_ms,
            )  # fmt: skip
            _check_issued(issued)
            return issued
    raise CodecError("codec.shape", what="invitation")


def invitation_act(issued: Issued, inviter: bytes) -> Act:
    """Return the roster's act that lists an invitation, without its secret."""
    return [
        "invitation", issued.invitation_id, issued.role, issued.area, issued.name,
        issued.expires_ms, inviter,
    ]  # fmt: skip


def _check_issued(issued: Issued) -> None:
    for act in issued.acts:
        check_act(act)


# --- The file -------------------------------------------------------------------------


def make_invitation(
    invitation: Invitation,
    pin: str,
    issuer: SigningKey,
    strength: Strength = NORMAL,
    random: Random = SYSTEM,
) -> bytes:
    """Return the invitation as a file that opens with ``pin``.

    Raises:
        CryptoError: the PIN has not six digits.
        CodecError: the offer is none that the roster could grant.
    """
    _check_issued(invitation.issued)
    body = encode([
        _VERSION, *issued_to_wire(invitation.issued), list(invitation.roster_entries),
        list(invitation.forms), list(invitation.lists), list(invitation.server_urls),
    ])  # fmt: skip
    plain = encode([body, key_id(issuer.verify_key), sign(issuer, _SIGN, body)])
    salt, cost = random.bytes(_SALT_BYTES), strength.cost
    locked = lock(stretch(pin, salt, strength), _LOCK, plain, random)
    costs = [cost.memory_kib, cost.passes, cost.lanes]
    return encode([_MAGIC, salt, costs, locked, _check(salt, costs, locked)])


def open_invitation(
    data: bytes,
    pin: str,
    now_ms: int,
    province: bytes | None = None,
    strength: Strength = NORMAL,
) -> Welcome:
    """Return what an invitation file offers.

    Args:
        data: the file's bytes.
        pin: as told by mouth; Thai digits will do.
        now_ms: the time, as this laptop believes it.
        province: the fingerprint printed on the volunteer's card, if there is one.
        strength: bounds of what a guess of the PIN may cost.

    Raises:
        AccessError: wrong PIN, expired, damaged or altered, or of another province.
        CryptoError: the PIN has not six digits.
    """
    locked, key = _read_file(data, pin, strength)
    try:
        plain = unlock(key, _LOCK, locked)
    except NotARecipientError as error:
        raise AccessError("invitation.pin") from error
    try:
        welcome = _read_plain(plain)
    except FieldKitError as error:
        raise AccessError("invitation.damaged") from error
    if province is not None and welcome.roster.fingerprint != province:
        raise AccessError("invitation.damaged")
    _check_expiry(welcome.invitation.issued, now_ms)
    return welcome


def _read_file(data: bytes, pin: str, strength: Strength) -> tuple[bytes, bytes]:
    """Return the locked bytes and the key that ``pin`` gives.

    What the file asks of this machine is bounded before it is done.
    """
    try:
        items = decode(data, bytes_max=INVITATION_BYTES_MAX)
    except CodecError as error:
        raise AccessError("invitation.damaged") from error
    match items:
        case [
            b"FKI1", bytes() as salt, [int(memory_kib), int(passes), int(lanes)],
            bytes() as locked, bytes() as check,
        ] if check == _check(salt, items[2], locked):  # fmt: skip
            cost = Cost(memory_kib=memory_kib, passes=passes, lanes=lanes)
            if is_whole(*items[2]) and strength.admits(cost):
                return locked, stretch(pin, salt, replace(strength, cost=cost))
    raise AccessError("invitation.damaged")


def _read_plain(plain: bytes) -> Welcome:
    match decode(plain, bytes_max=INVITATION_BYTES_MAX):
        case [bytes() as body, bytes() as name, bytes() as signature]:
            invitation = _read_body(body)
        case _:
            raise CodecError("codec.shape", what="invitation")
    roster = fold(Roster.empty(), invitation.roster_entries)
    issuer = roster.issuers.get(name)
    if issuer is None:
        raise BadSignatureError("crypto.signature")
    verify(issuer, _SIGN, body, signature)
    return Welcome(invitation, roster)


def _read_body(body: bytes) -> Invitation:
    match decode(body, bytes_max=INVITATION_BYTES_MAX):
        case [version, *issued, [*entries], [*forms], [*lists], [*urls]] if (
            is_version(version)
            and len(issued) == _ISSUED_FIELDS
            and {bytes}.issuperset(map(type, (*entries, *forms, *lists)))
            and {str}.issuperset(map(type, urls))
        ):
            return Invitation(
                issued=issued_from_wire(issued),
                roster_entries=tuple(entries),
                forms=tuple(forms),
                lists=tuple(lists),
                server_urls=tuple(urls),
            )
    raise CodecError("codec.shape", what="invitation")


def _check_expiry(issued: Issued, now_ms: int) -> None:
    if now_ms < issued.expires_ms:
        return
    day = (_DAY_ZERO + timedelta(milliseconds=issued.expires_ms)).date().isoformat()
    thai = format_date(day)
    raise AccessError("invitation.expired", expired_on=day, expired_on_th=thai)


def _check(salt: bytes, costs: list[int], locked: bytes) -> bytes:
    """Return what tells a damaged file, and nothing of the PIN."""
    return digest(_CHECK, salt, encode(costs), locked)[:_CHECK_BYTES]
