"""What a roster says of one installation, and of one invitation."""

from dataclasses import dataclass

from fieldkit.crypto.keys import Recipient, VerifyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCertificate:
    """One installation: whose it is, and its public keys.

    Attributes:
        epoch: its author id, 16 bytes.
        person: who enrolled on it.
        verify_key: checks its batches and requests.
        recipient: what is sent to it is sealed to this.
        since: the roster version that certified it.
        revoked: None, or the batch hashes up to which it is still believed.
        revoked_at: None, or the roster version that revoked it first.
    """

    epoch: bytes
    person: bytes
    verify_key: VerifyKey
    recipient: Recipient
    since: int
    revoked: tuple[bytes, ...] | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationNotice:
    """What everyone may know of an invitation that was given out."""

    invitation_id: bytes
    role: str
    area: str
    name: str
    expires_ms: int
    inviter: bytes
