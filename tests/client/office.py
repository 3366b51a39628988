"""A province's office for tests of laptops: its keys, its roster, its invitations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fieldkit.client.enrolment import Means
from fieldkit.client.library import shipped_texts, text_hash
from fieldkit.client.workspace import Workspace
from fieldkit.crypto.escrow import FOR_TESTS, Strength
from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.crypto.randomness import random_bytes
from fieldkit.records.layout import CLASSES
from fieldkit.sync.invitation import Invitation, Issued, make_invitation
from fieldkit.sync.roster import Roster, fold, make_entry

NOW_MS = int(datetime(2026, 11, 22, 3, 30, tzinfo=UTC).timestamp() * 1_000)
YEAR_MS = 365 * 86_400_000
PIN, PASSPHRASE = "135790", "ข้าวเหนียว มะม่วง"
PERSON = {"first_name": "บุญมี", "last_name": "ใจดี", "village": "90110103"}


class Hands:
    """A clock that someone sets; it goes on by a millisecond at each look."""

    def __init__(self, now: int = NOW_MS) -> None:
        self.now = now

    def now_ms(self) -> int:
        self.now += 1
        return self.now


class Office:
    """Keys and roster of a province named in tests only."""

    def __init__(self) -> None:
        self.root, self.issuer = SigningKey.generate(), SigningKey.generate()
        self.receipts = SigningKey.generate()
        self.sealing = [Identity.generate(suite) for suite in Suite]
        self.recovery = Identity.generate(Suite.X25519)
        acts: list[Sequence[object]] = [
            ["province", "ศปจ. สงขลา", "90", NOW_MS + YEAR_MS],
            ["roots", 1, [self.root.verify_key.raw]],
            ["issuer", self.issuer.verify_key.raw],
            ["receipt_key", self.receipts.verify_key.raw],
            *(["sealing_key", *_public(one)] for one in self.sealing),
            ["recovery_key", *_public(self.recovery)],
        ]
        self.entries = [make_entry(Roster.empty(), acts, NOW_MS, [self.root])]
        self.issue(*(_published(*file) for file in shipped_texts().items()))

    @property
    def roster(self) -> Roster:
        return fold(Roster.empty(), self.entries)

    def issue(self, *acts: Sequence[object]) -> None:
        self.entries.append(make_entry(self.roster, acts, NOW_MS, [self.issuer]))

    def invite(  # noqa: PLR0913 - each test changes one
        self,
        name: str = "สมชาย",
        role: str = "volunteer",
        area: str = "9011",
        *,
        expires_ms: int = NOW_MS + YEAR_MS,
        strength: Strength = FOR_TESTS,
        urls: tuple[str, ...] = (),
    ) -> bytes:
        """Return an invitation file that opens with ``PIN``."""
        issued = Issued(
            invitation_id=random_bytes(16),
            secret=random_bytes(32),
            person=random_bytes(8),
            name=name,
            role=role,
            area=area,
            classes=tuple(range(len(CLASSES))),
            expires_ms=expires_ms,
        )
        self.issue(*issued.acts)
        invitation = Invitation(
            issued=issued, roster_entries=tuple(self.entries), server_urls=urls
        )
        return make_invitation(invitation, PIN, self.issuer, strength)

    def laptop(self, folder: Path, clock: Hands | None = None, **who: str) -> Workspace:
        """Return an open workspace of someone who was just enrolled."""
        means = Means(clock=clock or Hands(), strength=FOR_TESTS)
        invitation = self.invite(**who)  # type: ignore[arg-type]
        Workspace.enrol(folder, invitation, PIN, PASSPHRASE, means)
        return Workspace.open(folder, PASSPHRASE, means=means)


def reopened(folder: Path, clock: Hands | None = None) -> Workspace:
    """Return the workspace in ``folder``, opened again."""
    means = Means(clock=clock or Hands(), strength=FOR_TESTS)
    return Workspace.open(folder, PASSPHRASE, means=means)


def _public(identity: Identity) -> list[object]:
    raw = identity.recipient.raw
    return [raw[0], raw[1:]]


def _published(path: str, text: str) -> list[object]:
    kind, name, file = path.split("/")
    version = int(file.removesuffix(".yaml"))
    return [kind.removesuffix("s"), name, version, text_hash(text.encode())]
