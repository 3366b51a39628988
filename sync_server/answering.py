"""Answering: what a device asks, over a line or on a stick, and what it is told.

Bytes in, bytes out: this stands between the routes, which know no domain, and the core,
which knows no message.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fieldkit.crypto.keys import Recipient, SigningKey
from fieldkit.crypto.seal import Hpke
from fieldkit.errors import AccessError, RemoteProtocolError
from fieldkit.ports import Sealer
from fieldkit.sync.digest import DIGEST_BYTES
from fieldkit.sync.enrolment import read_enrolment
from fieldkit.sync.entries import read_entry
from fieldkit.sync.envelope import Kind, envelope_id, seal_envelope
from fieldkit.sync.messages import (
    NONCE_BYTES,
    Answer,
    DigestRequest,
    Digests,
    PageRequest,
    SignedRequest,
    SyncRequest,
    forms_digest,
    read_request,
    sign_reply,
)
from fieldkit.sync.roster import DeviceCertificate
from sync_server.core.core import ENROLMENTS, Core, Taken
from sync_server.core.paging import Window
from sync_server.ledger import Ledger
from sync_server.storage.contract import Storage

CARRIED_PAGES_MAX: Final = 256
"""How many pages one question on a stick brings back."""
_MODULUS: Final = 1 << 8 * DIGEST_BYTES


class Answering:
    """Speaks for a core; see ``routes.site.Counter``."""

    def __init__(
        self,
        core: Core,
        ledger: Ledger,
        storage: Storage,
        key: SigningKey,
        *,
        sealer: Sealer | None = None,
    ) -> None:
        self._core = core
        self._ledger = ledger
        self._storage = storage
        self._key = key
        self._sealer = sealer or Hpke()

    def follow(self) -> None:
        """Take in what a command has added to the ledger meanwhile."""
        self._ledger.refresh()
        if self._ledger.roster_entries(self._core.province.roster.version):
            self._core.follow_roster()

    def take(self, envelope: bytes, now_ms: int) -> Sequence[bytes]:
        """Take an envelope in; return envelopes for its author, the answer first."""
        taken = self._core.take(envelope, now_ms)
        nonce = envelope_id(envelope)[:NONCE_BYTES]
        if taken.kind == Kind.ASK:
            return list(self._carried_answers(taken.plain))
        return [self._receipt(taken, nonce)]

    def _receipt(self, taken: Taken, nonce: bytes) -> bytes:
        recipient = self._recipient(taken.epoch)
        receipt = taken.receipt if recipient else b""
        signed = sign_reply(self._answer(nonce, receipt=receipt or None), self._key)
        if recipient is None:
            return signed
        return self._seal(signed, recipient)

    def _recipient(self, epoch: bytes) -> Recipient | None:
        """Return to whom an answer is sealed; of one not certified, as it asked."""
        device = self._core.province.roster.devices.get(epoch)
        if device is not None:
            return device.recipient
        waiting = self._storage.get(f"{ENROLMENTS}{epoch.hex()}")
        return None if waiting is None else read_enrolment(waiting).recipient

    def _seal(self, answer: bytes, recipient: Recipient) -> bytes:
        return seal_envelope(Kind.ANSWER, answer, recipient, self._sealer)

    # --- Questions ---

    def ask(self, request: bytes) -> bytes | None:
        """Return the answer to a signed question; None if there is no further page.

        Raises:
            CodecError: not a question.
            BadSignatureError: not signed by the device that it names.
            AccessError: nobody has certified that device, or it was revoked.
            RemoteProtocolError: positions of another log.
        """
        signed = read_request(request)
        device = self._core.device(signed.request.epoch)
        signed.check(device.verify_key)
        match signed.request:
            case SyncRequest() as one:
                return self._news(device, one)
            case PageRequest() as one:
                return self._page(device, one)
            case DigestRequest() as one:
                return self._digests(device, one)

    def _news(self, device: DeviceCertificate, request: SyncRequest) -> bytes:
        news = self._core.news(request.roster, request.batches)
        answer = self._answer(
            request.nonce,
            news.roster_entries,
            news.receipt or None,
            self._documents(request),
        )
        signed = sign_reply(answer, self._key)
        if not answer.is_private:
            return signed
        return self._seal(signed, device.recipient)

    def _answer(
        self,
        nonce: bytes,
        roster_entries: Sequence[bytes] = (),
        receipt: bytes | None = None,
        documents: Iterable[tuple[bytes, bytes]] = (),
    ) -> Answer:
        return Answer(
            province=self._core.province.roster.fingerprint,
            nonce=nonce,
            incarnations=self._ledger.incarnations(),
            head=self._storage.head(),
            roster_entries=tuple(roster_entries),
            receipt=receipt,
            documents=tuple(documents),
        )

    def _page(self, device: DeviceCertificate, request: PageRequest) -> bytes | None:
        _check_not_revoked(device)
        running = self._ledger.incarnations()[-1][0]
        if request.incarnation != running and request.after > 0:
            raise RemoteProtocolError("page.other_log")
        window = Window(request.base, request.after, request.head)
        return self._core.page(device.epoch, window)

    def _digests(self, device: DeviceCertificate, request: DigestRequest) -> bytes:
        _check_not_revoked(device)
        found = self._core.record_digests(device.epoch, request.first, request.last)
        whole = sum(int.from_bytes(one) for one in found.values()) % _MODULUS
        reply = Digests(
            province=self._core.province.roster.fingerprint,
            nonce=request.nonce,
            position=self._storage.head(),
            digest=whole.to_bytes(DIGEST_BYTES),
            records=tuple(found.items()) if request.detail else (),
        )
        signed = sign_reply(reply, self._key)
        if not request.detail:
            return signed
        return self._seal(signed, device.recipient)

    # --- Forms and lists ---

    def _documents(self, request: SyncRequest) -> list[tuple[bytes, bytes]]:
        """Return the files that a device lacks, told by the digest of those it has."""
        texts = self._ledger.form_texts()
        roster = self._core.province.roster
        wanted = [*roster.lists.values(), *roster.forms.values()]
        if _has(request, roster.forms.values(), wanted):
            return []
        known = set(self._published_by(request.roster))
        if not _has(request, *_forms_and_all(known, set(roster.forms.values()))):
            known = set()
        return [(one, texts[one]) for one in wanted if one not in known]

    def _published_by(self, version: int) -> Iterator[bytes]:
        """Yield the files that the roster had published by ``version``."""
        for entry in self._ledger.roster_entries()[:version]:
            for act in read_entry(entry).acts:
                if act[0] in {"form", "list"} and isinstance(act[-1], bytes):
                    yield act[-1]

    # --- On a stick ---

    def _carried_answers(self, plain: bytes) -> Iterator[bytes]:
        """Yield the answer to a question that a courier brought, and its pages."""
        signed = read_request(plain)
        if not isinstance(signed.request, SyncRequest):
            raise RemoteProtocolError("envelope.ask")
        device = self._core.device(signed.request.epoch)
        signed.check(device.verify_key)
        yield self._sealed(device, self._news(device, signed.request))
        if device.revoked is None:
            yield from self._carried_pages(device, signed)

    def _sealed(self, device: DeviceCertificate, answer: bytes) -> bytes:
        """Return an answer as a courier may hold it; one that is sealed stays so."""
        if answer.startswith(_ENVELOPE_START):
            return answer
        return self._seal(answer, device.recipient)

    def _carried_pages(
        self, device: DeviceCertificate, signed: SignedRequest
    ) -> Iterator[bytes]:
        request = signed.request
        assert isinstance(request, SyncRequest)
        base = self._shared(request)
        window = Window(base, base, 0)
        for _ in range(CARRIED_PAGES_MAX):
            page = self._core.next_page(device.epoch, window)
            if page is None:
                return
            yield page.envelope
            window = Window(base, page.to, page.head)

    def _shared(self, request: SyncRequest) -> int:
        """Return the device's position, or the last that its log and ours share."""
        theirs = self._ledger.log_of(request.incarnation)
        if not theirs:
            return 0
        ours = self._ledger.incarnations()
        common = 0
        while common < min(len(ours), len(theirs)) and ours[common] == theirs[common]:
            common += 1
        later = [began for _, began in (*ours[common:], *theirs[common:])]
        return min(request.position, *later, self._storage.head())


_ENVELOPE_START: Final = b"\x84\x01"


def _check_not_revoked(device: DeviceCertificate) -> None:
    if device.revoked is not None:
        raise AccessError("roster.revoked_device")


def _has(request: SyncRequest, *sets: Iterable[bytes]) -> bool:
    return request.forms in {forms_digest(one) for one in sets}


def _forms_and_all(
    known: set[bytes], forms: set[bytes]
) -> tuple[set[bytes], set[bytes]]:
    return known & forms, known
