"""A province in memory: real core, roster and keys; no disk, and seals left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from textwrap import dedent

from fieldkit.crypto.keys import Identity, Recipient, SigningKey, Suite
from fieldkit.forms.document import read_form
from fieldkit.forms.form import Form, parse_form
from fieldkit.records.layout import CLASSES
from fieldkit.records.part import decode_part, part_key
from fieldkit.records.record import Record, open_record
from fieldkit.sync.acts import Act
from fieldkit.sync.envelope import keys_by_id
from fieldkit.sync.invitation import Issued
from fieldkit.sync.positions import Incarnations
from fieldkit.sync.receipts import each, open_receipt
from fieldkit.sync.roster import Roster, make_entry
from sync_server.core.core import Core, Taken
from sync_server.core.province import Province
from sync_server.core.seams import CoreKeys
from tests.simulation.memory_storage import MemoryStorage

PERSON = """\
form_id: person
version: 1
title: {th: บุคคล, en: Person}
kind: register
sensitivity: general
purpose: [care]
survey:
  - {type: area, name: village, label: {th: หมู่บ้าน, en: Village}}
  - {type: text, name: name, label: {th: ชื่อ, en: Name}}
  - {type: text, name: phone, label: {th: โทรศัพท์, en: Phone}}
  - {type: text, name: illness, label: {th: โรค, en: Illness}, sensitivity: health}
"""
VISIT = """\
form_id: visit
version: 1
title: {th: เยี่ยมบ้าน, en: Visit}
kind: visit
subject: person
sensitivity: general
purpose: [care]
survey:
  - {type: text, name: place, label: {th: ที่, en: Place}}
  - {type: text, name: finding, label: {th: พบ, en: Found}, sensitivity: health}
"""
ALL_CLASSES = (0, 1, 2, 3, 4)
GENERAL, HEALTH = 0, 2
FAR_AWAY_MS = 1 << 45


@cache
def read(text: str) -> Form:
    """Return the form of a file's text, parsed once."""
    return parse_form(read_form(dedent(text), lists={}))


class PlainSeals:
    """A sealer that leaves the sealing out."""

    def seal(self, plain: bytes, recipient: bytes, info: bytes) -> bytes:
        del recipient, info
        return plain

    def unseal(self, sealed: bytes, identity: bytes, info: bytes) -> bytes:
        del identity, info
        return sealed


class SimFacts:
    """What a laptop's store is told of the forms of the simulation."""

    def class_of(self, form_id: str, version: int, path: str) -> str:
        text = {"person": PERSON, "visit": VISIT}.get(form_id)
        return read(text).class_of(path) if text and version == 1 else "general"

    def searched(self, form_id: str, version: int) -> frozenset[str]:
        del form_id, version
        return frozenset()

    def area_path(self, form_id: str) -> str | None:
        return "village" if form_id == "person" else None


def class_number(form_id: str, register: str) -> int:
    """Return the number of a register's sensitivity class."""
    return CLASSES.index(SimFacts().class_of(form_id, 1, register))


@dataclass
class MemoryLedger:
    """What never goes back, kept in lists."""

    entries: list[bytes] = field(default_factory=list)
    logs: list[tuple[int, int]] = field(default_factory=lambda: [(1, 0)])
    invitations: dict[bytes, Issued] = field(default_factory=dict)
    used: dict[bytes, bytes] = field(default_factory=dict)
    texts: dict[bytes, bytes] = field(default_factory=dict)
    backups: list[frozenset[tuple[bytes, bytes]]] = field(default_factory=list)

    def roster_entries(self, after: int = 0) -> list[bytes]:
        return self.entries[after:]

    def add_roster_entry(self, entry: bytes) -> None:
        self.entries.append(entry)

    def incarnations(self) -> Incarnations:
        return tuple(self.logs)

    def issued(self, invitation_id: bytes) -> Issued | None:
        return self.invitations.get(invitation_id)

    def used_by(self, invitation_id: bytes) -> bytes | None:
        return self.used.get(invitation_id)

    def set_used(self, invitation_id: bytes, epoch: bytes) -> None:
        self.used[invitation_id] = epoch

    def durable_batches(self, epochs: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        wanted = set(epochs)
        everywhere = frozenset.intersection(*self.backups) if self.backups else ()
        return sorted(one for one in everywhere if one[0] in wanted)

    def form_texts(self) -> Mapping[bytes, bytes]:
        return self.texts

    def log_of(self, number: int) -> Incarnations:
        """Return the list of incarnations whose last one is ``number``."""
        numbers = [one for one, _ in self.logs]
        return (
            tuple(self.logs[: numbers.index(number) + 1]) if number in numbers else ()
        )


@dataclass
class Town:
    """A province with its core, and all that its people may know of it.

    Attributes:
        random: draws every key, so that one seed makes one province.
        published: the texts of the forms that the first roster publishes.
    """

    random: Random
    published: Sequence[str] = (PERSON, VISIT)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    clock: int = 1_800_000_000_000

    def __post_init__(self) -> None:
        self.root, self.issuer, self.receipt = (self.signing_key() for _ in range(3))
        self.sealing = self.identity()
        self.ledger.entries.append(self._first_entry())
        self.core = self.open_core()
        self.publish(*self.published)

    def signing_key(self) -> SigningKey:
        return SigningKey(self.random.randbytes(32))

    def identity(self) -> Identity:
        return Identity(bytes((Suite.X25519,)) + self.random.randbytes(32))

    def _first_entry(self) -> bytes:
        acts: list[Act] = [
            ["province", "สงขลา", "90", FAR_AWAY_MS],
            ["roots", 1, [self.root.verify_key.raw]],
            ["issuer", self.issuer.verify_key.raw],
            ["receipt_key", self.receipt.verify_key.raw],
            ["sealing_key", *suite_and_key(self.sealing.recipient)],
        ]
        return make_entry(Roster.empty(), acts, self.clock, [self.root])

    def open_core(self) -> Core:
        """Return a core over what is stored, as after a start of the server."""
        keys = CoreKeys(
            sealing=keys_by_id(self.sealing), receipt=self.receipt, issuer=self.issuer
        )
        province = Province(self.storage, Roster.empty(), {})
        return Core(province, keys, self.ledger, _read_all, PlainSeals())

    @property
    def roster(self) -> Roster:
        return self.core.province.roster

    def issue(self, *acts: Act) -> int:
        """Issue an everyday entry and return the new roster version."""
        self.clock += 1
        self.core.issue(acts, self.clock)
        return self.roster.version

    def publish(self, *texts: str) -> int:
        """Publish forms: from now on they are known."""
        forms = [read(text) for text in texts]
        pairs = zip(forms, texts, strict=True)
        self.ledger.texts.update({form.hash: text.encode() for form, text in pairs})
        return self.issue(
            *(["form", form.form_id, form.version, form.hash] for form in forms)
        )

    def grant(
        self,
        person: bytes,
        area: str,
        role: str = "volunteer",
        classes: Iterable[int] = ALL_CLASSES,
    ) -> int:
        return self.issue(["grant", person, role, area, list(classes)])

    def withdraw(self, person: bytes, area: str, role: str = "volunteer") -> int:
        return self.issue(["withdraw_grant", person, role, area])

    def take(self, envelope: bytes) -> Taken:
        """Hand an envelope to the core."""
        self.clock += 1
        return self.core.take(envelope, self.clock)

    def said(self, batch_hash: bytes) -> list[tuple[str, str]]:
        """Return disposition and reason of each change of a batch, as of now."""
        sealed = self.core.news(self.roster.version, [batch_hash]).receipt
        if not sealed:
            return []
        receipt = open_receipt(
            sealed, self.roster.fingerprint, self.roster.receipt_keys
        )
        return [
            (one.disposition, one.reason)
            for verdict in receipt.verdicts({batch_hash})
            for _, one in each(verdict)
        ]

    def record(self, record_id: bytes) -> Record:
        """Return a record as the core has it, with every class."""
        row = self.storage.records([record_id])[record_id]
        keys = [part_key(row.number, number) for number in ALL_CLASSES]
        parts = [decode_part(one.blob) for one in self.storage.parts(keys).values()]
        blank = Record(id=record_id, form_id=row.form_id, subject=row.subject)
        return open_record(blank, parts, self.core.province.layouts)


def suite_and_key(recipient: Recipient) -> tuple[int, bytes]:
    """Return a public key as the roster's acts spell it."""
    return recipient.raw[0], recipient.raw[1:]


def _read_all(texts: Iterable[bytes]) -> list[Form]:
    return [read(text.decode()) for text in texts]
