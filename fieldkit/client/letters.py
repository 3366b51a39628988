"""Letters: what travels on a stick, our own and what we carry for others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fieldkit.errors import (
    AccessError,
    CodecError,
    FieldKitError,
    NotARecipientError,
    ProtocolError,
)
from fieldkit.store.shelf import Letter
from fieldkit.store.store import Store
from fieldkit.sync.asking import Asker, DeviceKeys
from fieldkit.sync.bundle import divide, read_bundle
from fieldkit.sync.envelope import Kind, envelope_id, key_id, peek, seal_envelope
from fieldkit.sync.roster import Roster
from fieldkit.sync.session import Session

_TO_PROVINCE = frozenset({Kind.BATCH, Kind.ENROL, Kind.ASK})


@dataclass(slots=True)
class Brought:
    """What came out of a bundle.

    Attributes:
        ours: how many envelopes were for this laptop, and used.
        carried: how many are for others, and will be carried on.
        faults: what could not be used, and why; everything else was.
    """

    ours: int = 0
    carried: int = 0
    faults: list[FieldKitError] = field(default_factory=list)


def outgoing(
    store: Store, keys: DeviceKeys, roster: Roster, first_words: Iterable[bytes]
) -> Iterator[bytes]:
    """Yield what this laptop sends by a courier, then what it carries for others.

    The order is that in which the province can use it: who writes, what was written,
    and the question that brings back an answer and pages.
    """
    yield from first_words
    for batch in store.outgoing():
        yield batch.envelope
    yield question(store, keys, roster)
    for letter in store.letters():
        yield letter.envelope


def question(store: Store, keys: DeviceKeys, roster: Roster) -> bytes:
    """Return the sealed question of what is new, whose answer waits at the server."""
    asked = Asker(replica=store, keys=keys).sync(roster.version)
    return seal_envelope(Kind.ASK, asked.data, roster.sealing)


def take_bundle(
    data: bytes, store: Store, keys: DeviceKeys, session: Session
) -> Brought:
    """Use what is ours of a bundle and keep the rest to be carried on.

    Of a bundle that was cut short all that is whole is taken.

    Raises:
        CodecError: it is no bundle.
        AccessError: it is another province's.
    """
    brought = Brought()
    envelopes: list[bytes] = []
    try:
        envelopes.extend(read_bundle(data))
    except CodecError as error:
        if not envelopes:
            raise
        brought.faults.append(error)
    take_all(envelopes, store, keys, session, brought)
    return brought


def take_all(
    envelopes: Iterable[bytes],
    store: Store,
    keys: DeviceKeys,
    session: Session,
    brought: Brought,
) -> None:
    """Use what is ours and keep what is to be carried on.

    Raises:
        AccessError: all of it is another province's.
    """
    both = divide(envelopes, _known(session.roster, keys))
    ours = [one for one in both.known if peek(one).key_id in keys.opening]
    for one in _answers_first(ours):
        _use(one, session, brought)
    with store.transaction():
        for one in (*both.known, *both.unknown):
            if peek(one).key_id not in keys.opening:
                store.carry(letter_of(one))
                brought.carried += 1


def letter_of(envelope: bytes) -> Letter:
    """Return an envelope as a letter to be carried."""
    outside = peek(envelope)
    return Letter(
        envelope_id=envelope_id(envelope),
        recipient=outside.key_id,
        kind=outside.kind,
        envelope=envelope,
    )


def is_to_province(letter: Letter, roster: Roster) -> bool:
    """Return whether a letter is to be handed in at the server."""
    return letter.recipient in roster.sealing_ids and letter.kind in _TO_PROVINCE


def _known(roster: Roster, keys: DeviceKeys) -> frozenset[bytes]:
    devices = (key_id(device.recipient) for device in roster.devices.values())
    return frozenset((*roster.sealing_ids, *keys.opening, *devices))


def _answers_first(envelopes: Iterable[bytes]) -> list[bytes]:
    """Return answers before pages: an answer may bring the key that signed a page."""
    return sorted(envelopes, key=lambda one: peek(one).kind != Kind.ANSWER)


def _use(envelope: bytes, session: Session, brought: Brought) -> None:
    try:
        session.receive_mail(envelope)
        brought.ours += 1
    except (AccessError, CodecError, NotARecipientError, ProtocolError) as error:
        brought.faults.append(error)
