"""The installation: this laptop's author ids and keys, and who works on it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldkit.causality import EPOCH_BYTES
from fieldkit.client.marker import NUMBER_BYTES, Marker
from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import SEED_BYTES
from fieldkit.crypto.keys import Identity, SigningKey, Suite
from fieldkit.crypto.randomness import SYSTEM
from fieldkit.ports import Random
from fieldkit.records.change import seed_index
from fieldkit.store.store import Store
from fieldkit.sync.enrolment import make_enrolment, make_renewal
from fieldkit.sync.envelope import Kind, seal_envelope
from fieldkit.sync.invitation import Issued, issued_from_wire, issued_to_wire
from fieldkit.sync.receipts import FORKED
from fieldkit.sync.roster import Roster

_NUMBER, _ISSUED, _ENROLMENT = "marker", "issued", "enrolment/"
_SMALL: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secret keys of one epoch."""

    epoch: bytes
    signing: SigningKey
    identity: Identity


class Installation:
    """Epochs and keys in one store; every method runs inside its transaction."""

    def __init__(self, store: Store, database: Path, random: Random = SYSTEM) -> None:
        self._store = store
        self._marker = Marker(database)
        self._random = random
        self._checked: bytes | None = None

    @property
    def issued(self) -> Issued:
        """Return the offer that this laptop was enrolled with."""
        kept = self._store.setting(_ISSUED)
        assert kept is not None, "kept by `begin`"
        return issued_from_wire(decode(kept, bytes_max=_SMALL))

    def begin(self, issued: Issued, roster: Roster) -> None:
        """Keep the offer and begin the first epoch."""
        self._store.set_setting(_ISSUED, encode(issued_to_wire(issued)))
        self.renew(roster)

    def keys(self) -> list[Keys]:
        """Return the keys of every epoch of ours, the newest last."""
        return [_read_keys(one.epoch, one.keys) for one in self._store.epochs()]

    def first_words(self, roster: Roster) -> list[bytes]:
        """Return the sealed envelopes that ask for certificates, the oldest first.

        One for each epoch that ``roster`` does not certify: a later one leans on the
        epoch before.
        """
        asking = [
            e.epoch for e in self._store.epochs() if e.epoch not in roster.devices
        ]
        kept = [self._store.setting(_ENROLMENT + epoch.hex()) for epoch in asking]
        return [envelope for envelope in kept if envelope is not None]

    def author(self, roster: Roster, count: int) -> tuple[bytes, int]:
        """Return the epoch to save under, and its last counter; ``count`` are coming.

        A first look that finds a doubt begins a new epoch; so does the province, when
        it has seen another laptop write under ours.
        """
        last = self._store.epochs()[-1]
        number = self._store.setting(_NUMBER)
        if self._store.setting(FORKED) == last.epoch:
            self.renew(roster)
            return self.author(roster, count)
        if self._checked != number and not self._marker.fits(number, last.saved):
            self.renew(roster)
            return self.author(roster, count)
        assert number is not None
        self._checked = number
        self._marker.note(number, last.saved, last.saved + count)
        return last.epoch, last.saved

    def seed(self, epoch: bytes, counter: int) -> bytes:
        """Return the salt seed of a counter, drawn at its first use."""
        index = seed_index(counter)
        known = self._store.seeds(epoch).get(index)
        if known is None:
            known = self._random.bytes(SEED_BYTES)
            self._store.add_seed(epoch, index, known)
        return known

    def renew(self, roster: Roster) -> None:
        """Begin a new epoch; what was saved before keeps its own, and its key.

        The epoch before vouches for the new one, so that nobody need look at it.
        """
        epoch = self._random.bytes(EPOCH_BYTES)
        signing = SigningKey.generate(self._random)
        identity = Identity.generate(Suite.X25519, self._random)
        before = self.keys()[-1:]
        self._store.begin_epoch(epoch, encode([signing.raw, identity.raw]))
        word = make_enrolment(self.issued, epoch, signing, identity.recipient)
        for old in before:
            word = make_renewal(word, old.epoch, old.signing)
        envelope = seal_envelope(Kind.ENROL, word, roster.sealing)
        self._store.set_setting(_ENROLMENT + epoch.hex(), envelope)
        number = self._random.bytes(NUMBER_BYTES)
        self._store.set_setting(_NUMBER, number)
        self._marker.note(number, 0, 0)
        self._checked = number


def _read_keys(epoch: bytes, kept: bytes) -> Keys:
    signing, identity = decode(kept, bytes_max=_SMALL)
    return Keys(epoch=epoch, signing=SigningKey(signing), identity=Identity(identity))
