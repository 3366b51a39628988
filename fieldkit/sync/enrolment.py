"""The enrolment: a new laptop's first word, which the province certifies once.

    [1, invitation_id, person, epoch, sign_pub, seal_suite, seal_pub, mac, signature]

The laptop made its own keys. The MAC proves that it holds the invitation's secret, the
signature that it holds the key to sign with. The first use of an invitation is
certified; any other is kept and waits for a person, for PINs are guessed and files are
copied. Only a laptop that goes on under a new epoch need not wait: its enrolment comes
in a *renewal*, vouched for by the key of the epoch before.

    [2, enrolment, epoch before, signature]
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fieldkit.causality import EPOCH_BYTES
from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import Recipient, SigningKey, VerifyKey
from fieldkit.crypto.secret import check_mac, mac
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import CodecError, CryptoError
from fieldkit.sync.acts import Act
from fieldkit.sync.certificates import DeviceCertificate
from fieldkit.sync.invitation import INVITATION_ID_BYTES, Issued
from fieldkit.sync.shape import is_version, is_whole

ENROLMENT_BYTES_MAX: Final = 8 << 10
PERSON_BYTES: Final = 8

_VERSION: Final = 1
_PROOF: Final = "fieldkit/enrol-proof/1"
_SIGN: Final = "fieldkit/enrol/1"
_RENEWAL: Final = 2
_RENEW: Final = "fieldkit/enrol-renewal/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a laptop's first envelope says; ``read_enrolment`` verified its signature.

    Attributes:
        invitation_id: the invitation it used.
        person: who it says it is.
        epoch: the author id it drew.
        verify_key: checks what it signs.
        recipient: what is sent to it is sealed to this.
        proof: proves that it holds the invitation's secret.
    """

    invitation_id: bytes
    person: bytes
    epoch: bytes
    verify_key: VerifyKey
    recipient: Recipient
    proof: bytes


def make_enrolment(
    issued: Issued, epoch: bytes, key: SigningKey, recipient: Recipient
) -> bytes:
    """Return the message by which a laptop asks to be certified as ``epoch``."""
    claim = _claim(
        issued.invitation_id, issued.person, epoch, key.verify_key, recipient
    )
    proved = [*claim, mac(issued.secret, _PROOF, encode(claim))]
    return encode([*proved, sign(key, _SIGN, encode(proved))])


def read_enrolment(data: bytes) -> Enrolment:
    """Return what an enrolment message says, after verifying its own signature.

    Raises:
        CodecError: not an enrolment.
        CryptoError: keys that are none.
        BadSignatureError: its sender does not hold the key it names.
    """
    match decode(data, bytes_max=ENROLMENT_BYTES_MAX):
        case [
            version, bytes() as invitation_id, bytes() as person, bytes() as epoch,
            bytes() as sign_public, int(suite), bytes() as seal_public,
            bytes() as proof, bytes() as signature,
        ] if (
            is_version(version)
            and len(invitation_id) == INVITATION_ID_BYTES
            and len(person) == PERSON_BYTES
            and len(epoch) == EPOCH_BYTES
            and is_whole(suite)
            and 0 < suite < 256  # noqa: PLR2004
        ):  # fmt: skip
            enrolment = Enrolment(
                invitation_id=invitation_id, person=person, epoch=epoch,
                verify_key=VerifyKey(sign_public),
                recipient=Recipient(bytes((suite,)) + seal_public), proof=proof,
            )  # fmt: skip
        case _:
            raise CodecError("codec.shape", what="enrolment")
    proved = [*_claim_of(enrolment), proof]
    verify(enrolment.verify_key, _SIGN, encode(proved), signature)
    return enrolment


def judge_enrolment(
    enrolment: Enrolment, issued: Issued | None, used_by: bytes | None, now_ms: int
) -> str:
    """Return nothing if it may be certified, else the code of why a person must look.

    Args:
        enrolment: as it was read.
        issued: what the province remembers of that invitation, or None.
        used_by: the epoch that was certified by it already, or None.
        now_ms: the province's time.
    """
    if issued is None or issued.person != enrolment.person:
        return "invitation.unknown"
    try:
        claim = encode(_claim_of(enrolment))
        check_mac(issued.secret, _PROOF, enrolment.proof, claim)
    except CryptoError as error:
        return error.code
    if used_by == enrolment.epoch:
        return ""
    if used_by is not None:
        return "invitation.used"
    return "" if now_ms < issued.expires_ms else "invitation.expired"


def certifying_acts(issued: Issued, enrolment: Enrolment) -> list[Act]:
    """Return the roster's acts that certify an enrolment: person, grant and epoch."""
    return [*issued.acts, renewing_act(enrolment)]


def _claim(
    invitation_id: bytes,
    person: bytes,
    epoch: bytes,
    verify_key: VerifyKey,
    recipient: Recipient,
) -> list[Any]:
    suite, public = recipient.raw[0], recipient.raw[1:]
    return [
        _VERSION, invitation_id, person, epoch, verify_key.raw, suite, public,
    ]  # fmt: skip


def _claim_of(enrolment: Enrolment) -> list[Any]:
    one = enrolment
    return _claim(
        one.invitation_id, one.person, one.epoch, one.verify_key, one.recipient
    )


# --- Renewals -------------------------------------------------------------------------


class Renewal(NamedTuple):
    """An enrolment for which the laptop's epoch before vouches.

    Attributes:
        enrolment: its bytes.
        before: the epoch before.
        signature: of the enrolment, by that epoch's key.
    """

    enrolment: bytes
    before: bytes
    signature: bytes


def make_renewal(enrolment: bytes, before: bytes, key: SigningKey) -> bytes:
    """Return ``enrolment`` with the word of the epoch ``before``, whose key this is."""
    return encode([_RENEWAL, enrolment, before, sign(key, _RENEW, enrolment)])


def read_first_word(data: bytes) -> tuple[bytes, Renewal | None]:
    """Return the enrolment's bytes in a first word, and the renewal around it if any.

    Raises:
        CodecError: neither.
    """
    match decode(data, bytes_max=ENROLMENT_BYTES_MAX):
        case [
            version,
            bytes() as enrolment,
            bytes() as before,
            bytes() as signature,
        ] if is_version(version, _RENEWAL) and len(before) == EPOCH_BYTES:
            return enrolment, Renewal(enrolment, before, signature)
    return data, None


def is_vouched_for(
    renewal: Renewal, enrolment: Enrolment, certificate: DeviceCertificate | None
) -> bool:
    """Return whether the epoch before is certified, trusted, and the same person's."""
    if certificate is None or certificate.revoked is not None:
        return False
    if certificate.person != enrolment.person:
        return False
    try:
        verify(certificate.verify_key, _RENEW, renewal.enrolment, renewal.signature)
    except CryptoError:
        return False
    return True


def renewing_act(enrolment: Enrolment) -> Act:
    """Return the roster's act that certifies a renewed epoch, and nothing more."""
    _, _, person, epoch, *keys = _claim_of(enrolment)
    return ["epoch", epoch, person, *keys]
