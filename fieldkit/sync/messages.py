"""The messages of a sync besides envelopes: what a device asks, what it is answered.

Wire. A request is ``[body, signature]`` by the device's key; an answer is
``[body, key id, signature]`` by a receipt key of the province:

    sync    = [1, "sync", epoch, nonce, incarnation, position, roster, [batch hash, …],
               digest of the forms known (8 bytes)]
    page    = [1, "page", epoch, nonce, incarnation, base, after, head, roster]
    digest  = [1, "digest", epoch, nonce, first id, last id, detail]

    answer  = [1, "answer", province, nonce, incarnations, head, [roster entry, …],
               receipt or null, [[hash, text], …]]
    digests = [1, "digests", province, nonce, position, digest, [[id, digest], …]]

An answer with anything but numbers in it travels sealed to the device. The nonce says
which request is answered, so an old answer passes for no new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from fieldkit.causality import EPOCH_BYTES
from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import DIGEST_BYTES
from fieldkit.crypto.keys import FINGERPRINT_BYTES, SigningKey, VerifyKey
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import BadSignatureError, CodecError
from fieldkit.records.change import RECORD_ID_BYTES
from fieldkit.sync.envelope import key_id
from fieldkit.sync.positions import Incarnations, read_incarnations
from fieldkit.sync.shape import are, is_bytes, is_version, is_whole

NONCE_BYTES: Final = 8
FORMS_BYTES: Final = 8
WAITING_MAX: Final = 64
"""How many batches one request may ask about."""
REQUEST_BYTES_MAX: Final = 8 << 10
ANSWER_BYTES_MAX: Final = 16 << 20

_VERSION: Final = 1
_REQUEST: Final = "fieldkit/request/1"
_ANSWER: Final = "fieldkit/answer/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """What is new for me? And what became of these batches?

    Attributes:
        epoch: the device.
        nonce: comes back in the answer.
        incarnation: number of the log last seen.
        position: how far pages were applied.
        roster: the roster version known.
        batches: hashes of batches whose receipts are awaited.
        forms: digest of the form files known, 8 bytes.
    """

    epoch: bytes
    nonce: bytes
    incarnation: int = 0
    position: int = 0
    roster: int = 0
    batches: tuple[bytes, ...] = ()
    forms: bytes = bytes(FORMS_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What comes after ``after``?

    Attributes:
        epoch: the device.
        nonce: makes each request another one.
        incarnation: number of the log that the positions lie in.
        base: how far pages were applied; 0 asks to name nothing and send all whole.
        after: how far pages were staged.
        head: the head that this run of pages goes up to; 0 when it begins.
        roster: the roster version known.
    """

    epoch: bytes
    nonce: bytes
    incarnation: int
    base: int
    after: int
    head: int = 0
    roster: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRequest:
    """Do we hold the same? Of the records whose ids lie in ``first`` … ``last``."""

    epoch: bytes
    nonce: bytes
    first: bytes
    last: bytes
    detail: bool = False


Request = SyncRequest | PageRequest | DigestRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request before its sender's key is known; ``check`` it with that key."""

    request: Request
    body: bytes
    signature: bytes

    def check(self, key: VerifyKey) -> None:
        """Return if ``key`` signed the request.

        Raises:
            BadSignatureError: it did not.
        """
        verify(key, _REQUEST, self.body, self.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is new for a device.

    Attributes:
        province: fingerprint of who answers.
        nonce: of the request; the first bytes of an envelope's id for an upload.
        incarnations: of the log.
        head: its last position.
        roster_entries: those beyond the version that the device knows.
        receipt: a signed receipt (see ``receipts``), or nothing.
        documents: form files and lists that it lacks, each with its hash.
    """

    province: bytes
    nonce: bytes
    incarnations: Incarnations
    head: int
    roster_entries: tuple[bytes, ...] = ()
    receipt: bytes | None = None
    documents: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def is_private(self) -> bool:
        """Return whether it must travel sealed."""
        return bool(self.roster_entries or self.receipt or self.documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """What the province holds of a device's scope in a range of records."""

    province: bytes
    nonce: bytes
    position: int
    digest: bytes
    records: tuple[tuple[bytes, bytes], ...] = ()


Reply = Answer | Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReply:
    """A reply before its signature is checked: its roster may bring the key."""

    reply: Reply
    body: bytes
    key_id: bytes
    signature: bytes

    def check(self, receipt_keys: Mapping[bytes, VerifyKey]) -> None:
        """Return if one of ``receipt_keys`` signed the reply.

        Raises:
            BadSignatureError: none did.
        """
        key = receipt_keys.get(self.key_id)
        if key is None:
            raise BadSignatureError("crypto.signature")
        verify(key, _ANSWER, self.body, self.signature)


def forms_digest(hashes: Iterable[bytes]) -> bytes:
    """Return 8 bytes that stand for a set of form files."""
    return sha256(b"".join(sorted(hashes))).digest()[:FORMS_BYTES]


# --- Requests -------------------------------------------------------------------------


def sign_request(request: Request, key: SigningKey) -> bytes:
    """Return the request's bytes, signed by the device."""
    body = encode(_request_wire(request))
    return encode([body, sign(key, _REQUEST, body)])


def _request_wire(one: Request) -> list[object]:
    head = [one.epoch, one.nonce]
    if isinstance(one, SyncRequest):
        waiting = list(one.batches)
        where = [one.incarnation, one.position, one.roster]
        return [_VERSION, "sync", *head, *where, waiting, one.forms]
    if isinstance(one, PageRequest):
        window = [one.base, one.after, one.head]
        return [_VERSION, "page", *head, one.incarnation, *window, one.roster]
    return [_VERSION, "digest", *head, one.first, one.last, one.detail]


def read_request(data: bytes) -> SignedRequest:
    """Return a request; find its device's key and ``check`` it before it is obeyed.

    Raises:
        CodecError: not a request.
    """
    match decode(data, bytes_max=REQUEST_BYTES_MAX):
        case [bytes(body), bytes(signature)]:
            request = _read_request(decode(body, bytes_max=REQUEST_BYTES_MAX))
            return SignedRequest(request=request, body=body, signature=signature)
    raise CodecError("codec.shape", what="request")


def _read_request(wire: Any) -> Request:
    epoch, nonce, said = _split(wire, EPOCH_BYTES, "request")
    match said:
        case [
            "sync", incarnation, position, roster, [*batches], forms,
        ] if (
            is_whole(incarnation, position, roster)
            and len(batches) <= WAITING_MAX
            and all(is_bytes(one, DIGEST_BYTES) for one in batches)
            and is_bytes(forms, FORMS_BYTES)
        ):  # fmt: skip
            return SyncRequest(
                epoch=epoch, nonce=nonce, incarnation=incarnation, position=position,
                roster=roster, batches=tuple(batches), forms=forms,
            )  # fmt: skip
        case ["page", incarnation, base, after, head, roster] if (
            is_whole(incarnation, base, after, head, roster) and base <= after
        ):
            return PageRequest(
                epoch=epoch, nonce=nonce, incarnation=incarnation, base=base,
                after=after, head=head, roster=roster,
            )  # fmt: skip
        case ["digest", first, last, bool(detail)] if (
            is_bytes(first, RECORD_ID_BYTES) and is_bytes(last, RECORD_ID_BYTES)
        ):  # fmt: skip
            return DigestRequest(
                epoch=epoch, nonce=nonce, first=first, last=last, detail=detail
            )
    raise CodecError("codec.shape", what="request")


# --- Replies --------------------------------------------------------------------------


def sign_reply(reply: Reply, key: SigningKey) -> bytes:
    """Return the reply's bytes, signed with a receipt key."""
    body = encode(_reply_wire(reply))
    return encode([body, key_id(key.verify_key), sign(key, _ANSWER, body)])


def _reply_wire(reply: Reply) -> list[object]:
    head = [reply.province, reply.nonce]
    if isinstance(reply, Digests):
        records = [list(record) for record in reply.records]
        return [_VERSION, "digests", *head, reply.position, reply.digest, records]
    return [
        _VERSION, "answer", *head, [list(one) for one in reply.incarnations],
        reply.head, list(reply.roster_entries), reply.receipt,
        [list(document) for document in reply.documents],
    ]  # fmt: skip


def read_reply(data: bytes) -> SignedReply:
    """Return a reply; ``check`` it with the province's keys before it is believed.

    Raises:
        CodecError: not a reply.
    """
    match decode(data, bytes_max=ANSWER_BYTES_MAX):
        case [bytes(body), bytes(name), bytes(signature)]:
            reply = _read_reply(decode(body, bytes_max=ANSWER_BYTES_MAX))
            return SignedReply(reply=reply, body=body, key_id=name, signature=signature)
    raise CodecError("codec.shape", what="answer")


def _read_reply(wire: Any) -> Reply:
    province, nonce, said = _split(wire, FINGERPRINT_BYTES, "answer")
    match said:
        case [
            "answer", incarnations, head, [*entries], (bytes() | None) as receipt,
            [*documents],
        ] if is_whole(head) and are(bytes, entries):  # fmt: skip
            return Answer(
                province=province, nonce=nonce, head=head,
                incarnations=read_incarnations(incarnations),
                roster_entries=tuple(entries), receipt=receipt,
                documents=tuple([_read_pair(one, DIGEST_BYTES) for one in documents]),
            )  # fmt: skip
        case ["digests", position, digest, [*records]] if (
            is_whole(position) and is_bytes(digest, DIGEST_BYTES)
        ):  # fmt: skip
            return Digests(
                province=province, nonce=nonce, position=position, digest=digest,
                records=tuple([_read_record(one) for one in records]),
            )  # fmt: skip
    raise CodecError("codec.shape", what="answer")


def _read_record(wire: object) -> tuple[bytes, bytes]:
    record, digest = _read_pair(wire, RECORD_ID_BYTES)
    if len(digest) != DIGEST_BYTES:
        raise CodecError("codec.shape", what="answer")
    return record, digest


def _read_pair(wire: object, width: int) -> tuple[bytes, bytes]:
    """Return a name of this width and what is said of it."""
    match wire:
        case [bytes() as name, bytes() as content] if len(name) == width:
            return name, content
    raise CodecError("codec.shape", what="answer")


def _split(wire: object, width: int, what: str) -> tuple[bytes, bytes, list[Any]]:
    """Return who speaks, the nonce, and the rest: the kind and what is said.

    Raises:
        CodecError: not so, or of a version this program does not know.
    """
    match wire:
        case [version, kind, bytes() as name, bytes() as nonce, *rest] if (
            is_version(version) and len(name) == width and len(nonce) == NONCE_BYTES
        ):
            return name, nonce, [kind, *rest]
    raise CodecError("codec.shape", what=what)
