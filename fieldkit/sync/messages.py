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

from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import SigningKey, VerifyKey
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import BadSignatureError, CodecError
from fieldkit.sync.envelope import key_id
from fieldkit.sync.positions import Incarnations, read_incarnations

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
    forms: bytes = b""


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
    match wire:
        case [
            1, "sync", bytes(epoch), bytes(nonce), int(incarnation), int(position),
            int(roster), [*batches], bytes(forms),
        ] if len(batches) <= WAITING_MAX and _are_bytes(batches):  # fmt: skip
            return SyncRequest(
                epoch=epoch, nonce=nonce, incarnation=incarnation, position=position,
                roster=roster, batches=tuple(batches), forms=forms,
            )  # fmt: skip
        case [
            1, "page", bytes(epoch), bytes(nonce), int(incarnation), int(base),
            int(after), int(head), int(roster),
        ] if 0 <= base <= after:  # fmt: skip
            return PageRequest(
                epoch=epoch, nonce=nonce, incarnation=incarnation, base=base,
                after=after, head=head, roster=roster,
            )  # fmt: skip
        case [
            1, "digest", bytes(epoch), bytes(nonce), bytes(first), bytes(last),
            bool(detail),
        ]:  # fmt: skip
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
    match wire:
        case [
            1, "answer", bytes(province), bytes(nonce), incarnations, int(head),
            [*entries], (bytes() | None) as receipt, [*documents],
        ] if _are_bytes(entries):  # fmt: skip
            return Answer(
                province=province, nonce=nonce, head=head,
                incarnations=read_incarnations(incarnations),
                roster_entries=tuple(entries), receipt=receipt,
                documents=tuple(map(_read_pair, documents)),
            )  # fmt: skip
        case [
            1, "digests", bytes(province), bytes(nonce), int(position), bytes(digest),
            [*records],
        ]:  # fmt: skip
            return Digests(
                province=province, nonce=nonce, position=position, digest=digest,
                records=tuple(map(_read_pair, records)),
            )  # fmt: skip
    raise CodecError("codec.shape", what="answer")


def _are_bytes(items: Iterable[object]) -> bool:
    return {*map(type, items)} <= {bytes}


def _read_pair(wire: object) -> tuple[bytes, bytes]:
    match wire:
        case [bytes(name), bytes(content)]:
            return name, content
    raise CodecError("codec.shape", what="answer")
