"""The core: takes envelopes in, says what became of them, and tells what changed.

Everything it does is idempotent: whatever is lost on the way may be sent again. Calls
come one at a time; the caller holds one lock around them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from fieldkit.collector import resting
from fieldkit.crypto.seal import Hpke
from fieldkit.errors import AccessError, RemoteProtocolError
from fieldkit.forms.form import Form
from fieldkit.ports import Sealer
from fieldkit.sync.acts import Act
from fieldkit.sync.enrolment import (
    certifying_acts,
    is_vouched_for,
    judge_enrolment,
    read_enrolment,
    read_first_word,
    renewing_act,
)
from fieldkit.sync.envelope import Kind, open_envelope, seal_envelope
from fieldkit.sync.pages import PageContent, PageHeader, pack_page, sign_page
from fieldkit.sync.positions import Incarnations
from fieldkit.sync.receipts import (
    BatchReceipt,
    Disposition,
    Judged,
    Receipt,
    Verdict,
    runs,
    sign_receipt,
)
from fieldkit.sync.roster import DeviceCertificate, fold, make_entry
from sync_server.core.accepting import Accepted, Desk
from sync_server.core.agreeing import record_digests
from sync_server.core.paging import Contents, Pager, Window, keep_roster_position
from sync_server.core.province import Province
from sync_server.core.seams import CoreKeys, Ledger
from sync_server.core.states import state_of_row
from sync_server.storage.contract import VerdictRow

ENROLMENTS: Final = "enrolment/"
"""Beginning of the facts that keep who waits to be certified."""


class Taken(NamedTuple):
    """What became of one envelope.

    Attributes:
        kind: what was in it.
        epoch: whose it is.
        receipt: signed receipt of a batch, or nothing.
        waits: the code of why an enrolment waits for a person, or an empty text.
        plain: the content of an envelope that is for the caller to answer (an ask).
    """

    kind: int
    epoch: bytes
    receipt: bytes = b""
    waits: str = ""
    plain: bytes = b""
    forked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a device is told besides pages.

    Attributes:
        incarnations: of the log.
        head: its last position.
        roster_entries: those beyond the version it knows.
        receipt: signed receipt of the batches it asked about; empty if of none.
    """

    incarnations: Incarnations
    head: int
    roster_entries: tuple[bytes, ...]
    receipt: bytes


class PageSent(NamedTuple):
    """A sealed page, the position it reaches, and the head of its run."""

    envelope: bytes
    to: int
    head: int


class Core:
    """A province's core over one storage, one ledger and its keys."""

    def __init__(
        self,
        province: Province,
        keys: CoreKeys,
        ledger: Ledger,
        read_forms: Callable[[Iterable[bytes]], Iterable[Form]],
        sealer: Sealer | None = None,
    ) -> None:
        self.province = province
        self.page_parts_max: int | None = None
        self._keys = keys
        self._ledger = ledger
        self._read_forms = read_forms
        self._sealer = sealer or Hpke()
        self._storage = province.storage
        self._desk = Desk(province)
        self.follow_roster()

    # --- Up ---

    def take(self, envelope: bytes, now_ms: int) -> Taken:
        """Take one envelope in; when this returns, what it says is on disk.

        Raises:
            NotARecipientError: of another province, or altered.
            CodecError, BadSignatureError, RemoteProtocolError: see ``Desk.accept``.
        """
        kind, plain = open_envelope(envelope, self._keys.sealing, self._sealer)
        if kind == Kind.BATCH:
            with resting(), self._storage.transaction():
                accepted = self._desk.accept(plain, now_ms)
            return self._taken(accepted)
        if kind == Kind.ENROL:
            return self._enrol(plain, now_ms)
        if kind == Kind.ASK:
            return Taken(kind, b"", plain=plain)
        raise RemoteProtocolError("envelope.kind", kind=kind)

    def _taken(self, accepted: Accepted) -> Taken:
        header = accepted.batch.header
        receipt = self._receipt([self._batch_receipt(accepted)], [header.epoch])
        forked = accepted.forked
        return Taken(Kind.BATCH, header.epoch, receipt=receipt, forked=forked)

    def _enrol(self, word: bytes, now_ms: int) -> Taken:
        """Certify the first use of an invitation, and who renews; keep any other."""
        plain, renewal = read_first_word(word)
        enrolment = read_enrolment(plain)
        name = enrolment.invitation_id
        if enrolment.epoch in self.province.roster.devices:
            return Taken(Kind.ENROL, enrolment.epoch)
        before = self.province.roster.devices.get(renewal.before) if renewal else None
        if renewal and is_vouched_for(renewal, enrolment, before):
            self.issue([renewing_act(enrolment)], now_ms)
            return Taken(Kind.ENROL, enrolment.epoch)
        issued = self._ledger.issued(name)
        waits = judge_enrolment(enrolment, issued, self._ledger.used_by(name), now_ms)
        if waits or issued is None:
            with self._storage.transaction():
                self._storage.put(f"{ENROLMENTS}{enrolment.epoch.hex()}", plain)
            return Taken(Kind.ENROL, enrolment.epoch, waits=waits)
        self._ledger.set_used(name, enrolment.epoch)
        self.issue(certifying_acts(issued, enrolment), now_ms)
        return Taken(Kind.ENROL, enrolment.epoch)

    # --- Roster ---

    def issue(self, acts: Sequence[Act], now_ms: int) -> None:
        """Add an everyday entry to the roster and judge again what waited for it."""
        entry = make_entry(self.province.roster, acts, now_ms, [self._keys.issuer])
        fold(self.province.roster, [entry])
        self._ledger.add_roster_entry(entry)
        self.follow_roster(now_ms)

    def follow_roster(self, now_ms: int = 0) -> None:
        """Bring roster, forms and log in step with the ledger.

        Whoever is certified by now is taken in with the batches that waited for it.
        """
        roster = fold(
            self.province.roster,
            self._ledger.roster_entries(self.province.roster.version),
        )
        if roster.version > self.province.roster.version or not self.province.forms:
            texts = self._ledger.form_texts()
            published = [texts[one] for one in roster.forms.values() if one in texts]
            self.province.learn(roster, self._read_forms(published))
        with self._storage.transaction():
            known = len(self._storage.get("roster_positions") or b"") // 8
            for _ in range(known, roster.version):
                position = self._storage.head() + 1
                self._storage.set_head(position)
                keep_roster_position(self._storage, position)
            if known < roster.version:
                for device in roster.devices.values():
                    if device.since > known:
                        self._desk.take_held(device.epoch, now_ms)
                self._desk.judge_again(set(), roster_changed=True)

    # --- Down ---

    def news(self, roster_version: int, batch_hashes: Sequence[bytes]) -> News:
        """Return what a device is told that knows ``roster_version``."""
        return News(
            incarnations=self._ledger.incarnations(),
            head=self._storage.head(),
            roster_entries=tuple(self._ledger.roster_entries(roster_version)),
            receipt=self._receipt_on(batch_hashes),
        )

    def device(self, epoch: bytes) -> DeviceCertificate:
        """Return a device's certificate.

        Raises:
            AccessError: nobody has certified it (yet).
        """
        device = self.province.roster.devices.get(epoch)
        if device is None:
            raise AccessError("roster.unknown_device")
        return device

    def page(self, epoch: bytes, window: Window) -> bytes | None:
        """Return the next page of a device, sealed to it; None if there is nothing.

        Args:
            epoch: the device.
            window: its cursor, how far it has staged, and the head of this run: 0 when
                it begins, then as the first page named it.

        Raises:
            AccessError: nobody has certified it.
            RemoteProtocolError: positions that this log does not have.
        """
        sent = self.next_page(epoch, window)
        return sent.envelope if sent else None

    def next_page(self, epoch: bytes, window: Window) -> PageSent | None:
        """Return the same, and how far it reaches."""
        device = self.device(epoch)
        head = window.head or self._storage.head()
        if not window.base <= window.after <= head <= self._storage.head():
            raise RemoteProtocolError("page.window")
        if window.after == head:
            return None
        asked = Window(window.base, window.after, head)
        with resting():
            pager = Pager(self._storage, self.province.roster, self.page_parts_max)
            contents = pager.contents(device, asked)
            header = self._page_header(device, asked, contents)
            page = sign_page(
                pack_page(header, self._content(contents)), self._keys.receipt
            )
        envelope = seal_envelope(Kind.PAGE, page, device.recipient, self._sealer)
        return PageSent(envelope, contents.to, head)

    def _page_header(
        self, device: DeviceCertificate, window: Window, contents: Contents
    ) -> PageHeader:
        return PageHeader(
            province=self.province.roster.fingerprint,
            epoch=device.epoch,
            incarnations=self._ledger.incarnations(),
            base=window.base,
            after=window.after,
            to=contents.to,
            head=window.head,
            roster=self.province.roster.version,
        )

    def _content(self, contents: Contents) -> PageContent:
        states = [state_of_row(row, record) for row, record in contents.parts]
        known = {
            state.key
            for state, (row, _) in zip(states, contents.parts, strict=True)
            if row.key not in contents.whole
        }
        return PageContent(
            states=states,
            layouts=self.province.layouts,
            known=known if contents.short_from else frozenset(),
            move_outs=contents.move_outs,
            verdicts=[_verdict(row) for row in contents.verdicts],
        )

    def record_digests(
        self, epoch: bytes, first: bytes, last: bytes
    ) -> dict[bytes, bytes]:
        """Return the digest of each record that a device should hold, of those ids.

        Raises:
            AccessError: nobody has certified the device.
        """
        scope = self.province.roster.scope(self.device(epoch).person)
        return record_digests(self._storage, self.province.layouts, scope, first, last)

    # --- Receipts ---

    def _receipt_on(self, batch_hashes: Sequence[bytes]) -> bytes:
        found = []
        for batch_hash in batch_hashes:
            logged = self._storage.batch(batch_hash)
            if logged is not None:
                verdicts = current_verdicts(
                    batch_hash, logged.size, self._storage.verdicts_of(batch_hash)
                )
                found.append(
                    BatchReceipt(
                        hash=batch_hash, epoch=logged.epoch, first=logged.first,
                        count=logged.size, verdicts=verdicts, duplicate=True,
                    )
                )  # fmt: skip
        epochs = {receipt.epoch for receipt in found}
        return self._receipt(found, sorted(epochs)) if found else b""

    def _batch_receipt(self, accepted: Accepted) -> BatchReceipt:
        header, batch_hash = accepted.batch.header, accepted.batch.hash
        verdicts = current_verdicts(batch_hash, header.count, accepted.verdicts)
        return BatchReceipt(
            hash=batch_hash,
            epoch=header.epoch,
            first=header.first,
            count=header.count,
            verdicts=verdicts,
            duplicate=accepted.duplicate,
        )

    def _receipt(
        self, batches: Sequence[BatchReceipt], epochs: Sequence[bytes]
    ) -> bytes:
        receipt = Receipt(
            province=self.province.roster.fingerprint,
            incarnations=self._ledger.incarnations(),
            batches=tuple(batches),
            durable=tuple(self._ledger.durable_batches(epochs)),
        )
        return sign_receipt(receipt, self._keys.receipt)


def current_verdicts(
    batch_hash: bytes, size: int, rows: Sequence[VerdictRow]
) -> tuple[Verdict, ...]:
    """Return what was said last of each change of a batch, in few runs."""
    if len(rows) == 1 and rows[0].size == size:
        return (_verdict(rows[0]),)
    said: dict[int, Judged] = {}
    for row in rows:
        for step in range(row.size):
            position = row.position + step if row.position else 0
            judged = Judged(_verdict(row).disposition, position, row.reason)
            said[row.offset + step] = judged
    return runs(batch_hash, [said[offset] for offset in range(size)])


def _verdict(row: VerdictRow) -> Verdict:
    disposition = cast("Disposition", row.disposition)
    return Verdict(
        row.batch_hash, row.offset, row.size, disposition, row.position, row.reason
    )
